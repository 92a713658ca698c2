//! What SQLite's errors mean to those who use the log.

use crate::port::LogError;
use rusqlite::Error;
use sqlite::{FailureKind, OpenError, Stopped, says, trouble};

pub(super) const IF_DAMAGED: &str = "the file is damaged: restore a backup of it, with its -wal";

/// Says whether trying again can help: yes when the disk is full, failing or locked, no when the file isn't what it was.
pub(super) fn log_error(doing: &str, error: &Error) -> LogError {
    of_trouble(trouble(error), format!("{doing}: {}", says(error)))
}

pub(super) fn open_error(error: &OpenError) -> LogError {
    match error.trouble() {
        Some(trouble) => of_trouble(trouble, error.to_string()),
        None => LogError::Damaged(error.to_string()),
    }
}

fn of_trouble(trouble: FailureKind, reason: String) -> LogError {
    match trouble {
        FailureKind::Damaged => LogError::Damaged(format!("{reason}; {IF_DAMAGED}")),
        FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing => LogError::Unavailable(reason),
    }
}

impl From<Stopped> for LogError {
    fn from(stopped: Stopped) -> Self {
        LogError::Unavailable(stopped.to_string())
    }
}
