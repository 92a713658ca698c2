//! Reading the log's events beside what the tree has of them.

use super::error::{Difference, Differs, Part, TreeError};
use crate::read::{Counted, ReadEvent, leaf_hash, record};
use crate::rules::RulesInForce;
use crate::span::{Place, SPAN};
use crate::store::TreeStore;
use crate::subtree::{rows, subtrees};
use eventlog::{EventLog, Position, RecordedEvent, Room};
use proof::hash::Hash;

/// What one read of the log brings.
const ROOM: Room = Room { events: SPAN as usize, bytes: 4 * 1024 * 1024 };

/// An event that is what its leaf was made of.
pub(crate) struct Walked<'w> {
    pub index: u64,
    pub event: &'w RecordedEvent,
    pub counted: &'w Counted<'w>,
    pub place: Place,
    pub record: Vec<u8>,
}

/// What the tree has of a span.
struct Held {
    /// The position of the last leaf's event before it.
    after: Position,
    places: Vec<Place>,
    /// Of the leaves, one behind the other.
    hashes: Vec<u8>,
}

/// Reads the events of a span, of its leaves before `end`, in their order. Each is compared with its leaf before it is told of.
///
/// # Errors
/// [`TreeError::Differs`] names the first leaf whose event is not what it was, or not there, or not alone.
pub(crate) async fn walk(
    (store, log, rules): (&dyn TreeStore, &dyn EventLog, &RulesInForce),
    span: u64,
    end: u64,
    visit: &mut (dyn FnMut(Walked<'_>) + Send),
) -> Result<(), TreeError> {
    let held = held(store, span, end).await?;
    let mut after = held.after;
    let mut walk = Walk { rules, first: span * SPAN, held, done: 0 };
    while let Some(next) = walk.next() {
        let events = log.read_all_within(after, ROOM).await?;
        let Some(last) = events.last() else { return Err(walk.differs(next, Difference::Missing).into()) };
        after = last.position;
        if let Err(differs) = events.iter().try_for_each(|event| walk.meet(event, visit)) {
            is_sound(store, span, &walk.held.hashes).await?;
            return Err(differs.into());
        }
    }
    Ok(())
}

/// Whether a complete tile of leaves is the one that the tile above it has: if it is not, nothing is said of the log by it. (What is open
/// at the tree's end is held against its root whenever a follower begins.)
async fn is_sound(store: &dyn TreeStore, span: u64, hashes: &[u8]) -> Result<(), TreeError> {
    if hashes.len() != SPAN as usize * Hash::BYTES {
        return Ok(());
    }
    let above = Part::Tile { level: 1, index: span / SPAN };
    let tile = store.tile(1, span / SPAN).await?.ok_or(TreeError::Lacks(above))?;
    let row = rows(&tile).get((span % SPAN) as usize).copied().ok_or(TreeError::Lacks(above))?;
    match subtrees(&rows(hashes)) == [row] {
        true => Ok(()),
        false => Err(TreeError::Malformed(Part::Tile { level: 0, index: span })),
    }
}

/// What is kept of each leaf of the span, before the leaf `end`.
pub(crate) async fn places(store: &dyn TreeStore, span: u64, end: u64) -> Result<Vec<Place>, TreeError> {
    let row = store.span(span).await?.ok_or(TreeError::Lacks(Part::Span(span)))?;
    let mut places = row.places().ok_or(TreeError::Malformed(Part::Span(span)))?;
    let wanted = end.saturating_sub(span * SPAN).min(SPAN) as usize;
    match places.len() >= wanted {
        true => places.truncate(wanted),
        false => return Err(TreeError::Lacks(Part::Span(span))),
    }
    Ok(places)
}

async fn held(store: &dyn TreeStore, span: u64, end: u64) -> Result<Held, TreeError> {
    let after = match span.checked_sub(1) {
        None => Position::START,
        Some(before) => {
            let places = places(store, before, span * SPAN).await?;
            places.last().map_or(Position::START, |place| place.position)
        }
    };
    let places = places(store, span, end).await?;
    let tile = Part::Tile { level: 0, index: span };
    let hashes = store.tile(0, span).await?.ok_or(TreeError::Lacks(tile))?;
    match hashes.len() >= places.len() * Hash::BYTES {
        true => Ok(Held { after, places, hashes }),
        false => Err(TreeError::Lacks(tile)),
    }
}

struct Walk<'w> {
    rules: &'w RulesInForce,
    first: u64,
    held: Held,
    done: usize,
}

impl Walk<'_> {
    fn next(&self) -> Option<Place> {
        self.held.places.get(self.done).copied()
    }

    fn differs(&self, place: Place, how: Difference) -> Differs {
        Differs { index: self.first + self.done as u64, position: place.position, how }
    }

    /// The next event of the log.
    fn meet(&mut self, event: &RecordedEvent, visit: &mut (dyn FnMut(Walked<'_>) + Send)) -> Result<(), Differs> {
        let Some(place) = self.next() else { return Ok(()) };
        let Some(counted) = ReadEvent::of(event, self.rules).counted else {
            return match event.position < place.position {
                true => Ok(()),
                false => Err(self.differs(place, Difference::Missing)),
            };
        };
        if event.position < place.position {
            return Err(self.differs(place, Difference::Unexpected(event.position)));
        }
        if event.position > place.position {
            return Err(self.differs(place, Difference::Missing));
        }
        let record = record(event, counted.store, &place).ok().filter(|record| self.is_leaf(record));
        let record = record.ok_or_else(|| self.differs(place, Difference::Content))?;
        visit(Walked { index: self.first + self.done as u64, event, counted: &counted, place, record });
        self.done += 1;
        Ok(())
    }

    fn is_leaf(&self, record: &[u8]) -> bool {
        let start = self.done * Hash::BYTES;
        self.held.hashes[start..start + Hash::BYTES] == *leaf_hash(record).as_bytes()
    }
}
