//! The control socket: how other commands reach the server that has a data directory.
//!
//! A Unix socket in the directory that only its owner may open. What is said over it is the [`protocol`], which both ends share.
//! What doesn't live here: what is done (`operations`).

pub mod client;
mod path;
pub mod protocol;
pub mod server;
