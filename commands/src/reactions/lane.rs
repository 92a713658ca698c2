//! What is done in order: each lane by itself, side by side with all others.

use eventlog::StreamName;
use serde::{Deserialize, Serialize};

/// What is done in one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// All that follows from a stream's events.
    Stream,
    /// One hold.
    Hold,
    /// One job.
    Job,
}

/// The name of a lane.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Lane {
    kind: Kind,
    stream: StreamName,
    /// Of the event that asks for it; 0 where it is all of the stream's.
    revision: u64,
}

impl Lane {
    pub(super) fn new(kind: Kind, stream: &StreamName, revision: u64) -> Self {
        let revision = if kind == Kind::Stream { 0 } else { revision };
        Self { kind, stream: stream.clone(), revision }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn is_job(&self) -> bool {
        self.kind == Kind::Job
    }
}
