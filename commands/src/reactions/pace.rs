//! How long to wait before something is tried again.

use crate::randomness;
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
/// For one stream; and while a service is away, which is asked more often.
pub(super) const LONGEST: Duration = Duration::from_secs(300);
const LONGEST_OUTAGE: Duration = Duration::from_secs(30);
/// So many things in a row that can't be done because a service is away, and it is not they that are the matter.
const IN_A_ROW: u32 = 3;

/// After so many failures in a row, from 1 on: doubled with each, up to the longest. The upper half is left to chance, so that what
/// failed together does not come back together.
pub(super) fn pause(failures: u32, longest: Duration) -> Duration {
    let doubled = FIRST.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(longest).mul_f64(0.5 + 0.5 * chance())
}

/// 0 to 1. Without randomness 0: then all come back together.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    match randomness::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.0,
    }
}

/// Whether a service is away that all need: then everything waits together, and one thing at a time tries whether it is back.
#[derive(Default)]
pub(super) struct Outage {
    in_a_row: u32,
    rounds: u32,
    until: Duration,
}

impl Outage {
    /// Something can't be done because a service is away.
    pub(super) fn failed(&mut self, now: Duration) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.is_on() && now >= self.until {
            self.rounds = self.rounds.saturating_add(1);
            self.until = now + pause(self.rounds, LONGEST_OUTAGE);
        }
    }

    /// Something was done.
    pub(super) fn is_over(&mut self) {
        *self = Self::default();
    }

    pub(super) fn is_on(&self) -> bool {
        self.in_a_row >= IN_A_ROW
    }

    /// Whether something may be tried while so much is under way.
    pub(super) fn lets_try(&self, now: Duration, under_way: usize) -> bool {
        !self.is_on() || (under_way == 0 && now >= self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_never_come_to_nothing() {
        for (failures, seconds) in [(1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (4_000, 300)] {
            let (longest, pause) = (Duration::from_secs(seconds), pause(failures, LONGEST));
            assert!(pause >= longest / 2 && pause <= longest, "{failures}: {pause:?}");
        }
    }

    #[test]
    fn one_thing_at_a_time_tries_whether_the_service_is_back() {
        let (mut outage, now) = (Outage::default(), Duration::from_secs(7));
        outage.failed(now);
        outage.failed(now);
        assert!(outage.lets_try(now, 5), "it may be these two alone");
        outage.failed(now);
        assert!(!outage.lets_try(now, 0));
        let later = now + LONGEST_OUTAGE;
        assert!(outage.lets_try(later, 0) && !outage.lets_try(later, 1));
        outage.is_over();
        assert!(outage.lets_try(now, 5));
    }
}
