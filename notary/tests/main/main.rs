//! A notary, its tree and its vault, from outside.

mod contradicting;
mod dying;
mod incarnations;
// A log of which a test knows, and changes, every event.
#[path = "../../../tlog/tests/main/log.rs"]
mod log;
mod random;
mod signing;
mod when;
mod world;
