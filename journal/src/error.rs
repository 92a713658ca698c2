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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_whether_trying_again_helps() {
        let source = || std::io::Error::other("it is so").into();
        let stream = || StreamName::new("cart-42");
        let cases: [(JournalError, Retry); 6] = [
            (LogError::Unavailable(source()).into(), Retry::Later),
            (LogError::Damaged(source()).into(), Retry::Never),
            (KeysError::Away(source()).into(), Retry::Later),
            (KeysError::Damaged(source()).into(), Retry::Never),
            (AppendError::Empty { stream: stream() }.into(), Retry::Never),
            (JournalError::Misplaced(stream()), Retry::Never),
        ];
        for (error, retry) in cases {
            assert_eq!(error.retry(), retry, "{error:?}");
        }
    }
}
