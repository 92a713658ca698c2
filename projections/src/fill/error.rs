//! Why views can't be filled.

use super::alone::FoldError;
use super::thread::BrokeOff;
use crate::store::ReadStoreError;
use eventlog::LogError;
use journal::JournalError;

/// Why views can't be filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Store(#[from] ReadStoreError),
    /// A row could not be folded alone.
    #[error(transparent)]
    Fold(#[from] FoldError),
    #[error("there is no view '{name}'; there are {}", known.join(", "))]
    UnknownView { name: String, known: Vec<&'static str> },
    /// Another node leads in it.
    #[error("another node fills the view '{0}', as another version of cartlog runs beside this one")]
    FilledElsewhere(&'static str),
    #[error("a rebuild is under way already")]
    AlreadyRebuilding,
    /// What was done stays done, and the next time goes on from there.
    #[error("stopped before it was done")]
    Stopped,
    #[error(transparent)]
    BrokeOff(#[from] BrokeOff),
}
