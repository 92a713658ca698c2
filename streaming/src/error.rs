//! Why the worker stops, and what it waits out.

use crate::store::WindowStoreError;
use eventlog::LogError;
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
    /// Trying again can help.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            WorkerError::Store(WindowStoreError::Unavailable(_) | WindowStoreError::Moved(_)) => true,
            WorkerError::Journal(JournalError::Log(LogError::Unavailable(_)) | JournalError::Keys(_)) => true,
            WorkerError::Store(WindowStoreError::Damaged(_) | WindowStoreError::Foreign(_))
            | WorkerError::Rebuilding => false,
            WorkerError::Journal(JournalError::Log(LogError::Damaged(_) | LogError::ForeignCheckpoint { .. })) => false,
            WorkerError::Journal(
                JournalError::Append(_)
                | JournalError::Unreadable(_)
                | JournalError::Erased(_)
                | JournalError::Misplaced(_)
                | JournalError::NothingToAppend
                | JournalError::Seal(_)
                | JournalError::Json(_),
            ) => false,
        }
    }

    /// What is stored is not what was written.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, WorkerError::Store(WindowStoreError::Damaged(_)))
    }

    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self, WorkerError::Journal(JournalError::Log(LogError::ForeignCheckpoint { .. })))
    }

    /// The error with its source, in one line.
    pub(crate) fn said(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}
