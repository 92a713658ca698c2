//! The states of all streams that nothing waits on, of whatever aggregate, within one number of bytes.
//!
//! A state is out while something is done on its stream, and comes back heavier or lighter. What finds no room is handed back
//! to whoever brought the last one, so that it can be saved: a stream that comes again is then read from there on.

use super::cost::Moment;
use super::{ExecutorContext, Loaded};
use crate::snapshots::{Person, Snapshot};
use domain::Decider;
use eventlog::{LogId, StreamName};
use parking_lot::Mutex;
use quick_cache::unsync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
use std::any::Any;

/// A state may take this part of the room at most: one that is larger would drive out all others.
const LARGEST_PART: u64 = 4;

/// A state, whatever it is of.
pub(super) trait Idle: Any + Send {
    /// About how many bytes it takes.
    fn weight(&self) -> u64;

    /// Of a state that leaves, if it is worth saving.
    fn last_snapshot(&mut self, every: u64, log_id: LogId) -> Option<(Snapshot, Option<Person>)>;
}

/// A state that found no room.
pub(super) type Left = (StreamName, Box<dyn Idle>);

type Pool = Cache<StreamName, Box<dyn Idle>, ByBytes, DefaultHashBuilder, HandedBack>;

/// The pool. ExecutorContext by the executors of a process.
pub(crate) struct States {
    pool: Mutex<Pool>,
    heaviest: u64,
}

impl States {
    /// With room for so many bytes, and so many states.
    pub(crate) fn new(bytes: u64, most: usize) -> Self {
        let most = most.max(1);
        let (bytes, least) = (bytes.max(most as u64), bytes / most as u64);
        let options = OptionsBuilder::new().weight_capacity(bytes).estimated_items_capacity(most).shards(1).build();
        // Both capacities are given.
        let options = options.expect("options of a cache");
        let pool = Cache::with_options(options, ByBytes { least: least.max(1) }, Default::default(), HandedBack);
        Self { pool: Mutex::new(pool), heaviest: (bytes / LARGEST_PART).max(least) }
    }

    /// Takes the stream's state out.
    pub(super) fn take<A: Decider>(&self, stream: &StreamName) -> Option<Box<Loaded<A>>> {
        let (_, idle) = self.pool.lock().remove(stream)?;
        let any: Box<dyn Any> = idle;
        // A stream's name says what it is of.
        any.downcast().ok()
    }

    /// Puts a state back, and gives those that have no room any more.
    pub(super) fn put(&self, stream: StreamName, idle: Box<dyn Idle>) -> Vec<Left> {
        let mut left = Vec::new();
        if idle.weight() > self.heaviest {
            left.push((stream, idle));
        } else {
            self.pool.lock().insert_with_lifecycle(stream, idle, &mut left);
        }
        left
    }

    /// About how many bytes the states take that are in the pool.
    pub(crate) fn bytes(&self) -> u64 {
        self.pool.lock().iter().map(|(_, idle)| idle.weight()).sum()
    }
}

/// Saves what is worth it, of states that left.
pub(super) async fn let_go(shared: &ExecutorContext, left: Vec<Left>) {
    for (stream, mut idle) in left {
        let Ok(log_id) = shared.journal.log_id().await else { return };
        if let Some((snapshot, person)) = idle.last_snapshot(shared.snapshot_every, log_id) {
            shared.snapshots.save(&stream, snapshot, person);
        }
    }
}

impl<A: Decider> Idle for Loaded<A> {
    fn weight(&self) -> u64 {
        self.weight.bytes()
    }

    fn last_snapshot(&mut self, every: u64, log_id: LogId) -> Option<(Snapshot, Option<Person>)> {
        self.snapshot_due(Moment::Leaving, every, log_id)
    }
}

/// Weighs in bytes, and no state as less than its part of the room is when there are as many as there may be.
struct ByBytes {
    least: u64,
}

impl Weighter<StreamName, Box<dyn Idle>> for ByBytes {
    fn weight(&self, _stream: &StreamName, idle: &Box<dyn Idle>) -> u64 {
        idle.weight().max(self.least)
    }
}

/// Hands back what has no room.
struct HandedBack;

impl Lifecycle<StreamName, Box<dyn Idle>> for HandedBack {
    type RequestState = Vec<Left>;

    fn on_evict(&self, left: &mut Vec<Left>, stream: StreamName, idle: Box<dyn Idle>) {
        left.push((stream, idle));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Heavy(u64);

    impl Idle for Heavy {
        fn weight(&self) -> u64 {
            self.0
        }

        fn last_snapshot(&mut self, _: u64, _: LogId) -> Option<(Snapshot, Option<Person>)> {
            None
        }
    }

    fn put(states: &States, number: u64, bytes: u64) -> usize {
        states.put(StreamName::new(format!("cart-{number}")), Box::new(Heavy(bytes))).len()
    }

    #[test]
    fn there_are_never_more_bytes_and_never_more_states_than_there_is_room_for() {
        let states = States::new(100_000, 50);
        let left: usize = (0..1_000).map(|number| put(&states, number, 10_000)).sum();
        assert_eq!((left, states.bytes()), (990, 100_000), "ten fit");
        let left: usize = (1_000..2_000).map(|number| put(&states, number, 1)).sum();
        assert!(states.pool.lock().len() <= 50 && left >= 950, "however small they are");
        assert_eq!(put(&states, 9_999, 25_001), 1, "one that would drive out many is not kept");
        assert_eq!(put(&States::new(10, 1), 1, 11), 1);
        assert_eq!(put(&States::new(0, 1), 1, 0), 0);
    }
}
