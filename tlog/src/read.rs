//! An event of the log as the tree takes it: whose it is, and the record that stands for it.

use crate::rules::RulesInForce;
use crate::said::{Said, said};
use crate::span::Place;
use domain::Category;
use eventlog::RecordedEvent;
use proof::hash::Hash;
use proof::leaf::{ContentHash, Leaf, LeafError};
use uuid::Uuid;

/// An event, with what its metadata says if it has a leaf.
pub(crate) struct ReadEvent<'e> {
    pub event: &'e RecordedEvent,
    /// `None`: it has no leaf.
    pub counted: Option<Counted<'e>>,
}

/// What is read of an event that has a leaf.
pub(crate) struct Counted<'e> {
    pub category: Category,
    /// Nil where the metadata names none that can be read: such events are those of a store of their own.
    pub store: Uuid,
    pub said: Said<'e>,
}

impl<'e> ReadEvent<'e> {
    pub fn of(event: &'e RecordedEvent, rules: &RulesInForce) -> Self {
        let counted = rules.category(event.stream.as_str()).map(|category| {
            let said = said(&event.metadata);
            Counted { category, store: said.store.unwrap_or_default(), said }
        });
        Self { event, counted }
    }
}

/// The record of an event of the store.
///
/// # Errors
/// The event's stream or type can't stand in one.
pub(crate) fn record(event: &RecordedEvent, store: Uuid, place: &Place) -> Result<Vec<u8>, LeafError> {
    let leaf = Leaf {
        stream: event.stream.as_str().to_owned(),
        revision: event.revision,
        id: event.id,
        event_type: event.event_type.to_string(),
        data: ContentHash::of(&event.data),
        metadata: ContentHash::of(&event.metadata),
        store,
        rank: place.rank,
        number: place.number,
    };
    leaf.to_bytes()
}

/// The hash of a record, as the tree's leaf.
pub(crate) fn leaf_hash(record: &[u8]) -> Hash {
    proof::hash::leaf_hash(record)
}
