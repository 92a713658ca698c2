//! A notary, its tree and its vault, from outside.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod contradicting;
mod dying;
mod incarnations;
// A log of which a test knows, and changes, every event.
#[expect(dead_code, reason = "the trees' own tests need more of it")]
#[path = "../../../tlog/tests/main/log.rs"]
mod log;
mod public;
mod random;
mod signing;
mod when;
mod world;
