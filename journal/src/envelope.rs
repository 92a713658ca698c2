//! A stored event, read.

use crate::Metadata;
use domain::{Event, Timestamp};
use eventlog::{EventId, Position, StreamName};

/// An event with all that is known of it. Personal data is open, or erased when the customer's key is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    pub stream: StreamName,
    /// Its place in the stream, from 0.
    pub revision: u64,
    pub position: Position,
    pub id: EventId,
    /// The log's own time of the append.
    pub recorded_at: Timestamp,
    pub metadata: Metadata,
    pub event: Event,
}
