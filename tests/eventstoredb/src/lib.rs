//! A small server that speaks EventStoreDB's protocol, for tests: there is no package of the true server to install without
//! containers. It takes appends, reads, subscriptions to `$all` with a filter and checkpoints, deletions, tombstones and scavenges, by
//! the published field numbers and as the true server's source does them (`kurrent-io/KurrentDB` at 44996ed05), in memory or
//! in a file. And it misbehaves on command.
//!
//! What it doesn't do: elections (a test says who leads), links, projections, persistent subscriptions,
//! old transactions, what a scavenge does to files. It does not say that it has them either.

#![allow(clippy::result_large_err, reason = "tonic's status is what calls end with")]
#![allow(clippy::large_enum_variant, reason = "messages come one at a time")]

mod append;
mod batch;
mod cluster;
mod delete;
mod faults;
mod filter;
mod log;
mod read;
mod server;
mod service;
mod subscribe;
pub mod wire;

pub use cluster::Cluster;
pub use faults::{Act, Call, Held, Turn, When};
pub use log::{Expected, Proposed, Refused, Written};
pub use server::{Double, DoubleOptions};
