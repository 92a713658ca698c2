//! The latest events, kept in memory for those who follow the log near its end.

use crate::event::{Position, RecordedEvent};
use crate::size::{Room, weight};
use parking_lot::RwLock;
use std::collections::VecDeque;

/// A ring of the latest events, without gaps, bounded in number and bytes. The bytes are those that were appended, shared.
pub(crate) struct Recent {
    ring: RwLock<Ring>,
    max_events: usize,
    max_bytes: usize,
}

struct Ring {
    /// Every event after this position is in the ring.
    floor: Position,
    events: VecDeque<RecordedEvent>,
    bytes: usize,
}

impl Recent {
    /// Empty: whatever stands up to `head` has to be read from where the log is kept.
    pub(crate) fn new(head: Position, max_events: usize, max_bytes: usize) -> Self {
        let ring = RwLock::new(Ring { floor: head, events: VecDeque::new(), bytes: 0 });
        Self { ring, max_events, max_bytes }
    }

    /// Adds what was just committed. The oldest make room.
    pub(crate) fn push(&self, events: Vec<RecordedEvent>) {
        let mut ring = self.ring.write();
        for event in events {
            ring.bytes += weight(&event);
            ring.events.push_back(event);
        }
        while ring.events.len() > self.max_events || ring.bytes > self.max_bytes {
            let Some(oldest) = ring.events.pop_front() else {
                break;
            };
            ring.bytes -= weight(&oldest);
            ring.floor = oldest.position;
        }
    }

    /// Forgets everything, as what was committed up to `head` is only known there.
    pub(crate) fn restart(&self, head: Position) {
        *self.ring.write() = Ring { floor: head, events: VecDeque::new(), bytes: 0 };
    }

    /// The events after the position, as many as there is room for; `None` if the ring doesn't reach back so far.
    pub(crate) fn after(&self, after: Position, room: Room) -> Option<Vec<RecordedEvent>> {
        let ring = self.ring.read();
        if after < ring.floor {
            return None;
        }
        let start = ring.events.partition_point(|event| event.position <= after);
        let rest = ring.events.range(start..);
        let count = room.fits(rest.clone());
        Some(rest.take(count).cloned().collect())
    }
}
