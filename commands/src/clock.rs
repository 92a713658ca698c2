//! The clock, an input like any other: tests move it, nothing else reads the time.

use domain::Timestamp;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// What time it is.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    /// For how long some moment of the past is over, the same moment at every call: what waits are measured by. Never goes back, also
    /// where somebody sets the clock.
    fn elapsed(&self) -> Duration {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGAN.elapsed()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}
