//! The time zone of a store, as it was when an event happened: by it days are told apart.

use crate::view::StoreState;
use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::Event;
use domain::store::StoreEvent;
use journal::Envelope;
use serde::{Deserialize, Serialize};

/// What a view keeps of each store whose rows are of days. Its source has to have the stores' streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreTimezone(String);

impl Default for StoreTimezone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl StoreState for StoreTimezone {
    fn concerns(envelope: &Envelope) -> bool {
        matches!(&envelope.event, Event::Store(_))
    }

    fn apply(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::Store(StoreEvent::StoreCreated(event)) => self.0.clone_from(&event.timezone),
            Event::Store(StoreEvent::StoreTimezoneChanged(event)) => self.0.clone_from(&event.timezone),
            _ => {}
        }
    }
}

impl StoreTimezone {
    /// The day in the store on which the event happened. Where no zone of that name is known, as in another version of the zones' table,
    /// it is that of UTC.
    pub fn day(&self, envelope: &Envelope) -> NaiveDate {
        let timezone: Tz = self.0.parse().unwrap_or(Tz::UTC);
        envelope.metadata.occurred_at.to_utc().with_timezone(&timezone).date_naive()
    }
}
