//! Where in the log it was what time.

use async_trait::async_trait;
use domain::Timestamp;
use eventlog::{CausedBy, Position};

/// Finds times in the log, and places in it by times. Times are the running maximum of `occurred_at` over the whole log, so that each position has one, and
/// none is before that of the position before it.
#[async_trait]
pub trait Moments: Send + Sync {
    /// The time at the position; `None`: nothing had happened yet.
    async fn moment(&self, at: Position) -> Result<Option<Timestamp>, MomentsError>;

    /// The last position whose time is not after that one; `None`: all are.
    async fn position(&self, at: Timestamp) -> Result<Option<Position>, MomentsError>;
}

/// Why a time could not be found.
#[derive(Debug, thiserror::Error)]
pub enum MomentsError {
    /// What has the times is being built, and has not come so far.
    #[error("what has the times of positions is at {reached}, {asked} was asked for")]
    Behind { asked: Position, reached: Position },
    #[error("what has the times of positions can't be read")]
    Unavailable(#[source] CausedBy),
    /// It is not what the log says.
    #[error("what has the times of positions is damaged")]
    Damaged(#[source] CausedBy),
}
