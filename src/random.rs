//! Randomness for what need not be secret or repeatable: names that must not meet.

use std::hash::{BuildHasher, RandomState};

/// Differs from call to call and from process to process.
pub fn seed() -> u64 {
    // The standard library seeds its hash maps from the operating system.
    RandomState::new().hash_one(std::process::id())
}
