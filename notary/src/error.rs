//! Why nothing is signed.

use eventlog::{LogError, LogId, Retry};
use proof::checkpoint::CheckpointTextError;
use proof::hash::Hash;
use proof::keys::KeyNameError;
use proof::note::NoteError;
use proof::tlog_proof::TlogProofTextError;
use std::fmt;
use tlog::{CheckpointsError, TreeError, UnknownRules};
use vault::VaultError;

/// How large a tree is, and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub size: u64,
    pub root: Hash,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} leaves with the root {}", self.size, self.root)
    }
}

/// Why nothing was signed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotaryError {
    /// The log has been rewritten, or put back to an earlier day, since a head of it was signed. Nothing is signed any more until
    /// somebody has looked: either the log that was is brought back, or a new incarnation of it begins.
    #[error("{signed} was signed of this log, and it has {now} now, which does not extend that: the log was changed")]
    Contradicts { signed: Head, now: Head },
    /// The tree has not all leaves yet that it had, as somebody builds it anew.
    #[error("the log's tree is being built anew: it has {now} leaves, and {signed} were signed")]
    Behind { signed: u64, now: u64 },
    /// The setting was changed. A log that signs under two names has two histories.
    #[error("this log signs as {signed}, and is told to sign as {told}; set its name back")]
    OtherOrigin { signed: String, told: String },
    #[error("the tree is of log {found}, and heads of log {signs} are signed here")]
    OtherLog { signs: LogId, found: LogId },
    #[error("the tree follows rules that are not known here")]
    Rules(#[from] UnknownRules),
    #[error("the tree's tiles do not have its own root; it has to be built anew")]
    DamagedTree,
    /// One was kept that is not what this key signs.
    #[error("a checkpoint of {size} leaves is kept that is not the one which was signed")]
    OtherNote { size: u64 },
    #[error("the checkpoint's text is none: {0}")]
    Origin(#[from] CheckpointTextError),
    #[error("the key can't have this name: {0}")]
    KeyName(#[from] KeyNameError),
    #[error("the checkpoint can't be signed, or is not one: {0}")]
    Note(#[from] NoteError),
    #[error("the proof can't be written: {0}")]
    Proof(#[from] TlogProofTextError),
    #[error("the tree does not answer")]
    Tree(#[from] TreeError),
    #[error("the log can't be read beside its tree")]
    Log(#[from] LogError),
    #[error("the vault, which has the log's key")]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Checkpoints(#[from] CheckpointsError),
}

impl NotaryError {
    /// Of a tree that had so many leaves a moment ago: if it has fewer now, it was taken away meanwhile.
    pub(crate) fn of_tree(error: TreeError, signed: u64) -> Self {
        match error {
            TreeError::NotSoLarge { size: now, .. } | TreeError::NoSuchTile { size: now, .. } => {
                Self::Behind { signed, now }
            }
            error => Self::Tree(error),
        }
    }

    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Behind { .. } => Retry::Busy,
            Self::Tree(error) => error.retry(),
            Self::Log(error) => error.retry(),
            Self::Vault(error) => error.retry(),
            Self::Checkpoints(error) => error.retry(),
            Self::Contradicts { .. }
            | Self::OtherOrigin { .. }
            | Self::OtherLog { .. }
            | Self::Rules(_)
            | Self::DamagedTree
            | Self::OtherNote { .. }
            | Self::Origin(_)
            | Self::KeyName(_)
            | Self::Note(_)
            | Self::Proof(_) => Retry::Never,
        }
    }
}
