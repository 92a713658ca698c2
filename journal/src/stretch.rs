//! What is appended to a stream, and what is read of it.

use crate::{Delivery, Envelope, Metadata};
use domain::Event;
use eventlog::chain::EventHash;
use eventlog::{EventId, Position};

/// Where a stream ends: what the next append builds on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The number of events in the stream.
    pub length: u64,
    /// The hash of its last event.
    pub last_hash: Option<EventHash>,
}

/// An event to append. `metadata.prev` and `metadata.schema_version` are filled in on the way.
#[derive(Clone, Debug)]
pub struct ToAppend {
    pub id: EventId,
    pub event: Event,
    pub metadata: Metadata,
}

/// What an append left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Of the last event.
    pub position: Position,
    pub tail: Tail,
    /// What the events take in the log, about.
    pub bytes: u64,
}

/// A stretch of one stream.
#[derive(Clone, Debug)]
pub struct StreamSlice {
    pub events: Vec<Envelope>,
    /// Where the stream ends if the stretch reaches its end, else where the stretch does.
    pub tail: Tail,
    /// The hash of the first event.
    pub first_hash: Option<EventHash>,
    /// What the events take in the log, about.
    pub bytes: u64,
    /// Whether the stretch may have ended because there was no room, so that there is more.
    pub is_full: bool,
}

/// As [`StreamSlice`], each event alone: of those that can't be read it says so.
#[derive(Clone, Debug)]
pub struct StreamDeliveries {
    pub events: Vec<Delivery>,
    /// What the events take in the log, about.
    pub bytes: u64,
    /// Whether the stretch may have ended because there was no room, so that there is more.
    pub is_full: bool,
}
