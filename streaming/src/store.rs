//! The port to where windows are kept, and what an adapter must do, exactly.
//!
//! Counts move only together with the position they reached, so that an event counts once, however often it is brought.
//! An adapter either applies a batch in one step (SQLite: a transaction), or each store's part of it in one step and then
//! the checkpoint (Redis: a script over the keys of one store, which share a tag); [`WindowStore::reached`] lets the worker
//! leave out what is in already when it begins again between the two.

use crate::batch::{Batch, Skipped};
use crate::bucket::Minute;
use crate::metric::Metric;
use async_trait::async_trait;
use domain::{StoreId, Timestamp};
use eventlog::chain::EventHash;
use eventlog::{CausedBy, Checkpoint, Position, Retry};
use std::ops::Range;
use std::time::Duration;
use uuid::Uuid;

/// What answers queries, or what is filled beside it to take its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Live,
    /// A rebuild's.
    Building,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Side::Live => "live",
            Side::Building => "building",
        })
    }
}

/// When the side that was built takes the live one's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// Only once it has come as far.
    WhenReached,
    /// At once: the live one is of another log, so that their positions can't be compared.
    Now,
}

/// Up to where a side has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SideState {
    /// `None`: nothing was applied yet.
    pub checkpoint: Option<Checkpoint>,
    /// Of the event at the checkpoint, as it was counted; `None`: whoever counted it kept none.
    pub event_hash: Option<EventHash>,
    /// The latest clock by which a batch was applied: what lay before its horizon may be gone. `None`: none was.
    pub latest_clock: Option<Timestamp>,
    /// How many events could not be read.
    pub skipped: u64,
    /// The latest of them, oldest first; at most [`SKIPPED_KEPT`].
    pub latest_skipped: Vec<Skipped>,
}

/// How many of the skipped events are kept with their position and reason.
pub const SKIPPED_KEPT: usize = 100;

/// Why the windows could not be written or read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WindowStoreError {
    /// Try again later.
    #[error("the windows are away: {0}")]
    Unavailable(#[source] CausedBy),
    /// Trying again does not help; filling them anew from the log does.
    #[error("the windows are damaged: {0}")]
    Damaged(#[source] CausedBy),
    /// It is no place of windows, or one that only a newer version understands: it is left as it is.
    #[error("the windows can't be used: {0}")]
    Foreign(#[source] CausedBy),
    /// The batch doesn't build on what is stored: another worker was here, or a rebuild took the side's place. Nothing of
    /// it counted twice; read the checkpoint and go on from there.
    #[error("the windows have moved on from position {0}")]
    Moved(Position),
}

impl WindowStoreError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            WindowStoreError::Unavailable(_) => Retry::Later,
            // From where they are by then.
            WindowStoreError::Moved(_) => Retry::Busy,
            WindowStoreError::Damaged(_) | WindowStoreError::Foreign(_) => Retry::Never,
        }
    }
}

/// Where windows are kept.
#[async_trait]
pub trait WindowStore: Send + Sync + 'static {
    /// How often the worker looks whether the windows are where it left them, also while no event comes; `None`: nothing but a
    /// batch moves them. For an adapter that can lose what was written, or that several nodes write to. A live side that is
    /// not there is then counted anew beside it, and nothing is answered until it is in place.
    fn looked_at_every(&self) -> Option<Duration> {
        None
    }

    /// Damage was met: puts an empty live side in the place of what is there, if that is of any use; `false`: it is not. Until a side
    /// that was built takes its place, nothing is answered. A side that is counted elsewhere is left to those who count it.
    async fn begin_anew(&self) -> Result<bool, WindowStoreError> {
        Ok(false)
    }

    /// Whether a live side that has nothing yet answers all the same. If not, it is counted beside it first.
    fn answers_what_is_there(&self) -> bool {
        self.looked_at_every().is_none()
    }

    /// Damage that a query has met, so that the worker hears of it too.
    fn damage(&self) -> Option<CausedBy> {
        None
    }

    /// By which policy a server drops what is counted when its memory is full: then it is counted anew, again and again. `None`: it does
    /// not, or does not say.
    async fn evicts(&self) -> Result<Option<String>, WindowStoreError> {
        Ok(None)
    }

    /// Whether the side is there at all, be it that nothing was counted into it yet. Others can take it away.
    async fn has(&self, _side: Side) -> Result<bool, WindowStoreError> {
        Ok(true)
    }

    /// Up to where the side has come.
    async fn state(&self, side: Side) -> Result<SideState, WindowStoreError>;

    /// Up to where the events of each of these stores were counted, in their order; never before `checkpoint`, which is the
    /// side's. To be overridden by an adapter that can stop in the middle of a batch.
    async fn reached(
        &self,
        _side: Side,
        stores: &[StoreId],
        checkpoint: Position,
    ) -> Result<Vec<Position>, WindowStoreError> {
        Ok(vec![checkpoint; stores.len()])
    }

    /// Adds the batch and moves the checkpoint, if the checkpoint is where the batch builds on (`after`, of the same log) and
    /// no store's events are counted further than its part builds on; else [`WindowStoreError::Moved`]. An adapter that keeps a
    /// position for each store sets it to the batch's. The side's latest clock is the horizon's, if that is later. Sums stay at `i64::MAX` instead of passing it. What lies before the
    /// batch's horizon may be dropped.
    async fn apply(&self, side: Side, batch: Batch) -> Result<(), WindowStoreError>;

    /// Empties the side that is built, whatever an earlier rebuild has left there.
    async fn begin_rebuild(&self) -> Result<(), WindowStoreError>;

    /// Puts the side that was built in the live one's place, in one step; `false`: it hasn't come as far yet.
    async fn swap(&self, swap: Swap) -> Result<bool, WindowStoreError>;

    /// The `n` things with the largest sums over these minutes, largest first, among equals the smaller id. Exact.
    async fn top(
        &self,
        store: StoreId,
        metric: Metric,
        span: Range<Minute>,
        n: usize,
    ) -> Result<Vec<(Uuid, u64)>, WindowStoreError>;

    /// The sum over these minutes and all things that the metric counts by; stays at `i64::MAX`.
    async fn total(&self, store: StoreId, metric: Metric, span: Range<Minute>) -> Result<u64, WindowStoreError>;

    /// How many customers have the last log-in of some day after the one moment, and at the other or before it.
    async fn log_ins_within(&self, store: StoreId, after: Timestamp, until: Timestamp)
    -> Result<u64, WindowStoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_the_windows_says_whether_trying_again_helps() {
        let source = || CausedBy::from(std::io::Error::other("it is so"));
        let cases = [
            (WindowStoreError::Unavailable(source()), Retry::Later),
            (WindowStoreError::Moved(Position(7)), Retry::Busy),
            (WindowStoreError::Damaged(source()), Retry::Never),
            (WindowStoreError::Foreign(source()), Retry::Never),
        ];
        for (error, retry) in cases {
            assert_eq!(error.retry(), retry, "{error:?}");
        }
    }
}
