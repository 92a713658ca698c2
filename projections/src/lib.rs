//! The views: every answer of the store, folded from the log.
//!
//! What lives here: the views ([`views`]: each a row, its fold and its queries), the port of the read stores ([`store`]) with
//! its adapters for SQLite and PostgreSQL (feature `postgres`), and the worker that fills them, live and in a rebuild. What doesn't: HTTP, rules, and whatever
//! changes with time or elsewhere (today's price in a cart, who is logged in): that is joined or computed when answering.
//! The guarantee: a view is the fold of the log up to its position, neither less nor more, after any crash.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod any_time;
mod any_view;
mod at;
mod cache;
mod fill;
mod key;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
mod queries;
mod range;
mod reader;
mod replay;
#[cfg(feature = "postgres")]
mod shared;
mod slots;
mod sqlite;
mod status;
pub mod store;
mod timezone;
mod view;
pub mod views;
mod words;

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresReadStore;
pub use any_time::AnyViews;
pub use any_view::AnyView;
pub use at::ViewsAt;
pub use fill::{FillError, FoldError, ProjectionSettings, Projections, Retried};
pub use key::{KeyPart, KeyParts, RowKey};
pub use page::{BadCursor, Cursor, Page, PageRequest, Start};
pub use range::TimeRange;
pub use reader::{ReadError, Reader, Unanswering, Views};
pub use replay::{AnyReplay, Replay};
#[cfg(feature = "postgres")]
pub use shared::SharedViews;
pub use sqlite::SqliteReadStore;
pub use status::{PARKED_SHOWN, Progress, ProjectionStatus, ViewStatus};
pub use timezone::StoreTimezone;
pub use view::{Keys, Misfit, Source, StoreState, Unread, View};

/// Whether all views of this version answer from that store, as the fold of that log up to some position: which is then the least.
///
/// # Errors
/// The store's.
pub async fn filled_to(
    store: &dyn store::ReadStore,
    log_id: eventlog::LogId,
) -> Result<Option<eventlog::Position>, store::ReadStoreError> {
    let generations = store.generations().await?;
    let reached = views::ALL.iter().map(|view| {
        let answers = |known: &&store::Generation| {
            known.is_of(view.declaration)
                && known.state == store::GenerationState::Live
                && known.checkpoint.log_id == log_id
        };
        generations.iter().find(answers).map(|known| known.checkpoint.position)
    });
    // One that is missing is before all others.
    Ok(reached.min().flatten())
}

/// The names of all views that there are.
pub fn view_names() -> impl Iterator<Item = &'static str> {
    views::ALL.iter().map(|view| view.declaration.name)
}
