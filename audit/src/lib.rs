//! What an auditor is told of an object, event by event.
//!
//! What lives here: what can be asked for ([`Kind`]), reading its events ([`History`]), putting them into words ([`happened`]), and what
//! each of them changed ([`Change`]), by the code of the views that answer queries. What doesn't: who may ask, and HTTP (`api`); what
//! vouches for the events (the binary's `audit`). The guarantee: what is told is folded from the log alone, and an event that can't be
//! read is told as such, and not left out.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod amounts;
mod changes;
mod filter;
mod history;
mod kind;
mod object;
mod words;

pub use amounts::Amounts;
pub use changes::{Change, changes};
pub use filter::Filter;
pub use history::{AuditedEvent, History, HistoryError, Page, currency_in};
pub use kind::Kind;
pub use object::ObjectFold;
pub use words::happened;
