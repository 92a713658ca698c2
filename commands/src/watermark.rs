//! How far in the log a request came: what its answer promises to the store's next query.

use crate::CommandError;
use eventlog::Position;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared by all steps of one request, and with whoever asked: a refusal has no [`crate::Done`] to say it in.
#[derive(Clone, Debug, Default)]
pub struct Watermark(Arc<Marks>);

#[derive(Debug, Default)]
struct Marks {
    reached: AtomicU64,
    seen: AtomicU64,
    unsettled: AtomicBool,
}

impl Watermark {
    /// A step was done, up to this position.
    pub(crate) fn reach(&self, position: Position) {
        self.0.reached.fetch_max(position.0, Ordering::Relaxed);
        self.see(position);
    }

    /// A step looked at a state of this position, and what is answered may rest on it.
    pub(crate) fn see(&self, position: Position) {
        self.0.seen.fetch_max(position.0, Ordering::Relaxed);
    }

    /// An error may hide an append: nobody knows how far it came.
    pub(crate) fn note(&self, error: &CommandError) {
        if matches!(error, CommandError::OutcomeUnknown { .. } | CommandError::BrokeOff { .. }) {
            self.0.unsettled.store(true, Ordering::Relaxed);
        }
    }

    /// The highest position that any step has reached.
    pub(crate) fn reached(&self) -> Position {
        Position(self.0.reached.load(Ordering::Relaxed))
    }

    /// The highest position of what the request appended, or looked at; `None`: not known, as an append may have been done that
    /// nobody could be told of.
    pub fn seen(&self) -> Option<Position> {
        let unsettled = self.0.unsettled.load(Ordering::Relaxed);
        (!unsettled).then(|| Position(self.0.seen.load(Ordering::Relaxed)))
    }
}
