//! Everything that is tested from outside, in one binary.

// By the name that the other crates know it by.
extern crate cartlog_eventlog as eventlog;

mod testing;
