//! A rate for each of any number of keys, in memory that never grows.
//!
//! A key has a place in each of two rows, by two hashes that nobody outside can compute, and shares it with others (a count-min
//! sketch with conservative update). Nothing is ever evicted, so nobody can push out what was counted of a key; the price is
//! that a key is refused wrongly when both its places are held full by others, which takes tens of thousands of them.

use parking_lot::Mutex;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

/// Places in a row: half a MiB in all.
const PLACES: usize = 1 << 15;
const ROWS: usize = 2;

/// Counts by the generic cell rate algorithm: a place holds the moment at which all that was taken will be there again.
pub struct Buckets {
    /// Microseconds.
    rows: Mutex<[Vec<u64>; ROWS]>,
    hashers: [RandomState; ROWS],
    /// Microseconds for one to come back.
    interval: u64,
    /// Microseconds for all to come back.
    tolerance: u64,
}

impl Buckets {
    /// `burst` at once, and one more every `period` / `rate`; `None` when `rate` is 0: no limit.
    #[expect(clippy::disallowed_methods, reason = "keys of a table: nobody chooses whom a client is counted with")]
    pub fn new(rate: u32, period: Duration, burst: u32) -> Option<Self> {
        let period = u64::try_from(period.as_micros()).unwrap_or(u64::MAX);
        let interval = period.checked_div(u64::from(rate))?.max(1);
        Some(Self {
            rows: Mutex::new(std::array::from_fn(|_| vec![0; PLACES])),
            hashers: std::array::from_fn(|_| RandomState::new()),
            interval,
            tolerance: interval.saturating_mul(u64::from(burst.max(1))),
        })
    }

    /// Takes one of the key's, at a time that is counted from any fixed moment and never goes back; or says how long until there
    /// is one.
    pub fn take(&self, key: &impl Hash, now: Duration) -> Result<(), Duration> {
        let (places, now) = (self.places(key), micros(now));
        let mut rows = self.rows.lock();
        let taken = self.least(&rows, places).max(now).saturating_add(self.interval);
        let over = taken.saturating_sub(now).saturating_sub(self.tolerance);
        if over > 0 {
            return Err(Duration::from_micros(over));
        }
        for (row, place) in rows.iter_mut().zip(places) {
            row[place] = row[place].max(taken);
        }
        Ok(())
    }

    /// Whether the key may take one now.
    pub fn has_one(&self, key: &impl Hash, now: Duration) -> bool {
        let least = self.least(&self.rows.lock(), self.places(key));
        least.saturating_add(self.interval).saturating_sub(micros(now)) <= self.tolerance
    }

    /// Gives back what was taken and turned out not to count.
    pub fn give_back(&self, key: &impl Hash) {
        let places = self.places(key);
        for (row, place) in self.rows.lock().iter_mut().zip(places) {
            row[place] = row[place].saturating_sub(self.interval);
        }
    }

    fn least(&self, rows: &[Vec<u64>; ROWS], places: [usize; ROWS]) -> u64 {
        rows.iter().zip(places).map(|(row, place)| row[place]).min().unwrap_or(0)
    }

    fn places(&self, key: &impl Hash) -> [usize; ROWS] {
        // The remainder fits.
        self.hashers.each_ref().map(|hasher| (hasher.hash_one(key) % PLACES as u64) as usize)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(rate: u32, burst: u32) -> Buckets {
        let Some(buckets) = Buckets::new(rate, Duration::from_secs(1), burst) else { panic!("there is a limit") };
        buckets
    }

    #[test]
    fn a_burst_and_then_the_rate() {
        let (buckets, at) = (buckets(10, 3), Duration::from_millis);
        assert!((0..3).all(|_| buckets.take(&"a", at(5_000)).is_ok()));
        assert!(!buckets.has_one(&"a", at(5_000)));
        assert_eq!(buckets.take(&"a", at(5_000)), Err(at(100)));
        assert!(buckets.take(&"b", at(5_000)).is_ok());
        assert_eq!(buckets.take(&"a", at(5_060)), Err(at(40)));
        assert!(buckets.has_one(&"a", at(5_100)) && buckets.take(&"a", at(5_100)).is_ok());
        assert!(buckets.take(&"a", at(5_100)).is_err());
        buckets.give_back(&"a");
        assert!(buckets.take(&"a", at(5_100)).is_ok());
        // After a pause the whole burst is there, and no more.
        assert_eq!((0..9).filter(|_| buckets.take(&"a", at(60_000)).is_ok()).count(), 3);
        assert!(Buckets::new(0, at(1_000), 3).is_none());
    }

    #[test]
    fn however_many_others_ask_nothing_is_forgotten_and_nothing_grows() {
        let (buckets, now) = (buckets(1, 2), Duration::from_secs(5));
        while buckets.take(&"attacker", now).is_ok() {}
        for other in 0..100_000 {
            let _ = buckets.take(&other, now);
        }
        assert!(buckets.take(&"attacker", now).is_err());
        assert!(buckets.rows.lock().iter().all(|row| row.len() == PLACES && row.capacity() == PLACES));
    }

    #[test]
    fn hundreds_who_use_up_all_of_theirs_hardly_ever_get_in_the_way_of_others() {
        let (buckets, now) = (buckets(1, 2), Duration::from_secs(5));
        for attacker in 0..500 {
            while buckets.take(&("attacker", attacker), now).is_ok() {}
        }
        // By chance one in 4,300 of the others shares both places.
        let refused = (0..1_000).filter(|other| buckets.take(&("other", other), now).is_err()).count();
        assert!(refused < 20, "{refused} of 1,000");
    }
}
