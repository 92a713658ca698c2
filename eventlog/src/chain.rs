//! The hash chain: every event's metadata carries the hash of its stream's previous event (`prev`), so that nobody
//! can change, drop or reorder a stored event without the next one giving it away.

use crate::event::{EventId, RecordedEvent};
use serde::{Deserialize, Serialize};
use std::fmt;

/// BLAKE3 over length-prefixed stream, revision, id, type, stored data and stored metadata (with `prev`); never over
/// position or server time, so that a copied log has the same hashes. As text 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventHash([u8; 32]);

/// The hash of an event from its parts, as they will be stored.
pub fn hash(stream: &str, revision: u64, id: EventId, event_type: &str, data: &[u8], metadata: &[u8]) -> EventHash {
    let mut hasher = blake3::Hasher::new();
    for part in [stream.as_bytes(), &revision.to_le_bytes(), id.as_bytes(), event_type.as_bytes(), data, metadata] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    EventHash(*hasher.finalize().as_bytes())
}

/// The hash of a stored event.
pub fn hash_of(event: &RecordedEvent) -> EventHash {
    hash(event.stream.as_str(), event.revision, event.id, &event.event_type, &event.data, &event.metadata)
}

impl fmt::Display for EventHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for EventHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for EventHash {
    type Err = hex::FromHexError;
    fn from_str(text: &str) -> Result<Self, hex::FromHexError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for EventHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
