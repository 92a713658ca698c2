//! What every vault promises, and what each does by itself; from outside.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod binding;
mod copy;
#[cfg(feature = "postgres")]
mod postgres;
mod suite;
