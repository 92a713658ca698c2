//! What crosses crates, from outside: one binary, so that it is linked once.

mod cli;
mod contract;
mod endurance;
#[cfg(feature = "engines")]
mod engines;
mod house;
mod support;
mod upgrade;
