//! What SQLite's errors mean to those who use the log.

use crate::port::LogError;
use rusqlite::{Error, ErrorCode};

/// Says whether trying again can help: yes when the disk is full, failing or locked, no when the file isn't what it was.
pub(super) fn log_error(doing: &str, error: &Error) -> LogError {
    match is_damage(error) {
        true => {
            LogError::Damaged(format!("{doing}: {error}; the file is damaged: restore a backup of it, with its -wal"))
        }
        false => LogError::Unavailable(format!("{doing}: {error}")),
    }
}

fn is_damage(error: &Error) -> bool {
    match error {
        Error::SqliteFailure(failure, _) => {
            matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        }
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..)
        | Error::QueryReturnedNoRows => true,
        // Of a foreign crate, and marked non-exhaustive: what remains is misuse or a passing trouble.
        _ => false,
    }
}
