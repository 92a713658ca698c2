//! What of the contract needs a clock that moves, views that stand still, or a vault that is away: the router itself, over a log
//! in memory. All else is tested from outside, in the root's `tests/contract`.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod clock;
mod large;
mod late;
mod shop;
mod windows;
