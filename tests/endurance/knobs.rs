//! How long the tests go on, for longer runs than everybody's: `CARTLOG_TEST_KILLS=100 cargo test --test main endurance`.

use std::panic::AssertUnwindSafe;

/// What the variable says, else the default.
pub fn count(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// The seeds of a test: one for `CARTLOG_TEST_SEED`, else as many as asked for.
pub fn seeds(how_many: usize) -> Vec<u64> {
    match std::env::var("CARTLOG_TEST_SEED") {
        Ok(seed) => vec![seed.parse().expect("CARTLOG_TEST_SEED is a number")],
        Err(_) => (1..=how_many as u64).collect(),
    }
}

/// Says, when a test of chance fails, how to see it fail again.
pub struct Repeatable {
    test: &'static str,
    seed: u64,
}

impl Repeatable {
    pub fn new(test: &'static str, seed: u64) -> Self {
        Self { test, seed }
    }
}

impl Drop for Repeatable {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Whatever stands in the way of printing, the test has failed already.
            let _ = std::panic::catch_unwind(AssertUnwindSafe(|| {
                eprintln!("again: CARTLOG_TEST_SEED={} cargo test --test main endurance::{}", self.seed, self.test);
            }));
        }
    }
}
