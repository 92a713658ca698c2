//! The events that one row is folded from: for rows that are parked, and for looking at a row as it was.

use crate::store::{Parked, ParkedUnit, ReadStore, StoreError, Table};
use crate::view::stream_id;
use eventlog::{Position, StreamName};
use journal::{Delivery, Envelope, Journal, JournalError, Tail, Unreadable};
use std::sync::Arc;
use uuid::Uuid;

/// Events of a stream that are read at once.
const CHUNK: usize = 500;

/// Why a row can't be folded alone.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// An event can't be read, or can't follow on those before it.
    #[error("the event at position {} ({}) can't be folded: {}", .0.position, .0.event_type, .0.reason)]
    Unfoldable(Parked),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the events of rows up to a position.
pub(crate) struct Alone<'a> {
    pub journal: &'a Journal,
    pub store: &'a dyn ReadStore,
    pub up_to: Position,
}

impl Alone<'_> {
    /// The stream's events.
    pub async fn stream(&self, stream: &str) -> Result<Vec<Arc<Envelope>>, FoldError> {
        let stream = StreamName::new(stream);
        let (mut events, mut tail) = (Vec::new(), Tail::default());
        loop {
            let slice = match self.journal.read_stream(&stream, tail, CHUNK).await {
                Ok(slice) => slice,
                Err(JournalError::Unreadable(unreadable)) => match self.before(&stream, tail, &unreadable).await? {
                    Some(last) => {
                        events.extend(last);
                        return Ok(events);
                    }
                    None => return Err(unfoldable(&unreadable)),
                },
                Err(error) => return Err(error.into()),
            };
            let read = slice.events.len();
            let wanted = slice.events.into_iter().take_while(|event| event.position <= self.up_to);
            let before = events.len();
            events.extend(wanted.map(Arc::new));
            if read < CHUNK || events.len() - before < read {
                return Ok(events);
            }
            tail = slice.tail;
        }
    }

    /// The events before the one that can't be read, if that one comes too late to matter.
    async fn before(
        &self,
        stream: &StreamName,
        tail: Tail,
        unreadable: &Unreadable,
    ) -> Result<Option<Vec<Arc<Envelope>>>, FoldError> {
        if unreadable.position <= self.up_to {
            return Ok(None);
        }
        let count = usize::try_from(unreadable.revision - tail.length).unwrap_or(usize::MAX);
        let slice = self.journal.read_stream(stream, tail, count).await?;
        let wanted = slice.events.into_iter().filter(|event| event.position <= self.up_to);
        Ok(Some(wanted.map(Arc::new).collect()))
    }

    /// Where the row's events stand: those that are kept, and some that are not kept yet.
    pub async fn history(&self, table: Table, key: Uuid, more: &[Position]) -> Result<Vec<Position>, FoldError> {
        let mut positions = self.store.history(table, key, self.up_to).await?;
        positions.extend(more);
        positions.sort_unstable();
        positions.dedup();
        Ok(positions)
    }

    /// The events at the positions.
    pub async fn at(&self, key: Uuid, positions: Vec<Position>) -> Result<Vec<Arc<Envelope>>, FoldError> {
        let mut events = Vec::with_capacity(positions.len());
        for position in positions {
            let before = Position(position.0.saturating_sub(1));
            match self.journal.read_all(before, 1).await?.pop() {
                Some(Delivery::Event(envelope)) if envelope.position == position => events.push(envelope),
                Some(Delivery::Unreadable(unreadable)) if unreadable.position == position => {
                    return Err(FoldError::Unfoldable(Parked { unit: ParkedUnit::Row(key), ..parked(&unreadable) }));
                }
                Some(_) | None => {
                    let reason = format!("no event stands at position {position}, where row {key} has one");
                    return Err(FoldError::Store(StoreError::Damaged(reason)));
                }
            }
        }
        Ok(events)
    }
}

fn unfoldable(unreadable: &Unreadable) -> FoldError {
    FoldError::Unfoldable(parked(unreadable))
}

fn parked(unreadable: &Unreadable) -> Parked {
    let stream = unreadable.stream.as_str();
    Parked {
        unit: stream_id(stream).map_or_else(|| ParkedUnit::Stream(stream.to_owned()), ParkedUnit::Row),
        position: unreadable.position,
        event_type: unreadable.event_type.to_string(),
        reason: unreadable.reason.clone(),
    }
}
