//! How a tree's growth stands.

use eventlog::{LogId, Mismatch, Position};
use proof::hash::Hash;

/// How a tree's growth stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeStatus {
    /// Its leaves.
    pub size: u64,
    /// Up to where the log was looked at.
    pub position: Position,
    /// Whether all that was in the log a moment ago is in the tree.
    pub is_caught_up: bool,
    /// Why it does not grow. `None`: it does.
    pub trouble: Option<String>,
    /// When it was last taken away to be built anew, since this process began: whoever has signed for the tree before has to hold the
    /// new one against that.
    pub anew: Option<Anew>,
}

/// A tree that was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anew {
    pub why: WhyAnew,
    /// Its leaves and its root, where they could be read.
    pub before: Option<(u64, Hash)>,
}

/// Why a tree was built anew.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyAnew {
    #[error("the log was put back, and has not got what the tree was built of: {0}")]
    PutBack(Mismatch),
    #[error("it was of log {0}, which was accepted to be another one")]
    OtherLog(LogId),
    #[error("what was kept of it was damaged: {0}")]
    Damaged(String),
    #[error("somebody asked for it")]
    Asked,
}

/// How far catching up is: in what the log's positions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatchUp {
    pub done: u64,
    pub total: u64,
}
