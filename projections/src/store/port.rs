//! The port: what an adapter must do, exactly.

use super::{Commit, Generation, Hit, List, Parked, Search, SearchHit, Table, Tip, ViewDeclaration};
use crate::RowKey;
use async_trait::async_trait;
use domain::StoreId;
use eventlog::{CausedBy, Checkpoint, Position, Retry, StreamName};

/// Why a store could not be read or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadStoreError {
    /// Try again later.
    #[error("the read store is away: {0}")]
    Unavailable(#[source] CausedBy),
    /// The disk has no room, or not enough is left: it goes on once there is.
    #[error("the read store has no room: {0}")]
    Full(#[source] CausedBy),
    /// As many wait already as may.
    #[error("the read store is busy")]
    Busy,
    /// What it holds is not what was written: trying again does not help, a rebuild does.
    #[error("the read store is damaged: {0}")]
    Damaged(#[source] CausedBy),
    /// It is not a store of views: it is left as it is.
    #[error("the read store can't be used: {0}")]
    Foreign(#[source] CausedBy),
    /// It was written by a version of cartlog that this one doesn't know.
    #[error("the read store was written by a newer version of cartlog: {0}")]
    Newer(#[source] CausedBy),
    /// Whoever writes may do so no longer: another node leads the views, or what is in memory here is not what the store holds.
    /// Nothing was written, or what was can't be told. Trying again does not help; leading again, from what the store holds, does.
    #[error("another node leads the views, or they were set back: they must be read anew")]
    Fenced,
}

/// What is stored, or is to be, is not as it must be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("no event stands at position {position}, where row {key} has one")]
    NoEvent { position: Position, key: RowKey },
    #[error("row {key} of {view} can't be read: {source}")]
    Unread { key: RowKey, view: &'static str, source: serde_json::Error },
    #[error("row {key} of {view} can't be written: {source}")]
    Unwritten { key: RowKey, view: &'static str, source: serde_json::Error },
    #[error("what {view} keeps of store {store} can't be read: {source}")]
    StoreUnread { store: StoreId, view: &'static str, source: serde_json::Error },
    #[error("what {view} keeps of store {store} can't be written: {source}")]
    StoreUnwritten { store: StoreId, view: &'static str, source: serde_json::Error },
    #[error("creations are parked: an event of their streams can't be read")]
    CreationsParked,
    #[error("the past of {stream} is parked")]
    PastParked { stream: String },
    /// Two processes that fold into one store would count events twice.
    #[error("{view} is no longer at position {before}: something else writes to the store")]
    Elsewhere { view: &'static str, before: Position },
}

impl ReadStoreError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            ReadStoreError::Unavailable(_) | ReadStoreError::Full(_) => Retry::Later,
            ReadStoreError::Busy => Retry::Busy,
            ReadStoreError::Damaged(_)
            | ReadStoreError::Foreign(_)
            | ReadStoreError::Newer(_)
            | ReadStoreError::Fenced => Retry::Never,
        }
    }
}

/// Where rows are kept. One process writes to it at a time: a store that several share refuses all but the one that leads, with
/// [`ReadStoreError::Fenced`] from [`ReadStore::commit`], [`ReadStore::create`], [`ReadStore::swap`], [`ReadStore::retire`],
/// [`ReadStore::drop_generation`] and [`ReadStore::forget_tips`].
///
/// Reads see what was committed, at once after the commit. Writes may block the calling thread: they are called from
/// threads of the projections' own.
#[async_trait]
pub trait ReadStore: Send + Sync + 'static {
    /// The document of the row.
    async fn get(&self, table: Table, key: RowKey) -> Result<Option<String>, ReadStoreError>;

    /// The documents of the rows, in the order of the keys.
    async fn get_many(&self, table: Table, keys: Vec<RowKey>) -> Result<Vec<Option<String>>, ReadStoreError>;

    /// What is kept of the stores beside the rows, in the order of the stores; of a view that keeps nothing, nothing.
    async fn stores(&self, table: Table, stores: Vec<StoreId>) -> Result<Vec<Option<String>>, ReadStoreError>;

    /// The rows that a list finds, in its order.
    async fn list(&self, table: Table, list: List) -> Result<Vec<Hit>, ReadStoreError>;

    /// How many rows a list finds, whatever its order, offset and limit.
    async fn count(&self, table: Table, list: List) -> Result<u64, ReadStoreError>;

    /// The rows that a search finds, best first.
    async fn search(&self, table: Table, search: Search) -> Result<Vec<SearchHit>, ReadStoreError>;

    /// Writes a batch: all or nothing, the checkpoint with it. On an error nothing was written: an adapter that can't tell
    /// looks first; when it can't tell even so, or another one leads, it is [`ReadStoreError::Fenced`].
    async fn commit(&self, commit: Commit) -> Result<(), ReadStoreError>;

    /// The positions of the events that touched the row, up to and including `up_to`, oldest first.
    async fn history(&self, table: Table, key: RowKey, up_to: Position) -> Result<Vec<Position>, ReadStoreError>;

    /// What is parked in the generation, oldest event first.
    async fn parked(&self, table: Table) -> Result<Vec<Parked>, ReadStoreError>;

    /// All generations that there are.
    async fn generations(&self) -> Result<Vec<Generation>, ReadStoreError>;

    /// Begins an empty generation in state filling, at the checkpoint. Its number is one that the view never had.
    async fn create(&self, view: &'static ViewDeclaration, checkpoint: Checkpoint) -> Result<Table, ReadStoreError>;

    /// Makes these generations the ones that answer, in one step. Those that did are retired; where programs of several versions share
    /// the store, those of the same version.
    async fn swap(&self, tables: Vec<Table>) -> Result<(), ReadStoreError>;

    /// What answers in that version of the view does so no more, whether or not this program knows it: it may be dropped.
    async fn retire(&self, view: String, version: u32) -> Result<(), ReadStoreError>;

    /// Drops a generation that doesn't answer, with all its tables. It is gone already: nothing happens.
    async fn drop_generation(&self, view: String, generation: u32) -> Result<(), ReadStoreError>;

    /// The last event that was folded of the stream.
    async fn tip(&self, stream: &StreamName) -> Result<Option<Tip>, ReadStoreError>;

    /// Forgets the last events of all streams: they were of another log, or of what the log holds no more.
    async fn forget_tips(&self) -> Result<(), ReadStoreError>;

    /// What was read is not what was written, as whoever decodes it found.
    fn met_damage(&self, _reason: &str) {}

    /// How many bytes the store takes on disk; 0 where it can't tell.
    async fn bytes(&self) -> Result<u64, ReadStoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlite::Stopped;

    #[test]
    fn each_error_of_the_read_store_says_whether_trying_again_helps() {
        let source = || CausedBy::from(Stopped::Closed);
        let cases = [
            (ReadStoreError::Unavailable(source()), Retry::Later),
            (ReadStoreError::Full(source()), Retry::Later),
            (ReadStoreError::Busy, Retry::Busy),
            (ReadStoreError::Damaged(source()), Retry::Never),
            (ReadStoreError::Foreign(source()), Retry::Never),
            (ReadStoreError::Newer(source()), Retry::Never),
            (ReadStoreError::Fenced, Retry::Never),
        ];
        for (error, retry) in cases {
            assert_eq!(error.retry(), retry, "{error:?}");
        }
    }

    #[test]
    fn what_was_met_is_found_again_and_said_once() {
        let error = ReadStoreError::Unavailable(CausedBy::of("reading", Stopped::FileClosed));
        let mut chain = std::iter::successors(std::error::Error::source(&error), |error| (*error).source());
        assert!(chain.any(|error| error.is::<Stopped>()), "{error:?}");
        assert_eq!(eventlog::with_causes(&error), "the read store is away: reading: the file is closed");
    }
}
