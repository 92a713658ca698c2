//! By what an event is found.

use crate::said::Said;
use domain::{ActorId, TokenId};
use eventlog::EventId;
use uuid::Uuid;

/// What stands in an event, or in its metadata, and is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The event itself.
    Event(EventId),
    /// What one request set off.
    Request(String),
    /// All that one beginning set off.
    Correlation(EventId),
    /// What followed from an event at once.
    Causation(EventId),
    /// What was done with a token, or by cartlog itself because of what was done with it.
    Token(TokenId),
    /// What was done for a person at a store's desk.
    Person(ActorId),
}

/// A key of a store, as filters know it: nothing tells of what it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyHash(pub u64);

/// Ids and texts are told apart, and one id is the same whatever it is the id of: most events correlate with themselves.
const AN_ID: u8 = 0;
const A_TEXT: u8 = 1;

impl Key {
    pub(crate) fn hash(&self, store: Uuid) -> KeyHash {
        match self {
            Self::Request(text) => of_text(store, text),
            Self::Event(id) | Self::Correlation(id) | Self::Causation(id) => of_id(store, *id),
            Self::Token(TokenId(id)) | Self::Person(ActorId(id)) => of_id(store, *id),
        }
    }

    /// Whether the event has it.
    pub(crate) fn is_of(&self, event: EventId, said: &Said<'_>) -> bool {
        match self {
            Self::Event(id) => *id == event,
            Self::Request(text) => said.request.as_ref().is_some_and(|request| request == text),
            Self::Correlation(id) => said.correlation == Some(*id),
            Self::Causation(id) => said.causation == Some(*id),
            Self::Token(TokenId(id)) => said.token == Some(*id) || said.by_token == Some(*id),
            Self::Person(ActorId(id)) => said.by_person == Some(*id),
        }
    }
}

/// All keys of an event of the store.
pub(crate) fn hashes(store: Uuid, event: EventId, said: &Said<'_>) -> impl Iterator<Item = KeyHash> {
    // One that is the same as the event's own is told once: most are.
    let others = [said.correlation, said.causation, said.token, said.by_token, said.by_person];
    let ids = others.into_iter().flatten().filter(move |id| *id != event).chain([event]);
    ids.map(move |id| of_id(store, id)).chain(said.request.as_ref().map(|text| of_text(store, text)))
}

/// The store comes first: whoever may ask for one store's keys learns nothing of another's.
fn of_id(store: Uuid, id: Uuid) -> KeyHash {
    let mut hashed = [AN_ID; 33];
    hashed[..16].copy_from_slice(store.as_bytes());
    hashed[17..].copy_from_slice(id.as_bytes());
    shortened(blake3::hash(&hashed))
}

fn of_text(store: Uuid, text: &str) -> KeyHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(store.as_bytes()).update(&[A_TEXT]).update(text.as_bytes());
    shortened(hasher.finalize())
}

fn shortened(hash: blake3::Hash) -> KeyHash {
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    KeyHash(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::said::said;

    #[test]
    fn what_an_event_has_is_among_its_hashes_and_what_it_has_not_is_not() {
        let (store, event) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let id = |number: u128| Uuid::from_u128(number);
        let metadata = format!(
            r#"{{"correlation_id":"{}","causation_id":"{}","actor":{{"token":"{}"}},"request_id":"r",
                "by":{{"token":"{}","person":{{"id":"{}"}}}}}}"#,
            id(3),
            id(4),
            id(5),
            id(6),
            id(7)
        );
        let said = said(metadata.as_bytes());
        let hashes: Vec<KeyHash> = hashes(store, event, &said).collect();
        assert_eq!(hashes.len(), 7);
        let keys = [
            Key::Event(event),
            Key::Correlation(id(3)),
            Key::Causation(id(4)),
            Key::Token(TokenId(id(5))),
            Key::Token(TokenId(id(6))),
            Key::Person(ActorId(id(7))),
            Key::Request("r".to_owned()),
        ];
        for key in keys {
            assert!(key.is_of(event, &said) && hashes.contains(&key.hash(store)), "{key:?}");
            assert!(!hashes.contains(&key.hash(Uuid::from_u128(8))), "{key:?} of another store");
        }
        for key in
            [Key::Event(id(3)), Key::Correlation(event), Key::Token(TokenId(id(7))), Key::Request("R".to_owned())]
        {
            assert!(!key.is_of(event, &said), "{key:?}");
        }
    }
}
