//! Why the worker stops, and what it waits out.

use crate::store::WindowStoreError;
use eventlog::{LogError, Retry, with_causes};
use journal::JournalError;

/// Why the worker stopped.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Also [`LogError::ForeignCheckpoint`]: the windows are of another log. A rebuild helps.
    #[error("the metric windows can't follow the log")]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Store(#[from] WindowStoreError),
    #[error("the metric windows are being rebuilt already")]
    Rebuilding,
}

impl From<LogError> for WorkerError {
    fn from(error: LogError) -> Self {
        Self::Journal(error.into())
    }
}

impl WorkerError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            WorkerError::Store(error) => error.retry(),
            // A damaged vault as well: a backup of it may be restored beside, and nothing is counted wrong meanwhile.
            WorkerError::Journal(JournalError::Keys(_)) => Retry::Later,
            WorkerError::Journal(JournalError::Log(error)) => error.retry(),
            WorkerError::Journal(
                JournalError::Append(_)
                | JournalError::Unreadable(_)
                | JournalError::Erased(_)
                | JournalError::Misplaced(_)
                | JournalError::NothingToAppend
                | JournalError::Seal(_)
                | JournalError::Json(_),
            )
            | WorkerError::Rebuilding => Retry::Never,
        }
    }

    /// What is stored is not what was written.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, WorkerError::Store(WindowStoreError::Damaged(_)))
    }

    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self, WorkerError::Journal(JournalError::Log(LogError::ForeignCheckpoint { .. })))
    }

    /// The error with its causes, in one line.
    pub(crate) fn said(&self) -> String {
        with_causes(self)
    }
}
