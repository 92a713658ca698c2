//! The append-only log: its port, its adapters, and the conformance suite that every adapter passes.
//!
//! What lives here: streams of opaque events with exact revisions, one order of all events (positions), live
//! subscriptions, the hash chain of each stream. What doesn't: what an event means (see `journal` and `domain`).
//! The guarantee: an append that was answered is durable, and no reader ever sees a position before a smaller one.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod append;
mod caused_by;
pub mod chain;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod copy;
mod event;
#[cfg(feature = "eventstoredb")]
mod eventstoredb;
mod follow;
mod ids;
mod memory;
mod port;
mod recent;
mod retry;
mod size;
mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;

pub use caused_by::{CausedBy, with_causes};
pub use clock::{Clock, system_clock};
pub use event::{EventId, NewEvent, Position, RecordedEvent, StreamName};
#[cfg(feature = "eventstoredb")]
pub use eventstoredb::{EventStoreDbLog, EventStoreDbOptions, Pauses};
pub use memory::MemoryLog;
pub use port::{
    AppendError, Appended, Checkpoint, EventLog, ExpectedRevision, FIRST_FORMAT, LogEnded, LogError, LogId, LogUnit,
    Mismatch, Piece, Subscription, SubscriptionItem,
};
pub use retry::Retry;
pub use size::{MAX_APPEND_BYTES, Room};
pub use sqlite::{SqliteLog, SqliteLogReader, SqliteOptions, Synchronous, sqlite_version};
