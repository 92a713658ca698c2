//! A clock that only tests move.

use crate::Clock;
use chrono::TimeDelta;
use domain::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Stands still until it is moved.
pub struct ManualClock {
    now_ms: AtomicI64,
    /// How much time passed: what the clock was set by is not in it.
    passed_ms: AtomicI64,
}

impl ManualClock {
    pub fn at(time: &str) -> Self {
        let time: Timestamp = time.parse().expect("a test names an RFC 3339 time");
        Self { now_ms: AtomicI64::new(time.as_millis()), passed_ms: AtomicI64::new(0) }
    }

    /// So much time passes.
    pub fn advance(&self, by: TimeDelta) {
        self.passed_ms.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        self.set_ahead(by);
    }

    /// Somebody sets the clock ahead by so much, or back by a negative: no time passes.
    pub fn set_ahead(&self, by: TimeDelta) {
        self.now_ms.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at("2026-11-24T10:00:00Z")
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::SeqCst))
    }

    fn running(&self) -> Duration {
        Duration::from_millis(self.passed_ms.load(Ordering::SeqCst).max(0).unsigned_abs())
    }
}
