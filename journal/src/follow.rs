//! Following the log. One task per process subscribes to it and decodes what comes; followers near the head read from its
//! ring of recent events, those behind read the log themselves until they get there.

use crate::{Delivery, JournalError, Keys, codec};
use eventlog::{EventLog, LogEnded, LogError, Position, RecordedEvent, Room, SubscriptionItem};
use futures::StreamExt;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// How many recent events the ring keeps at most.
const RING_EVENTS: usize = 8_192;
/// What a decoded event takes beside its data and metadata, about.
const OVERHEAD_BYTES: usize = 1_024;
/// How long the shared subscription waits before it subscribes again after an error; doubled up to the maximum.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What followers may hold in memory, in bytes: some events are a thousand times as large as most are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Of recent events, once for all followers.
    pub recent: usize,
    /// Of what one follower is given at once.
    pub batch: usize,
}

impl Default for Memory {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self { recent: 24 * MIB, batch: 3 * MIB }
    }
}

/// The recent end of the log, decoded once for all followers. The task behind it starts with the first follower and ends
/// with the last handle.
pub(crate) struct SharedTail {
    log: Arc<dyn EventLog>,
    keys: Arc<dyn Keys>,
    memory: Memory,
    ring: Mutex<Ring>,
    /// Rises with every change of the ring.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Ring {
    started: bool,
    /// Everything after this position, up to `end`, is in `recent`.
    base: Position,
    end: Position,
    /// Each with about how many bytes it takes.
    recent: VecDeque<(Delivery, usize)>,
    bytes: usize,
}

impl Ring {
    /// Adds what came; the oldest make room.
    fn extend(&mut self, deliveries: Vec<(Delivery, usize)>, most_bytes: usize) {
        if let Some((last, _)) = deliveries.last() {
            self.end = last.position();
        }
        self.bytes += deliveries.iter().map(|(_, bytes)| bytes).sum::<usize>();
        self.recent.extend(deliveries);
        while self.recent.len() > RING_EVENTS || self.bytes > most_bytes {
            let Some((dropped, bytes)) = self.recent.pop_front() else { break };
            self.base = dropped.position();
            self.bytes -= bytes;
        }
    }
}

impl SharedTail {
    pub(crate) fn new(log: Arc<dyn EventLog>, keys: Arc<dyn Keys>, memory: Memory) -> Arc<Self> {
        Arc::new(Self { log, keys, memory, ring: Mutex::default(), changed: watch::Sender::new(0) })
    }

    /// Starts the task that fills the ring, from the log's head on; once.
    async fn start(self: &Arc<Self>) -> Result<(), LogError> {
        if self.ring.lock().started {
            return Ok(());
        }
        let head = self.log.head().await?;
        let mut ring = self.ring.lock();
        if ring.started {
            return Ok(());
        }
        *ring = Ring { started: true, base: head, end: head, ..Ring::default() };
        let tail = Arc::downgrade(self);
        // Whatever breaks off is subscribed anew, from where the ring ends.
        tokio::spawn(tasks::keep_on("log follower", move || fill(Weak::clone(&tail))));
        Ok(())
    }

    /// What the ring takes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.ring.lock().bytes
    }

    fn push(&self, deliveries: Vec<(Delivery, usize)>) {
        self.ring.lock().extend(deliveries, self.memory.recent);
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
    }
}

fn weight(event: &RecordedEvent) -> usize {
    event.data.len() + event.metadata.len() + OVERHEAD_BYTES
}

