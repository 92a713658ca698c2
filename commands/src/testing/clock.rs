//! A clock that only tests move.

use crate::Clock;
use chrono::TimeDelta;
use domain::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Stands still until it is moved.
pub struct ManualClock {
    now: AtomicI64,
    elapsed: AtomicI64,
}

impl ManualClock {
    pub fn at(time: &str) -> Self {
        let time: Timestamp = time.parse().expect("a test names an RFC 3339 time");
        Self { now: AtomicI64::new(time.as_millis()), elapsed: AtomicI64::new(0) }
    }

    /// Time passes.
    pub fn advance(&self, by: TimeDelta) {
        self.now.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        self.elapsed.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }

    /// Somebody sets the clock, ahead or back, while no time passes.
    pub fn set(&self, by: TimeDelta) {
        self.now.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at("2026-11-24T10:00:00Z")
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(Ordering::SeqCst).try_into().unwrap_or(0))
    }
}
