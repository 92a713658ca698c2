//! What clients may do to a store, use case by use case; from outside.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

// By the name that the other crates know it by.
extern crate cartlog_commands as commands;

mod balances;
mod claims;
mod clocks;
mod confirmation;
mod coupons;
mod customers;
mod emails;
mod log_in;
mod mailboxes;
mod operator_tokens;
#[cfg(feature = "postgres")]
mod postgres;
mod products;
mod repeats;
mod room;
mod secrecy;
mod snapshots;
mod stores;
mod support;
mod sweep;
mod tokens;
