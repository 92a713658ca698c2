//! A clock that only tests move.

use crate::Clock;
use chrono::TimeDelta;
use domain::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};

/// Stands still until it is moved.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn at(time: &str) -> Self {
        let time: Timestamp = time.parse().expect("a test names an RFC 3339 time");
        Self(AtomicI64::new(time.as_millis()))
    }

    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at("2026-11-24T10:00:00Z")
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