/// Subscribes again and again, from where the ring ends, until the last handle is gone.
async fn fill(tail: Weak<SharedTail>) -> tasks::Ended {
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(strong) = tail.upgrade() else { return Ok(()) };
        let after = strong.ring.lock().end;
        let mut subscription = strong.log.subscribe(after);
        let keys = Arc::clone(&strong.keys);
        drop(strong);
        while let Some(item) = subscription.next().await {
            let outcome = match item {
                Ok(SubscriptionItem::Events(events)) => {
                    let bytes: Vec<usize> = events.iter().map(weight).collect();
                    codec::decode(events, keys.as_ref()).await.map(|read| (read, bytes))
                }
                Ok(SubscriptionItem::CaughtUp(_)) => continue,
                Err(error) => Err(JournalError::Log(error)),
            };
            let Some(tail) = tail.upgrade() else { return Ok(()) };
            match outcome {
                Ok((read, bytes)) => {
                    pause = FIRST_PAUSE;
                    tail.push(read.into_iter().map(Delivery::from).zip(bytes).collect());
                }
                Err(error) => {
                    tracing::warn!(%error, pause_ms = pause.as_millis() as u64, "the subscription to the log broke; subscribing again");
                    break;
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// One reader of the log, in the order of positions, each event exactly once.
pub struct Follower {
    tail: Arc<SharedTail>,
    log: Arc<dyn EventLog>,
    keys: Arc<dyn Keys>,
    position: Position,
    said_caught_up: bool,
}

/// What has come: possibly nothing, when the follower was caught up from the start.
#[derive(Clone, Debug)]
pub struct Batch {
    pub events: Vec<Delivery>,
    /// With these events the follower has reached the log's head as known now.
    pub caught_up: bool,
}

impl Follower {
    pub(crate) fn new(tail: Arc<SharedTail>, log: Arc<dyn EventLog>, keys: Arc<dyn Keys>, after: Position) -> Self {
        Self { tail, log, keys, position: after, said_caught_up: false }
    }

    /// Up to where the follower has brought events.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next events, at most `max` and about as many bytes as there is memory for; waits until there are some. The first time that there are none to wait for, it answers
    /// with an empty batch that says so. After an error, call again: nothing is lost. Dropping the future loses nothing.
    pub async fn next(&mut self, max: usize) -> Result<Batch, JournalError> {
        self.tail.start().await?;
        let mut changed = self.tail.changed.subscribe();
        loop {
            changed.mark_unchanged();
            match self.look_at_ring(max) {
                FromRing::Events(batch) => return Ok(self.advance(batch)),
                FromRing::Behind => {
                    let room = Room { events: max, bytes: self.tail.memory.batch };
                    let recorded = self.log.read_all_within(self.position, room).await?;
                    let events: Vec<Delivery> =
                        codec::decode(recorded, self.keys.as_ref()).await?.into_iter().map(Delivery::from).collect();
                    let end = events.last().map_or(self.position, Delivery::position);
                    let caught_up = end >= self.tail.ring.lock().end;
                    return Ok(self.advance(Batch { events, caught_up }));
                }
                FromRing::Nothing if !self.said_caught_up => {
                    return Ok(self.advance(Batch { events: Vec::new(), caught_up: true }));
                }
                FromRing::Nothing => {}
            }
            if changed.changed().await.is_err() {
                return Err(LogError::Unavailable(LogEnded::BeingClosed.into()).into());
            }
        }
    }

    fn look_at_ring(&self, max: usize) -> FromRing {
        let ring = self.tail.ring.lock();
        if self.position >= ring.end {
            return FromRing::Nothing;
        }
        if self.position < ring.base {
            return FromRing::Behind;
        }
        let start = ring.recent.partition_point(|(delivery, _)| delivery.position() <= self.position);
        let mut bytes = 0;
        let has_room = |(_, weight): &&(Delivery, usize)| {
            let has_room = bytes < self.tail.memory.batch;
            bytes += weight;
            has_room
        };
        let events: Vec<Delivery> =
            ring.recent.range(start..).take(max).take_while(has_room).map(|(delivery, _)| delivery.clone()).collect();
        let caught_up = events.last().is_some_and(|last| last.position() == ring.end);
        FromRing::Events(Batch { events, caught_up })
    }

    fn advance(&mut self, batch: Batch) -> Batch {
        if let Some(last) = batch.events.last() {
            self.position = last.position();
        }
        self.said_caught_up = batch.caught_up;
        batch
    }
}

enum FromRing {
    Events(Batch),
    /// The ring no longer has what comes next.
    Behind,
    /// The follower has all there is.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unreadable;
    use eventlog::StreamName;
    use uuid::Uuid;

    fn delivery(position: u64) -> Delivery {
        Delivery::Unreadable(Arc::new(Unreadable {
            stream: StreamName::new("cart-1"),
            revision: 0,
            position: Position(position),
            id: Uuid::nil(),
            event_type: "CartBilled".into(),
            hash: [0; 32].into(),
            store_id: None,
            numbering: None,
            reason: std::io::Error::other("").into(),
            is_locked: false,
        }))
    }

    const RING_BYTES: usize = 32 * 1024 * 1024;

    fn ring(bytes: &[usize]) -> Ring {
        let mut ring = Ring::default();
        (1..).zip(bytes).for_each(|(position, bytes)| ring.extend(vec![(delivery(position), *bytes)], RING_BYTES));
        ring
    }

    #[test]
    fn large_events_are_dropped_from_the_ring_before_it_has_many() {
        let few = ring(&[RING_BYTES / 4; 10]);
        assert_eq!((few.recent.len(), few.base, few.end), (4, Position(6), Position(10)));
        let one_too_large = ring(&[1, RING_BYTES + 1]);
        assert_eq!((one_too_large.recent.len(), one_too_large.base, one_too_large.bytes), (0, Position(2), 0));
        let many = ring(&vec![1; RING_EVENTS + 5]);
        assert_eq!((many.recent.len(), many.base, many.bytes), (RING_EVENTS, Position(5), RING_EVENTS));
    }
}
