//! What is appended, and what is read back.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// The name of a stream, `<category>-<id>`; cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamName(Arc<str>);

impl StreamName {
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identity of one event, chosen by whoever appends it; unique in the log.
pub type EventId = Uuid;

/// Where an event stands in the order of all events. Strictly rising from 1, not necessarily dense; 0 is 'before the
/// first'. Only comparable within one log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Position = Position(0);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event to append. `data` and `metadata` are JSON and are stored byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    pub id: EventId,
    pub event_type: String,
    pub data: Bytes,
    pub metadata: Bytes,
}

/// An event as it stands in the log; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    pub stream: StreamName,
    /// Its place in the stream, from 0, without gaps.
    pub revision: u64,
    pub position: Position,
    pub id: EventId,
    pub event_type: Arc<str>,
    pub data: Bytes,
    pub metadata: Bytes,
    /// The log's own time of the append. Not part of the hash.
    pub recorded_at: DateTime<Utc>,
}
