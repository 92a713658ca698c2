//! What somebody else has seen of a stream's events, and what the log says to it.

use eventlog::RecordedEvent;
use eventlog::chain::EventHash;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Testimony {
    /// The views, of every stream.
    Views,
    /// The views, of the event where they stand in the log.
    ViewsCheckpoint,
    /// The metric windows, of the event where they stand in the log.
    WindowsCheckpoint,
    /// A saved state of the stream.
    Snapshot,
}

impl fmt::Display for Testimony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Testimony::Views => "the views",
            Testimony::ViewsCheckpoint => "the views' checkpoint",
            Testimony::WindowsCheckpoint => "the checkpoint of the metric windows",
            Testimony::Snapshot => "a snapshot",
        })
    }
}

/// One that could not be asked, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotAsked {
    pub by: Testimony,
    pub reason: String,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Sighting {
    pub by: Testimony,
    /// In the stream; `None`: what was seen is known by its position in the log alone.
    pub revision: Option<u64>,
    pub position: Option<u64>,
    pub hash: EventHash,
}

impl Sighting {
    pub fn is_of(&self, event: &RecordedEvent) -> bool {
        match self.revision {
            Some(revision) => revision == event.revision,
            None => self.position == Some(event.position.0),
        }
    }

    pub fn witness(&self, revision: u64, finding: Finding) -> Witness {
        Witness { by: self.by, revision, hash: self.hash.to_string(), finding }
    }
}

/// One that has seen an event, at another time and in another place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    pub by: Testimony,
    pub revision: u64,
    /// Of the event as it was seen.
    pub hash: String,
    pub finding: Finding,
}

/// What the log says to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    Agrees,
    /// Another event stands there.
    Differs,
    /// No event stands there.
    Missing,
}
