//! What SQLite's errors mean.

use rusqlite::{Error, ErrorCode};
use std::sync::Arc;

/// What an error asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The disk is full: it goes on once there is room.
    Full,
    /// The file, or its file system, can't be written.
    ReadOnly,
    /// The file is not what was written: trying again does not help.
    Damaged,
    /// Locked, failing, or something else that may pass.
    Passing,
}

/// What the error asks for.
pub fn trouble(error: &Error) -> FailureKind {
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => FailureKind::Full,
            ErrorCode::ReadOnly => FailureKind::ReadOnly,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => FailureKind::Damaged,
            _ => FailureKind::Passing,
        },
        // What is in a column is not what this program ever wrote there.
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..)
        | Error::QueryReturnedNoRows => FailureKind::Damaged,
        // Of a foreign crate, and marked non-exhaustive: what remains is misuse or a passing trouble.
        _ => FailureKind::Passing,
    }
}

/// The error, with what it means where SQLite's words don't say it.
pub fn says(error: &Error) -> String {
    match trouble(error) {
        FailureKind::Full => "the disk is full".to_owned(),
        FailureKind::ReadOnly => format!("the file can't be written: {error}"),
        FailureKind::Damaged => format!("the file is damaged: {error}"),
        FailureKind::Passing => error.to_string(),
    }
}

/// An error of SQLite's that says what it means, for errors that carry it. Cheap to clone. SQLite's own words are in its text already,
/// so that it has no source.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", says(.0))]
pub struct SqliteError(Arc<Error>);

impl SqliteError {
    /// What it asks for.
    pub fn kind(&self) -> FailureKind {
        trouble(&self.0)
    }
}

impl From<Error> for SqliteError {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn each_kind_of_failure_is_told_apart() {
        let cases = [
            (ffi::SQLITE_FULL, FailureKind::Full),
            (ffi::SQLITE_READONLY, FailureKind::ReadOnly),
            (ffi::SQLITE_CORRUPT, FailureKind::Damaged),
            (ffi::SQLITE_NOTADB, FailureKind::Damaged),
            (ffi::SQLITE_IOERR, FailureKind::Passing),
            (ffi::SQLITE_BUSY, FailureKind::Passing),
        ];
        for (code, expected) in cases {
            let error = Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(trouble(&error), expected, "{error}");
        }
    }
}
