//! Chance with a seed that is told.

/// Numbers that look drawn: SplitMix64.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 on, below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// In so many of a hundred.
    pub fn percent(&mut self, of_hundred: usize) -> bool {
        self.below(100) < of_hundred
    }

    pub fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// Tells how to repeat what fails while it is there.
struct Repeat(u64);

impl Drop for Repeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let test = std::thread::current().name().unwrap_or_default().to_owned();
            eprintln!("again: CARTLOG_TEST_SEED={} cargo test -p cartlog-ledger --test main {test}", self.0);
        }
    }
}

/// Runs the test for the seed of `CARTLOG_TEST_SEED`, else for as many as `CARTLOG_TEST_SEEDS` says, else for so many.
pub fn for_seeds(count: u64, test: impl Fn(u64)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("CARTLOG_TEST_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CARTLOG_TEST_SEEDS").unwrap_or(count),
    };
    for seed in seeds {
        let _repeat = Repeat(seed);
        test(seed);
    }
}
