//! Random tests that say how to repeat them.

/// The seeds of a test: those of today's run, or the one that is given.
pub fn seeds(test: &'static str, count: u64) -> impl Iterator<Item = Seed> {
    let given = std::env::var("CARTLOG_TEST_SEED").ok().map(|seed| seed.parse().expect("a number"));
    let seeds = given.map_or(1..count + 1, |seed: u64| seed..seed + 1);
    seeds.map(move |seed| Seed { test, seed })
}

/// Says on a failure which one it was.
pub struct Seed {
    test: &'static str,
    pub seed: u64,
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("again: CARTLOG_TEST_SEED={} cargo test -p cartlog-tlog {}", self.seed, self.test);
        }
    }
}
