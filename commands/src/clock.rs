//! The clock, an input like any other: tests move it, nothing else reads the time.

use domain::Timestamp;
use parking_lot::Mutex;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// What time it is.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    /// For how long some moment of the past is over, the same moment at every call: what waits are measured by. It only ever grows, by
    /// the time that passes, also where somebody sets the clock.
    fn running(&self) -> Duration {
        static SINCE: LazyLock<Instant> = LazyLock::new(Instant::now);
        SINCE.elapsed()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the port itself")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}

/// More than this between two looks at the clock, against the time that passed, and it was set.
const SET: Duration = Duration::from_secs(60);

/// The clock, as long as it runs evenly. What time alone destroys for good waits until it has done so for a while: a clock that
/// was set ahead by mistake is set back before.
pub(crate) struct EvenClock {
    clock: Arc<dyn Clock>,
    known: Mutex<EvenRun>,
}

#[derive(Clone, Copy)]
struct EvenRun {
    /// Since when the clock runs evenly, as [`Clock::running`] has it.
    since: Duration,
    /// How far the clock is ahead of [`Clock::running`], in milliseconds, as of the last look.
    ahead_ms: i128,
}

impl EvenClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let known = Mutex::new(look(clock.as_ref()));
        Self { clock, known }
    }

    /// For how long the clock has run evenly; less than a look ago, if it was set since the last.
    pub(crate) fn even_for(&self) -> Duration {
        let (now, mut known) = (look(self.clock.as_ref()), self.known.lock());
        // From one look to the next: a clock that is slowed or hurried to the right time was not set.
        if now.ahead_ms.abs_diff(known.ahead_ms) > SET.as_millis() {
            let seconds = (now.ahead_ms - known.ahead_ms) / 1_000;
            tracing::warn!(seconds, "the clock was set; what time alone destroys waits until it has run evenly again");
            known.since = now.since;
        }
        known.ahead_ms = now.ahead_ms;
        now.since.saturating_sub(known.since)
    }
}

fn look(clock: &dyn Clock) -> EvenRun {
    let since = clock.running();
    EvenRun { since, ahead_ms: i128::from(clock.now().as_millis()) - since.as_millis() as i128 }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::ManualClock;
    use chrono::TimeDelta;

    #[test]
    fn a_clock_that_is_set_is_not_even_any_more() {
        let clock = Arc::<ManualClock>::default();
        let even = EvenClock::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        assert_eq!(even.even_for(), Duration::ZERO);
        clock.advance(TimeDelta::hours(5));
        assert_eq!(even.even_for(), hours(5));
        // A minute is within what clocks are put right by.
        clock.set_ahead(TimeDelta::seconds(60));
        assert_eq!(even.even_for(), hours(5));
        for jump in [TimeDelta::days(400), TimeDelta::days(-400), TimeDelta::seconds(61), TimeDelta::seconds(-61)] {
            clock.set_ahead(jump);
            assert_eq!(even.even_for(), Duration::ZERO, "{jump}");
            clock.advance(TimeDelta::hours(1));
            assert_eq!(even.even_for(), hours(1), "{jump}");
        }
        // Set ahead and back between two looks: nobody saw it.
        clock.set_ahead(TimeDelta::days(1));
        clock.set_ahead(TimeDelta::days(-1));
        assert_eq!(even.even_for(), hours(1));
    }
}
