//! A stored event, read.

use crate::Metadata;
use domain::numbers::NumberingEvent;
use domain::{Event, Personal, StoreId, Timestamp};
use eventlog::chain::EventHash;
use eventlog::{CausedBy, EventId, Position, StreamName};
use serde_json::Value;
use std::sync::Arc;

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
    /// Of the event as it is stored.
    pub hash: EventHash,
    pub metadata: Metadata,
    pub event: Event,
}

impl Envelope {
    /// The event's data for a reader who may see personal data: open, or null once erased.
    pub fn open_data(&self) -> Result<Value, serde_json::Error> {
        let mut event = self.event.clone();
        let personal =
            event.personal_mut().map(|personal| std::mem::replace(personal, Personal::Sealed(String::new())));
        let mut data = serde_json::to_value(&event)?;
        if let (Some(personal), Some(fields)) = (personal, data.as_object_mut()) {
            fields.insert("personal".to_owned(), serde_json::to_value(personal.open())?);
        }
        Ok(data)
    }
}

/// What a follower gets for each event of the log.
#[derive(Clone, Debug)]
pub enum Delivery {
    Event(Arc<Envelope>),
    /// An event that this version can't read: it is passed on, so that whoever follows can park what depends on it.
    Unreadable(Arc<Unreadable>),
}

impl From<Result<Envelope, Unreadable>> for Delivery {
    fn from(read: Result<Envelope, Unreadable>) -> Self {
        match read {
            Ok(envelope) => Delivery::Event(Arc::new(envelope)),
            Err(unreadable) => Delivery::Unreadable(Arc::new(unreadable)),
        }
    }
}

/// A stored event that can't be read: of a newer version, or damaged.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{stream} revision {revision} (position {position}, {event_type}) can't be read: {reason}")]
pub struct Unreadable {
    pub stream: StreamName,
    pub revision: u64,
    pub position: Position,
    pub id: EventId,
    pub event_type: Arc<str>,
    /// Of the event as it is stored.
    pub hash: EventHash,
    /// The store that it belongs to, where its metadata say at least that.
    pub store_id: Option<StoreId>,
    /// What it means for its store's numbers: an invoice that can't be read has one all the same.
    pub numbering: Option<Box<NumberingEvent>>,
    pub reason: CausedBy,
    /// All but its personal data can be read: the customer's key is not the one that it was sealed with, or it was altered.
    pub is_locked: bool,
}

impl Delivery {
    pub fn position(&self) -> Position {
        match self {
            Delivery::Event(envelope) => envelope.position,
            Delivery::Unreadable(unreadable) => unreadable.position,
        }
    }

    pub fn id(&self) -> EventId {
        match self {
            Delivery::Event(envelope) => envelope.id,
            Delivery::Unreadable(unreadable) => unreadable.id,
        }
    }

    pub fn stream(&self) -> &StreamName {
        match self {
            Delivery::Event(envelope) => &envelope.stream,
            Delivery::Unreadable(unreadable) => &unreadable.stream,
        }
    }

    pub fn revision(&self) -> u64 {
        match self {
            Delivery::Event(envelope) => envelope.revision,
            Delivery::Unreadable(unreadable) => unreadable.revision,
        }
    }

    /// Of the event as it is stored.
    pub fn hash(&self) -> EventHash {
        match self {
            Delivery::Event(envelope) => envelope.hash,
            Delivery::Unreadable(unreadable) => unreadable.hash,
        }
    }
}
