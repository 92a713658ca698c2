//! What was published of the log's tree: signed checkpoints, all of them.
//!
//! What lives here: the port to where they are kept, and its adapters. What doesn't: signing, and which one may follow which. The
//! guarantee: one that was put stays as it is for ever. They are kept apart from the tree, which can be thrown away and built again: they
//! can't, as only the last head that was signed stands in the vault as well.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::PostgresCheckpoints;
pub use sqlite::SqliteCheckpoints;

use async_trait::async_trait;
use eventlog::{CausedBy, Retry};

/// A checkpoint as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Of which log, or incarnation of it.
    pub origin: String,
    /// The leaves of its tree.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// Why checkpoints could not be kept or read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CheckpointsError {
    /// Try again later.
    #[error("the log's checkpoints are away: {0}")]
    Unavailable(#[source] CausedBy),
    /// Trying again does not help; a backup does.
    #[error("the log's checkpoints are damaged, or not for this version: {0}")]
    Damaged(#[source] CausedBy),
}

impl CheckpointsError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unavailable(_) => Retry::Later,
            Self::Damaged(_) => Retry::Never,
        }
    }
}

/// Where a log's checkpoints are kept.
#[async_trait]
pub trait Checkpoints: Send + Sync + 'static {
    /// Keeps it, and gives what is kept of this origin and size: the first one, whoever put it, ever after. Durable once answered.
    async fn put(&self, published: Published) -> Result<Published, CheckpointsError>;

    /// The largest of the origin.
    async fn latest(&self, origin: &str) -> Result<Option<Published>, CheckpointsError>;

    /// The one of exactly this size.
    async fn of_size(&self, origin: &str, size: u64) -> Result<Option<Published>, CheckpointsError>;

    /// Up to `limit` of the origin that are larger than `after`, in the order of their sizes; `None`: from the first.
    async fn list(&self, origin: &str, after: Option<u64>, limit: usize) -> Result<Vec<Published>, CheckpointsError>;
}
