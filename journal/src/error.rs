//! Why the log could not be written or read.

use crate::{KeysError, Unreadable, seal};
use domain::CustomerId;
use eventlog::{AppendError, LogError, Retry, StreamName};

/// Why the log could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The stream can't be folded: it holds an event that this version can't read.
    #[error(transparent)]
    Unreadable(Box<Unreadable>),
    /// The customer's key was destroyed: nothing personal can be written for them any more.
    #[error("customer {0} was erased")]
    Erased(CustomerId),
    #[error("personal data does not belong into {0}")]
    Misplaced(StreamName),
    #[error("an append needs at least one event")]
    NothingToAppend,
    #[error("personal data can't be sealed")]
    Seal(#[from] seal::SealError),
    #[error("an event can't be written")]
    Json(#[from] serde_json::Error),
}

impl From<Unreadable> for JournalError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(Box::new(unreadable))
    }
}

impl JournalError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            JournalError::Append(error) => error.retry(),
            JournalError::Log(error) => error.retry(),
            JournalError::Keys(error) => error.retry(),
            JournalError::Unreadable(_)
            | JournalError::Erased(_)
            | JournalError::Misplaced(_)
            | JournalError::NothingToAppend
            | JournalError::Seal(_)
            | JournalError::Json(_) => Retry::Never,
        }
    }
}
