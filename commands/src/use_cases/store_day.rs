//! Which day it is in a store.

use crate::CommandError;
use crate::session::Session;
use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::store::Store;

/// The day in the store's time zone, by this node's clock. Documents keep it, so that no later change of the zone, or of the table of
/// zones, moves one into another year. Of a store that is gone it is UTC's.
pub(super) async fn today(session: &Session) -> Result<NaiveDate, CommandError> {
    let look = |store: &Store| store.live().and_then(|live| live.timezone.parse().ok());
    let timezone: Tz = session.look(&session.store_id(), look).await?.flatten().unwrap_or(Tz::UTC);
    Ok(session.node.parts.clock.now().to_utc().with_timezone(&timezone).date_naive())
}
