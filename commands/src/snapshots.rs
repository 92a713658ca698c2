//! The port to saved states of long streams. A snapshot is a shortcut, never a truth: losing one costs only time.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod writer;

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresSnapshots;
pub use sqlite::SqliteSnapshots;
pub(crate) use writer::SnapshotWriter;

use async_trait::async_trait;
use eventlog::{LogId, StreamName};

/// A saved state. It is used only if log, format and hash agree with what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub log_id: LogId,
    /// The shape of `state`; another one is ignored.
    pub format: u32,
    /// JSON; of what holds personal data, sealed with that customer's key.
    pub state: Vec<u8>,
}

/// Whose personal data a state holds.
pub(crate) type Person = domain::CustomerId;

/// Where snapshots are kept. One per stream; a newer one replaces it. Failures are logged by the caller and cost only time.
#[async_trait]
pub trait Snapshots: Send + Sync + 'static {
    async fn load(&self, stream: &StreamName) -> Result<Option<Snapshot>, String>;
    async fn save(&self, stream: &StreamName, snapshot: Snapshot) -> Result<(), String>;
}

/// Keeps none.
pub struct NoSnapshots;

#[async_trait]
impl Snapshots for NoSnapshots {
    async fn load(&self, _stream: &StreamName) -> Result<Option<Snapshot>, String> {
        Ok(None)
    }

    async fn save(&self, _stream: &StreamName, _snapshot: Snapshot) -> Result<(), String> {
        Ok(())
    }
}
