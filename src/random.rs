//! Randomness for what need not be secret or repeatable: names that must not meet.

use std::hash::{BuildHasher, RandomState};

/// Differs from call to call and from process to process.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the binary that draws: names of directories and files, the seed of a demo that none was given"
)]
pub fn seed() -> u64 {
    // The standard library seeds its hash maps from the operating system.
    RandomState::new().hash_one(std::process::id())
}
