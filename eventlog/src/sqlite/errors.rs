//! What SQLite's errors mean to those who use the log.

use crate::port::LogError;
use rusqlite::Error;
use sqlite::{FailureKind, OpenError, SqliteError, Stopped};
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

pub(super) const IF_DAMAGED: &str = "the file is damaged: restore a backup of it, with its -wal";

/// What went wrong with the file, or with those who read and write it.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileFailure {
    #[error("{doing}: {error}{}", advice(Some(error.kind())))]
    Sqlite {
        doing: Cow<'static, str>,
        #[source]
        error: SqliteError,
    },
    #[error("{error}{}", advice(error.trouble()))]
    Opening {
        #[source]
        error: OpenError,
    },
    #[error("{} was replaced; restart to use what is there now", .0.display())]
    Replaced(PathBuf),
    #[error("its threads can't be started: {0}")]
    Threads(#[source] io::Error),
    #[error("its writer has stopped")]
    WriterStopped,
    #[error("writing to it broke off")]
    WriterBrokeOff,
    #[error("it is only looked at here")]
    OnlyLookedAt,
}

impl FileFailure {
    fn kind(&self) -> Option<FailureKind> {
        match self {
            FileFailure::Sqlite { error, .. } => Some(error.kind()),
            FileFailure::Opening { error } => error.trouble(),
            FileFailure::Replaced(_) => None,
            FileFailure::Threads(_)
            | FileFailure::WriterStopped
            | FileFailure::WriterBrokeOff
            | FileFailure::OnlyLookedAt => Some(FailureKind::Passing),
        }
    }
}

/// Says whether trying again can help: yes when the disk is full, failing or locked, no when the file isn't what it was.
impl From<FileFailure> for LogError {
    fn from(failure: FileFailure) -> Self {
        match failure.kind() {
            Some(FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing) => {
                LogError::Unavailable(failure.into())
            }
            Some(FailureKind::Damaged) | None => LogError::Damaged(failure.into()),
        }
    }
}

impl From<Stopped> for LogError {
    fn from(stopped: Stopped) -> Self {
        LogError::Unavailable(stopped.into())
    }
}

pub(super) fn log_error(doing: impl Into<Cow<'static, str>>, error: Error) -> LogError {
    FileFailure::Sqlite { doing: doing.into(), error: error.into() }.into()
}

pub(super) fn open_error(error: OpenError) -> LogError {
    FileFailure::Opening { error }.into()
}

fn advice(trouble: Option<FailureKind>) -> String {
    match trouble {
        Some(FailureKind::Damaged) => format!("; {IF_DAMAGED}"),
        Some(FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing) | None => String::new(),
    }
}
