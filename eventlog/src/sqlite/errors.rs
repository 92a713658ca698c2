//! What SQLite's errors mean to those who use the log.

use crate::port::LogError;
use rusqlite::Error;
use sqlite::{Trouble, says, trouble};

/// Says whether trying again can help: yes when the disk is full, failing or locked, no when the file isn't what it was.
pub(super) fn log_error(doing: &str, error: &Error) -> LogError {
    let reason = format!("{doing}: {}", says(error));
    match trouble(error) {
        Trouble::Damaged => {
            LogError::Damaged(format!("{reason}; the file is damaged: restore a backup of it, with its -wal"))
        }
        Trouble::Full | Trouble::ReadOnly | Trouble::Passing => LogError::Unavailable(reason),
    }
}
