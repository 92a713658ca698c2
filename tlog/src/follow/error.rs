//! Why a tree grows no more.

use crate::builder::FoldError;
use crate::rules::Rules;
use crate::store::TreeStoreError;
use crate::tree::TreeError;
use eventlog::{LogError, LogId, Retry, with_causes};

/// Why a tree grows no more.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error("the log's tree can't follow the log")]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] TreeStoreError),
    /// Among them [`TreeError::Differs`]: the log was changed since the tree was built.
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// It is left as it is: somebody else may be building it.
    #[error("the log's tree is of log {of}, and this is log {log}")]
    OtherLog { of: LogId, log: LogId },
    /// It is left as it is: its leaves are others than those that were to be added.
    #[error("the log's tree was built by other rules than are in force now: leaves of version {}", of.leaf_version)]
    OtherRules { of: Rules },
    #[error("the log's tree is being built anew already")]
    Rebuilding,
}

impl FollowError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Log(error) => error.retry(),
            Self::Store(error) => error.retry(),
            Self::Tree(error) => error.retry(),
            Self::Fold(error) => error.retry(),
            Self::OtherLog { .. } | Self::OtherRules { .. } | Self::Rebuilding => Retry::Never,
        }
    }

    /// What is kept is not what was written, so that building it anew helps. What the log has is another matter.
    pub(super) fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Store(TreeStoreError::Damaged(_))
                | Self::Tree(
                    TreeError::Store(TreeStoreError::Damaged(_)) | TreeError::Malformed(_) | TreeError::Lacks(_)
                )
                | Self::Fold(FoldError::DamagedStore(_))
        )
    }

    /// The error with its causes, in one line.
    pub(super) fn said(&self) -> String {
        with_causes(self)
    }
}
