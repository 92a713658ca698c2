//! How views are filled from the log: live, catching up, and in a rebuild, always by the same fold.
//!
//! What lives here: the fold of a batch into one view ([`projector`]) and into several at once ([`group`]), the live worker
//! ([`worker`]), filling generations beside the live ones ([`rebuild`]), folding one row alone ([`retry`]), and the handle
//! of it all ([`projections`]). The guarantee: rows and checkpoint move together, so that a crash neither repeats nor loses
//! an event; what can't be folded is parked, and the rest goes on.

mod alone;
mod altered;
mod context;
mod error;
mod group;
mod meter;
mod parked;
mod projections;
mod projector;
mod rebuild;
mod retry;
mod settings;
mod start;
mod stores;
mod thread;
mod upkeep;
mod worker;

pub(crate) use alone::Alone;
pub use alone::FoldError;
#[cfg(feature = "postgres")]
pub(crate) use context::FillContext;
pub use error::FillError;
use group::Group;
#[cfg(feature = "postgres")]
pub(crate) use meter::Report;
pub use projections::{Projections, Retried};
pub(crate) use projector::{Project, Projector};
pub use settings::ProjectionSettings;
