//! Writing into a log beside whoever else does, as commands would have.

use crate::{Actor, Journal, Metadata, Tail, ToAppend};
use domain::{Event, StoreId, Timestamp};
use eventlog::{EventId, Position, StreamName};
use std::collections::HashMap;

/// When histories begin: 2026-01-01T00:00:00Z.
pub const BEGINNING: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// What cartlog does by itself, under no key, as the first of whatever it sets off.
pub fn to_append(id: EventId, store_id: StoreId, occurred_at: Timestamp, event: impl Into<Event>) -> ToAppend {
    let metadata = Metadata {
        schema_version: 0, // filled in on the way
        store_id,
        occurred_at,
        actor: Actor::System,
        by: None,
        request_id: None,
        idempotency: None,
        causation_id: None,
        correlation_id: id,
        prev: None,
    };
    ToAppend { id, event: event.into(), metadata }
}

/// Appends, and knows where each stream ends that it alone writes.
pub struct Pen {
    journal: Journal,
    tails: HashMap<String, Tail>,
}

impl Pen {
    /// Of streams that are not there yet.
    pub fn new(journal: Journal) -> Self {
        Self { journal, tails: HashMap::new() }
    }

    /// All in one append; gives the position of the last.
    ///
    /// # Panics
    /// The log is away, or somebody else has written the stream.
    pub async fn append(&mut self, stream: String, events: &[ToAppend]) -> Position {
        let tail = self.tails.get(&stream).copied().unwrap_or_default();
        let written = self.journal.append(&StreamName::new(stream.as_str()), tail, events).await.expect("appended");
        self.tails.insert(stream, written.tail);
        written.position
    }
}
