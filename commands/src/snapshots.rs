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
use domain::Category;
use eventlog::chain::EventHash;
use eventlog::{CausedBy, LogError, LogId, StreamName};
use journal::{Journal, JournalError};
use serde::Deserialize;

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
    async fn load(&self, stream: &StreamName) -> Result<Option<Snapshot>, SnapshotError>;
    async fn save(&self, stream: &StreamName, snapshot: Snapshot) -> Result<(), SnapshotError>;
}

/// Why a state could not be saved or read: that costs only time.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Where they are kept is away, or damaged.
    #[error("{0}")]
    Store(#[source] CausedBy),
    #[error(transparent)]
    Log(#[from] LogError),
    /// It could not be sealed or opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Unreadable(#[from] serde_json::Error),
}

/// The last event that a saved state was made from, as it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastEvent {
    pub revision: u64,
    pub hash: EventHash,
}

/// What every snapshot says of the stream's end, whatever its format.
#[derive(Deserialize)]
struct End {
    length: u64,
    last_hash: Option<EventHash>,
}

/// What the stream's snapshot has seen last of it; `None` where there is none of this log, or where nobody can open it any more.
///
/// # Errors
/// The snapshot can't be read: why.
pub async fn last_seen(
    snapshots: &dyn Snapshots,
    journal: &Journal,
    stream: &StreamName,
) -> Result<Option<LastEvent>, SnapshotError> {
    let Some(saved) = snapshots.load(stream).await? else { return Ok(None) };
    let log_id = journal.log_id().await?;
    if saved.log_id != log_id {
        return Ok(None);
    }
    let person: Option<Person> = match Category::of_stream(stream.as_str()) {
        Some((Category::Customer, id)) => id.parse().ok(),
        _ => None,
    };
    let state = match person {
        None => Some(saved.state),
        Some(person) => journal.open_state(stream, person, &saved.state).await?,
    };
    let Some(state) = state else { return Ok(None) };
    let end: End = serde_json::from_slice(&state)?;
    let revision = end.length.checked_sub(1);
    Ok(revision.zip(end.last_hash).map(|(revision, hash)| LastEvent { revision, hash }))
}

/// Keeps none.
pub struct NoSnapshots;

#[async_trait]
impl Snapshots for NoSnapshots {
    async fn load(&self, _stream: &StreamName) -> Result<Option<Snapshot>, SnapshotError> {
        Ok(None)
    }

    async fn save(&self, _stream: &StreamName, _snapshot: Snapshot) -> Result<(), SnapshotError> {
        Ok(())
    }
}
