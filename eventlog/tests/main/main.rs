//! Everything that is tested from outside, in one binary.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

// By the name that the other crates know it by.
extern crate cartlog_eventlog as eventlog;

mod chain;
mod conformance;
mod copy;
#[cfg(target_os = "linux")]
mod disk;
mod embedded;
#[cfg(feature = "eventstoredb")]
mod eventstoredb;
mod model;
mod testing;
