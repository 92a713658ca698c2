//! What a stream's state costs: to read it again, and to keep it in memory.

use serde::Serialize;
use std::io::{self, Write};

/// What reading an event costs beside its bytes, in bytes: it is looked up, copied, decoded and folded.
const EVENT: u64 = 1_024;
/// What a state takes in memory beside what it is made of: the state itself, its places in maps and in the cache.
const BESIDE: u64 = 1_024;

/// When it is asked whether a state is worth saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// It is in memory and stays there: only a restart would have to read the stream.
    Appended,
    /// It was read, at some cost, and would be again.
    Loaded,
    /// It leaves the memory: the next command reads the stream.
    Leaving,
}

impl Moment {
    /// From what cost of reading on it is, in bytes.
    fn least(self) -> u64 {
        match self {
            Moment::Appended => 1024 * 1024,
            Moment::Loaded => 256 * 1024,
            Moment::Leaving => 48 * 1024,
        }
    }
}

/// What a stream has beyond its snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unsaved {
    events: u64,
    bytes: u64,
}

impl Unsaved {
    pub(super) fn add(&mut self, events: u64, bytes: u64) {
        self.events += events;
        self.bytes += bytes;
    }

    /// Whether a state of that weight is to be saved. What is written for a stream is never much more than what was appended to
    /// it, however large its state is.
    pub(super) fn is_due(self, moment: Moment, every: u64, weight: u64) -> bool {
        let cost = self.events.saturating_mul(EVENT).saturating_add(self.bytes);
        self.events >= every || cost >= moment.least().max(weight)
    }
}

/// About how many bytes a state takes: as many as it has when written, from time to time, and what was folded into it since.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    written: u64,
    since: u64,
}

impl Weight {
    /// Of a state that was read from so many bytes.
    pub(super) fn of(written: usize) -> Self {
        Self { written: written as u64, since: 0 }
    }

    /// Events of so many bytes were folded: it may have grown by as much.
    pub(super) fn folded(&mut self, bytes: u64) {
        self.since += bytes;
    }

    /// Looks again how large the state is, once what was folded matters. Each byte that is appended has a few looked at.
    pub(super) fn settle(&mut self, state: &impl Serialize) {
        if self.since > BESIDE.max(self.written / 4) {
            let mut count = Count(0);
            // What can't be written weighs what it was made of.
            if serde_json::to_writer(&mut count, state).is_ok() {
                *self = Self { written: count.0, since: 0 };
            }
        }
    }

    pub(super) fn bytes(self) -> u64 {
        BESIDE + self.written + self.since
    }
}

/// Counts what is written, and keeps nothing of it.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        self.0 += written.len() as u64;
        Ok(written.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_saved_by_what_reading_it_again_would_cost_and_never_more_than_was_appended() {
        let mut unsaved = Unsaved::default();
        unsaved.add(20, 20 * 500);
        assert!(!unsaved.is_due(Moment::Leaving, 1_000, 10_000), "twenty small events are read quickly");
        unsaved.add(20, 20 * 500);
        assert!(unsaved.is_due(Moment::Leaving, 1_000, 10_000));
        assert!(!unsaved.is_due(Moment::Leaving, 1_000, 1_000_000), "writing it would cost more than reading");
        assert!(!unsaved.is_due(Moment::Loaded, 1_000, 10_000));
        unsaved.add(1, 1024 * 1024);
        assert!(unsaved.is_due(Moment::Appended, 1_000, 10_000), "few, but large");
        assert!(unsaved.is_due(Moment::Appended, 41, u64::MAX), "so many are always saved");
    }

    #[test]
    fn a_weight_is_looked_at_again_once_it_may_have_changed_by_much() {
        let mut weight = Weight::default();
        weight.folded(BESIDE);
        weight.settle(&"never looked at");
        assert_eq!(weight.bytes(), 2 * BESIDE);
        weight.folded(1_000_000);
        weight.settle(&"x".repeat(10_000));
        assert_eq!(weight.bytes(), BESIDE + 10_002);
        assert_eq!(Weight::of(10_002).bytes(), weight.bytes());
    }
}
