//! A notary, its tree and its vault, from outside.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod contradicting;
mod dying;
mod incarnations;
mod log;
mod public;
mod random;
mod signing;
mod when;
mod world;
