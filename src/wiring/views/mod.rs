//! The views: kept in the data directory, or in PostgreSQL, where several nodes share them.
//!
//! What lives here: opening them, what keeps them ([`upkeep`]) and what operators ask of them ([`keeper`]). What doesn't: how views
//! are filled and read (`projections`).

pub mod ahead;
mod embedded;
mod keeper;
pub mod upkeep;

pub use keeper::ViewsKeeper;
pub use upkeep::{Report, Upkeep};

use super::Files;
use super::memory::Shares;
use crate::config::{Config, Role};
use crate::data_dir::DataDir;
use crate::engines::postgres::{self, Databases};
use anyhow::Result;
use embedded::EmbeddedViews;
use std::sync::Arc;
use std::time::Duration;

/// How long a start waits for views of which there is none yet, before what needs none is served: most stores are filled by then.
const FILLS_FIRST_FOR: Duration = Duration::from_secs(5);

/// Opens the views where the configuration says.
///
/// # Errors
/// What the adapter says, and what to do about it.
pub async fn open(config: &Config, data: &DataDir, databases: &Databases, files: &mut Files) -> Result<ViewsKeeper> {
    let settings = projections::ProjectionSettings {
        fill_beside: true,
        fills_first_for: FILLS_FIRST_FOR,
        accept_log: config.accept_log,
        ..Shares::of(config.memory).of_views()
    };
    if let Some(shared) = postgres::views(databases, config.role.has(Role::Views), settings).await? {
        return Ok(ViewsKeeper::new(shared));
    }
    let views = EmbeddedViews::open(&data.views(), settings, files.space().clone()).await?;
    files.has(&views.file());
    Ok(ViewsKeeper::new(Arc::new(views)))
}
