//! What everything that cartlog keeps in SQLite files shares.
//!
//! What lives here: opening a file that is ours, for its owner alone ([`files`], [`header`]); copying what was committed from the
//! write-ahead log into the file, so that the log stays bounded and is empty after a stop ([`checkpointer`]); what SQLite's errors
//! mean ([`trouble`]); whether the disk has room ([`space`]); a small file behind async calls ([`database`]). What doesn't: tables, statements, who writes and who reads.

mod checkpointer;
mod database;
pub mod files;
mod header;
mod space;
mod trouble;

pub use checkpointer::{Bounds, Checkpointer, journal_size_limit};
pub use database::{Database, Failure, Format, OtherVersion};
pub use header::{Header, connect};
pub use space::{Probe, Short, Space};
pub use trouble::{Trouble, says, trouble};

/// A file whose write-ahead log can be taken into it.
pub trait Settle: Send + Sync {
    /// Copies all that was committed into the file and empties its write-ahead log: from then on, until the next commit, the file
    /// alone is whole. Blocks, for as long as the disk takes and at most seconds for whoever reads.
    ///
    /// # Errors
    /// The disk's, or somebody reads for too long: nothing is lost, and all is still in the log beside the file.
    fn settle(&self) -> Result<(), String>;
}
