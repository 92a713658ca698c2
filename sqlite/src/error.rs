//! Why a file could not be opened or used.

use crate::{FailureKind, SqliteError, says, trouble};
use std::io;
use std::path::PathBuf;
use tokio::task::JoinError;

/// Why a file could not be opened. What is the matter is said whole, so that no cause has to be printed after it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("opening {}: {error}", path.display())]
    Disk { path: PathBuf, error: io::Error },
    #[error("opening {}: {}", path.display(), says(error))]
    Sqlite { path: PathBuf, error: rusqlite::Error },
    /// Only while nobody reads it can be made sure of what stands there.
    #[error("{}: somebody else is reading it", path.display())]
    InUse { path: PathBuf },
    /// Another process may be writing to it.
    #[error("{}: it is open already; stop whoever has it, or choose another data directory", path.display())]
    Locked { path: PathBuf },
    /// It is left as it is.
    #[error("{} {advice}", path.display())]
    NotOurs { path: PathBuf, advice: &'static str },
    /// It is left as it is.
    #[error("{} has format {version}, and this version reads {reads}; {advice}", path.display())]
    OtherVersion { path: PathBuf, version: i64, reads: String, advice: &'static str },
    #[error("{} can't be moved away: {error}", path.display())]
    Stuck { path: PathBuf, error: io::Error },
    #[error("no thread can be started: {0}")]
    Thread(io::Error),
}

impl OpenError {
    /// What it asks for; `None`: the file is whole, and not for this program.
    pub fn trouble(&self) -> Option<FailureKind> {
        match self {
            OpenError::Sqlite { error, .. } => Some(trouble(error)),
            OpenError::Disk { .. }
            | OpenError::InUse { .. }
            | OpenError::Locked { .. }
            | OpenError::Stuck { .. }
            | OpenError::Thread(_) => Some(FailureKind::Passing),
            OpenError::NotOurs { .. } | OpenError::OtherVersion { .. } => None,
        }
    }

    pub fn is_damage(&self) -> bool {
        self.trouble() == Some(FailureKind::Damaged)
    }
}

/// Why nothing was asked of a file, or not to its end: whoever keeps something in one is away then.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// Another one could not be put in its place, or its end has come.
    #[error("the file is closed")]
    FileClosed,
    /// Nothing is begun any more.
    #[error("it was closed")]
    Closed,
    #[error("it was stopped: {0}")]
    BrokenOff(#[source] JoinError),
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error("{}", says(.0))]
    Sqlite(#[from] rusqlite::Error),
}

/// Why a write-ahead log could not be taken into its file. Nothing is lost: all is still in the log beside it.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    #[error("{}: somebody reads it, and its write-ahead log stays", path.display())]
    InUse { path: PathBuf },
    #[error("{}: {error}", path.display())]
    Sqlite {
        path: PathBuf,
        #[source]
        error: SqliteError,
    },
}
