//! Randomness for what need not be secret or repeatable: jitter, names that must not meet.

use rand::SeedableRng;
use rand::rngs::StdRng;
use std::hash::{BuildHasher, RandomState};

/// Differs from call to call and from process to process.
pub fn seed() -> u64 {
    // The standard library seeds its hash maps from the operating system.
    RandomState::new().hash_one(std::process::id())
}

/// A generator that nobody can repeat.
pub fn rng() -> StdRng {
    StdRng::seed_from_u64(seed())
}
