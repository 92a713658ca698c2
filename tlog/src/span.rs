//! What is kept of 256 leaves that follow one another, beside their hashes: where each event stands in the log, and what its leaf
//! says that the event itself does not. About two bytes a leaf.
//!
//! The bytes of a leaf, all of them varints: how far its position is behind that of the leaf before it (of the span's first leaf:
//! 0); the number of its store within the span, from 0 and by first appearance, doubled, and one more if the event made a numbered
//! document; of a store that is new in the span the leaf's rank, which from then on rises by one each time; the document's number.

use crate::varint::{put, take};
use eventlog::Position;
use std::collections::HashMap;
use std::num::NonZeroU64;
use uuid::Uuid;

/// Leaves of a span: as many as an entries tile has.
pub const SPAN: u64 = 256;

/// What is kept of one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub position: Position,
    /// The event's place among those of its store, from 1.
    pub rank: NonZeroU64,
    /// Of the document that the event made.
    pub number: Option<NonZeroU64>,
}

/// The last span of a tree, as long as it grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenSpan {
    bytes: Vec<u8>,
    stores: HashMap<Uuid, usize>,
    first: Position,
    last: Position,
    leaves: u64,
}

impl OpenSpan {
    /// Adds a leaf, whose position is behind all that are there, and whose rank is the next one of its store.
    pub fn push(&mut self, store: Uuid, place: Place) {
        if self.leaves == 0 {
            (self.first, self.last) = (place.position, place.position);
        }
        put(&mut self.bytes, place.position.0 - self.last.0);
        let known = self.stores.len();
        let of_store = *self.stores.entry(store).or_insert(known);
        put(&mut self.bytes, (of_store as u64) << 1 | u64::from(place.number.is_some()));
        if of_store == known {
            put(&mut self.bytes, place.rank.get());
        }
        if let Some(number) = place.number {
            put(&mut self.bytes, number.get());
        }
        self.last = place.position;
        self.leaves += 1;
    }

    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    pub fn first(&self) -> Position {
        self.first
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The leaves of a span whose first one stands at `first`. `None`: these bytes are no span.
pub(crate) fn places(first: Position, bytes: &[u8]) -> Option<Vec<Place>> {
    let (mut rest, mut at) = (bytes, first.0);
    let mut ranks: Vec<u64> = Vec::new();
    let mut places = Vec::new();
    while !rest.is_empty() {
        at = at.checked_add(take(&mut rest)?)?;
        let store = take(&mut rest)?;
        let (of_store, is_numbered) = (usize::try_from(store >> 1).ok()?, store & 1 == 1);
        if of_store == ranks.len() {
            ranks.push(take(&mut rest)?.checked_sub(1)?);
        }
        let rank = ranks.get_mut(of_store)?;
        *rank = rank.checked_add(1)?;
        let rank = NonZeroU64::new(*rank)?;
        let number = match is_numbered {
            true => Some(NonZeroU64::new(take(&mut rest)?)?),
            false => None,
        };
        places.push(Place { position: Position(at), rank, number });
    }
    (places.len() as u64 <= SPAN).then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventlog::testing::Chance;

    fn random(chance: &mut Chance, stores: usize) -> Vec<(Uuid, Place)> {
        let mut ranks: Vec<u64> = (0..stores).map(|_| chance.draw() >> 30).collect();
        let mut at = chance.draw() >> 20;
        let mut place = || {
            let store = chance.below(stores);
            ranks[store] += 1;
            at += 1 + chance.below(3) as u64 * chance.below(1_000_000) as u64;
            let number = NonZeroU64::new(chance.below(3) as u64 * 77_000);
            let rank = NonZeroU64::new(ranks[store]).expect("from 1");
            (Uuid::from_u128(store as u128), Place { position: Position(at), rank, number })
        };
        (0..SPAN).map(|_| place()).collect()
    }

    #[test]
    fn what_was_kept_is_read_at_any_length() {
        for seed in 0..20 {
            let leaves = random(&mut Chance(seed), 1 + seed as usize * 7);
            let mut open = OpenSpan::default();
            for (at, (store, place)) in leaves.iter().enumerate() {
                open.push(*store, *place);
                let expected: Vec<Place> = leaves[..=at].iter().map(|(_, place)| *place).collect();
                assert_eq!(places(open.first(), open.bytes()), Some(expected), "seed {seed}");
            }
            assert_eq!(open.leaves(), SPAN);
        }
    }

    #[test]
    fn leaves_of_one_store_take_two_bytes() {
        let mut open = OpenSpan::default();
        for number in 1..=SPAN {
            let rank = NonZeroU64::new(1_000_000 + number).expect("from 1");
            open.push(Uuid::nil(), Place { position: Position(9_000_000 + number), rank, number: None });
        }
        assert!(open.bytes().len() as u64 <= 2 * SPAN + 3, "{}", open.bytes().len());
    }

    #[test]
    fn what_is_no_span_is_not_read_as_one() {
        for bytes in [&[1][..], &[0, 2, 1], &[0, 0, 0], &[0, 1, 1], &[0, 1, 1, 0], &[0, 0, 1].repeat(300)] {
            assert_eq!(places(Position(1), bytes), None, "{bytes:?}");
        }
        assert_eq!(places(Position(u64::MAX), &[1, 0, 1]), None);
    }
}
