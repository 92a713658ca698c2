//! What crosses crates, from outside: one binary, so that it is linked once.

mod cli;
mod contract;
mod endurance;
mod support;
