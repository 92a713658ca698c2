//! How large events are, and how much of them one append or one read may hold.

use crate::event::RecordedEvent;

/// What the embedded logs take in one append unless told otherwise: 16 MiB.
pub const MAX_APPEND_BYTES: usize = 16 * 1024 * 1024;

/// What an event costs beside its own bytes: ids, times, bookkeeping. Rounded up, to bound memory by.
pub(crate) const OVERHEAD_BYTES: usize = 200;

/// What an event takes of the memory, about.
pub(crate) fn weight(event: &RecordedEvent) -> usize {
    event.data.len() + event.metadata.len() + OVERHEAD_BYTES
}

/// How much one read may bring: an event may be a thousand times as large as most are, so a number alone bounds no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// At most so many events.
    pub events: usize,
    /// About so many bytes: the event that goes beyond them is still brought, so that every read gets on.
    pub bytes: usize,
}

impl Room {
    /// Of any size.
    pub fn for_events(events: usize) -> Self {
        Self { events, bytes: usize::MAX }
    }

    /// How many of the events, the first ones, fill it.
    pub(crate) fn fits<'a>(self, events: impl IntoIterator<Item = &'a RecordedEvent>) -> usize {
        let mut bytes = 0;
        let is_left = |event: &&RecordedEvent| {
            let is_left = bytes < self.bytes;
            bytes += weight(event);
            is_left
        };
        events.into_iter().take(self.events).take_while(is_left).count()
    }

    /// Whether a read that brought these may have ended because it was full. Otherwise it ended because there is no more.
    pub fn is_filled_by(self, events: &[RecordedEvent]) -> bool {
        events.len() >= self.events || events.iter().map(weight).sum::<usize>() >= self.bytes
    }

    /// The first of the events, as many as there is room for.
    pub(crate) fn keep(self, mut events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
        events.truncate(self.fits(&events));
        events
    }
}
