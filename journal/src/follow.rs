//! Following the log. One task per process subscribes to it and decodes what comes; followers near the head read from its
//! ring of recent events, those behind read the log themselves until they get there.

use crate::journal::delivery;
use crate::{Delivery, JournalError, Keys, codec};
use eventlog::{EventLog, LogError, Position, SubscriptionItem};
use futures::StreamExt;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// How many recent events the ring keeps. At about 1 KiB an event the ring stays within a few MiB.
const RING_EVENTS: usize = 8_192;
/// How long the shared subscription waits before it subscribes again after an error; doubled up to the maximum.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The recent end of the log, decoded once for all followers. The task behind it starts with the first follower and ends
/// with the last handle.
pub(crate) struct SharedTail {
    log: Arc<dyn EventLog>,
    keys: Arc<dyn Keys>,
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
    recent: VecDeque<Delivery>,
}

impl SharedTail {
    pub(crate) fn new(log: Arc<dyn EventLog>, keys: Arc<dyn Keys>) -> Arc<Self> {
        Arc::new(Self { log, keys, ring: Mutex::default(), changed: watch::Sender::new(0) })
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
        *ring = Ring { started: true, base: head, end: head, recent: VecDeque::new() };
        tokio::spawn(fill(Arc::downgrade(self)));
        Ok(())
    }

    fn push(&self, deliveries: Vec<Delivery>) {
        let mut ring = self.ring.lock();
        if let Some(last) = deliveries.last() {
            ring.end = last.position();
        }
        ring.recent.extend(deliveries);
        while ring.recent.len() > RING_EVENTS {
            if let Some(dropped) = ring.recent.pop_front() {
                ring.base = dropped.position();
            }
        }
        drop(ring);
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
    }
}

/// Subscribes again and again, from where the ring ends, until the last handle is gone.
async fn fill(tail: Weak<SharedTail>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(strong) = tail.upgrade() else { return };
        let after = strong.ring.lock().end;
        let mut subscription = strong.log.subscribe(after);
        let keys = Arc::clone(&strong.keys);
        drop(strong);
        while let Some(item) = subscription.next().await {
            let outcome = match item {
                Ok(SubscriptionItem::Events(events)) => codec::decode(events, keys.as_ref()).await,
                Ok(SubscriptionItem::CaughtUp(_)) => continue,
                Err(error) => Err(JournalError::Log(error)),
            };
            let Some(tail) = tail.upgrade() else { return };
            match outcome {
                Ok(read) => {
                    pause = FIRST_PAUSE;
                    tail.push(read.into_iter().map(delivery).collect());
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

    /// The next events, at most `max`; waits until there are some. The first time that there are none to wait for, it answers
    /// with an empty batch that says so. After an error, call again: nothing is lost. Dropping the future loses nothing.
    pub async fn next(&mut self, max: usize) -> Result<Batch, JournalError> {
        self.tail.start().await?;
        let mut changed = self.tail.changed.subscribe();
        loop {
            changed.mark_unchanged();
            match self.look_at_ring(max) {
                FromRing::Events(batch) => return Ok(self.advance(batch)),
                FromRing::Behind => {
                    let recorded = self.log.read_all(self.position, max).await?;
                    let events: Vec<Delivery> =
                        codec::decode(recorded, self.keys.as_ref()).await?.into_iter().map(delivery).collect();
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
                return Err(LogError::Unavailable("the log is being closed".to_owned()).into());
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
        let start = ring.recent.partition_point(|delivery| delivery.position() <= self.position);
        let events: Vec<Delivery> = ring.recent.range(start..).take(max).cloned().collect();
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
