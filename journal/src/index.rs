//! What finds in the log: times, and events by what stands beside them.

use async_trait::async_trait;
use domain::{ActorId, StoreId, Timestamp, TokenId};
use eventlog::{CausedBy, EventId, Position};

/// Finds places in the log by times and keys. Times are the running maximum of `occurred_at` over the whole log, so that each position has one, and
/// none is before that of the position before it.
#[async_trait]
pub trait LogIndex: Send + Sync {
    /// The time at the position; `None`: nothing had happened yet.
    async fn moment(&self, at: Position) -> Result<Option<Timestamp>, IndexError>;

    /// The last position whose time is not after that one; `None`: all are.
    async fn position(&self, at: Timestamp) -> Result<Option<Position>, IndexError>;

    /// Where the newest of the store's events stand that have the key, at most so many.
    async fn find(&self, store: StoreId, key: &EventKey, limit: usize) -> Result<FoundPositions, IndexError>;
}

/// By what an event is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKey {
    /// Its own id.
    Event(EventId),
    /// The request that set it off.
    Request(String),
    /// What it began with.
    Correlation(EventId),
    /// The event that it is a reaction to.
    Causation(EventId),
    /// The token that it was done with, or because of.
    Token(TokenId),
    /// The person at the desk whom it was done for.
    Person(ActorId),
}

/// Where events stand, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundPositions {
    pub positions: Vec<Position>,
    /// Whether there are no more: neither beyond the limit, nor among those that were too many to be looked through.
    pub complete: bool,
}

/// Why a time could not be found.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// What has the times is being built, and has not come so far.
    #[error("the index of the log is at {reached}, {asked} was asked for")]
    Behind { asked: Position, reached: Position },
    #[error("the index of the log can't be read")]
    Unavailable(#[source] CausedBy),
    /// It is not what the log says.
    #[error("the index of the log is damaged")]
    Damaged(#[source] CausedBy),
}
