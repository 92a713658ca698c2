//! The events that one row is folded from: for rows that are parked, and for looking at a row as it was.

use crate::RowKey;
use crate::store::{Flaw, Parked, ReadStore, ReadStoreError, Table};
use eventlog::{Position, StreamName};
use journal::{Delivery, Envelope, Journal, JournalError, Tail, Unreadable};
use std::sync::Arc;

/// Events that are read at once.
const CHUNK: usize = 500;
/// Where one of so many events of the log is wanted at least, all are read at once; else each wanted one by itself.
const DENSE: usize = 8;

/// Why a row can't be folded alone.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// An event can't be read, or can't follow on those before it.
    #[error("the event at position {} ({}) can't be folded: {}", .0.position, .0.event_type, .0.reason)]
    Unfoldable(Parked),
    /// The view's rows are folded in the log's order.
    #[error("no row of {0} is folded alone, as each depends on what came before it in its store; rebuild the view")]
    InOrder(&'static str),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Store(#[from] ReadStoreError),
}

/// Reads the events of rows up to a position.
pub(crate) struct Alone<'a> {
    pub journal: &'a Journal,
    pub store: &'a dyn ReadStore,
    pub up_to: Position,
}

/// Events in their order, up to the first that can't be read.
#[derive(Default)]
pub(super) struct Events {
    pub read: Vec<Arc<Envelope>>,
    pub unreadable: Option<Arc<Unreadable>>,
}

impl<'a> Alone<'a> {
    pub fn new(journal: &'a Journal, store: &'a dyn ReadStore, up_to: Position) -> Self {
        Self { journal, store, up_to }
    }

    /// The stream's events.
    pub(super) async fn stream(&self, stream: &StreamName) -> Result<Events, FoldError> {
        let (mut events, mut tail) = (Events::default(), Tail::default());
        loop {
            let (chunk, unreadable) = self.chunk(stream, &mut tail).await?;
            let read = chunk.len();
            let wanted = chunk.into_iter().take_while(|event| event.position <= self.up_to);
            let before = events.read.len();
            events.read.extend(wanted.map(Arc::new));
            events.unreadable = unreadable.filter(|event| event.position <= self.up_to).map(Arc::new);
            if read < CHUNK || events.read.len() - before < read {
                return Ok(events);
            }
        }
    }

    /// The next events of the stream; fewer than [`CHUNK`] at its end, or before one that can't be read.
    async fn chunk(
        &self,
        stream: &StreamName,
        tail: &mut Tail,
    ) -> Result<(Vec<Envelope>, Option<Unreadable>), FoldError> {
        let (slice, unreadable) = match self.journal.read_stream(stream, *tail, CHUNK).await {
            Ok(slice) => (slice, None),
            Err(JournalError::Unreadable(unreadable)) => {
                let before = usize::try_from(unreadable.revision - tail.length).unwrap_or(usize::MAX);
                (self.journal.read_stream(stream, *tail, before).await?, Some(*unreadable))
            }
            Err(error) => return Err(error.into()),
        };
        *tail = slice.tail;
        Ok((slice.events, unreadable))
    }

    /// Where the row's events stand: those that are kept, and some that are not kept yet.
    pub(super) async fn history(
        &self,
        table: Table,
        key: RowKey,
        more: &[Position],
    ) -> Result<Vec<Position>, FoldError> {
        let mut positions = self.store.history(table, key, self.up_to).await?;
        positions.extend(more);
        positions.sort_unstable();
        positions.dedup();
        Ok(positions)
    }

    /// The events at the positions, which are those of the row's events.
    pub(super) async fn at(&self, key: RowKey, positions: &[Position]) -> Result<Events, FoldError> {
        let (mut events, mut wanted) = (Events::default(), positions);
        while let Some(first) = wanted.first().copied() {
            let before = Position(first.0.saturating_sub(1));
            for delivery in self.journal.read_all(before, at_once(first, wanted)).await? {
                if wanted.first() != Some(&delivery.position()) {
                    continue;
                }
                wanted = &wanted[1..];
                match delivery {
                    Delivery::Event(envelope) => events.read.push(envelope),
                    Delivery::Unreadable(unreadable) => {
                        return Ok(Events { unreadable: Some(unreadable), ..events });
                    }
                }
            }
            if wanted.first() == Some(&first) {
                let missing = Flaw::NoEvent { position: first, key };
                return Err(FoldError::Store(ReadStoreError::Damaged(missing.into())));
            }
        }
        Ok(events)
    }
}

/// How many events to read from the first that is wanted.
fn at_once(first: Position, wanted: &[Position]) -> usize {
    let end = Position(first.0.saturating_add(CHUNK as u64));
    let near = wanted.iter().take_while(|position| **position < end).count();
    if near * DENSE >= CHUNK { CHUNK } else { 1 }
}
