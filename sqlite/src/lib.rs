//! What everything that cartlog keeps in SQLite files shares.
//!
//! What lives here: in what one file differs from another ([`Format`]); opening a file that is ours, for its owner alone ([`open`],
//! [`files`]), by one process at a time ([`lock`]); its connections ([`File`], [`Readers`], [`Turns`]); copying what was committed from
//! the write-ahead log into the file, so that the log stays bounded and is empty after a stop ([`Checkpointer`]); what SQLite's errors
//! mean ([`trouble()`]); whether the disk has room ([`Space`]); a small file behind async calls ([`Database`]). What doesn't: tables,
//! statements, who writes and who reads.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod checkpointer;
mod database;
mod error;
mod file;
pub mod files;
mod format;
mod header;
mod lock;
mod open;
mod readers;
mod space;
mod trouble;
mod turns;

pub use checkpointer::{Bounds, Checkpointer};
pub use database::{Database, DatabaseError, Reason};
pub use error::{OpenError, ReadError, SettleError, Stopped};
pub use file::File;
pub use format::{Advice, ConnectionMemory, Format, Migration, OtherVersion, Synchronous, WhatIsFound};
pub use header::{Header, connect};
pub use lock::lock;
pub use open::{Opened, look, open, reopen};
pub use readers::Readers;
pub use space::{Probe, Short, Space};
pub use trouble::{FailureKind, SqliteError, says, trouble};
pub use turns::Turns;

/// A file whose write-ahead log can be taken into it.
pub trait Settle: Send + Sync {
    /// Copies all that was committed into the file and empties its write-ahead log: from then on, until the next commit, the file
    /// alone is whole. Blocks, for as long as the disk takes and at most seconds for whoever reads.
    ///
    /// # Errors
    /// The disk's, or somebody reads for too long: nothing is lost, and all is still in the log beside the file.
    fn settle(&self) -> Result<(), SettleError>;
}
