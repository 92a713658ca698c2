//! What whoever opens the log may choose.

use crate::clock::{Clock, system_clock};
use crate::port::FIRST_FORMAT;
use crate::size::MAX_APPEND_BYTES;
use sqlite::Synchronous;

/// How a [`SqliteLog`](crate::SqliteLog) works. The defaults suit a server that stays below 150 MB in all.
#[derive(Clone)]
pub struct SqliteOptions {
    pub synchronous: Synchronous,
    /// The most that one append may hold; more is `TooLarge`.
    pub max_append_bytes: usize,
    /// The most appends that one transaction takes.
    pub batch_appends: usize,
    /// The most appends that wait; more wait outside, in the order they came.
    pub queued_appends: usize,
    /// The most bytes that wait, and so the most in one transaction. At least `max_append_bytes`.
    pub queued_bytes: usize,
    /// The most reads at one time, each with a connection and a blocking thread.
    pub readers: usize,
    /// How many of the latest events, and how many bytes of them, are kept in memory for those who follow the log.
    pub recent_events: usize,
    pub recent_bytes: usize,
    /// After how many pages (of 4 KiB) the write-ahead log is copied into the file, in the background. It grows to four
    /// times that under load, and is emptied when nothing is appended for a second.
    pub checkpoint_pages: u32,
    /// Of how many streams the writer remembers the end.
    pub remembered_streams: usize,
    /// Gives `recorded_at`.
    pub clock: Clock,
    /// The format of the events that are written: see [`FIRST_FORMAT`]. A log of a later one is refused; one of an earlier one is
    /// of this one from the first append on.
    pub format: u32,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            max_append_bytes: MAX_APPEND_BYTES,
            batch_appends: 256,
            queued_appends: 1024,
            queued_bytes: 2 * MAX_APPEND_BYTES,
            readers: 4,
            recent_events: 8192,
            recent_bytes: 8 * 1024 * 1024,
            checkpoint_pages: 1_000,
            remembered_streams: 32_768,
            clock: system_clock(),
            format: FIRST_FORMAT,
        }
    }
}
