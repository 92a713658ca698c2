//! `cartlog kafka check`: whether the topics have what the log has, event by event; `cartlog kafka forward`: what to do where they
//! lost it.
//!
//! What lives here: which topics are meant ([`topics`]), and who does it (the server that has the data directory, or this process).
//! What doesn't: what is done (`engines::kafka`). Every build has the command; one without Kafka says how to build one with it.

mod check;
mod forward;
pub mod topics;

pub use check::run as check;
pub use forward::run as forward;
