//! The log as the domain speaks it: typed events with metadata in, typed events out.
//!
//! What lives here: how an event of the domain becomes stored bytes and back (metadata, the hash chain's `prev`,
//! sealing of personal data with the customer's key, upcasting of old schema versions), and following the log with one
//! decoding shared by all followers of the process. What doesn't: rules (`domain`), storage (`eventlog`), keys (the
//! vault, behind [`Keys`]).

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod codec;
mod envelope;
mod error;
mod follow;
mod heads;
mod index;
#[allow(clippy::module_inception)]
mod journal;
mod keys;
mod metadata;
mod positions;
mod seal;
mod stretch;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod upcast;

pub use envelope::{Delivery, Envelope, Unreadable};
pub use error::JournalError;
pub use follow::{Batch, Follower, Memory};
pub use heads::StoreHeads;
pub use index::{EventKey, FoundPositions, IndexError, LogIndex};
pub use journal::Journal;
pub use keys::{Keys, KeysError, SealingKey};
pub use metadata::{Actor, By, Idempotency, Metadata, NamedPerson};
pub use positions::Positions;
pub use seal::{SealError, open_name, seal_name};
pub use stretch::{StreamDeliveries, StreamSlice, Tail, ToAppend, Written};
