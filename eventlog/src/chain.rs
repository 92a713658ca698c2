//! The hash chain: every event's metadata carries the hash of its stream's previous event (`prev`), so that nobody
//! can change, drop or reorder a stored event without the next one giving it away.

use crate::event::{EventId, RecordedEvent, StreamName};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;

/// BLAKE3 over length-prefixed stream, revision, id, type, stored data and stored metadata (with `prev`); never over
/// position or server time, so that a copied log has the same hashes. As text 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventHash([u8; 32]);

impl From<[u8; 32]> for EventHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl EventHash {
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

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

/// Where a chain is broken: this event, or the one before it, is not what was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    #[error("{stream}: revision {expected} is missing, {found} comes in its place")]
    Gap { stream: StreamName, expected: u64, found: u64 },
    #[error("{stream}: revision {revision} names {found:?} as the hash of the event before it, which is {expected:?}")]
    Mismatch { stream: StreamName, revision: u64, expected: Option<EventHash>, found: Option<EventHash> },
}

/// Follows the chains of any number of streams, each from its first event on, in the order of their revisions.
///
/// An event is vouched for by the one after it. What vouches for the last of a stream is [`tail`](Chains::tail), which
/// an auditor compares with a hash noted elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Chains {
    /// The length of each stream, and the hash of its last event.
    tails: HashMap<StreamName, (u64, EventHash)>,
}

impl Chains {
    /// Takes the next event of its stream, with the `prev` that it carries.
    pub fn follow(&mut self, event: &RecordedEvent, prev: Option<EventHash>) -> Result<(), BrokenChain> {
        let tail = self.tails.get(&event.stream);
        let length = tail.map_or(0, |(length, _)| *length);
        let stream = event.stream.clone();
        if event.revision != length {
            return Err(BrokenChain::Gap { stream, expected: length, found: event.revision });
        }
        let expected = tail.map(|(_, hash)| *hash);
        if prev != expected {
            return Err(BrokenChain::Mismatch { stream, revision: length, expected, found: prev });
        }
        self.tails.insert(stream, (length + 1, hash_of(event)));
        Ok(())
    }

    /// The length of the stream as followed so far, and the hash of its last event.
    pub fn tail(&self, stream: &StreamName) -> Option<(u64, EventHash)> {
        self.tails.get(stream).copied()
    }
}

/// Follows the chains of these events, of one stream or of several, to the first break. `prev_of` reads `prev` from an
/// event's metadata.
pub fn verify<'a>(
    events: impl IntoIterator<Item = &'a RecordedEvent>,
    prev_of: impl Fn(&RecordedEvent) -> Option<EventHash>,
) -> Result<Chains, BrokenChain> {
    let mut chains = Chains::default();
    for event in events {
        chains.follow(event, prev_of(event))?;
    }
    Ok(chains)
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
