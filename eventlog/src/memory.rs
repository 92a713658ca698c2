//! A log in memory, for tests: the same promises as the others, except that it ends with the process.

use crate::append::check;
use crate::clock::{Clock, record_time, system_clock};
use crate::event::{NewEvent, Position, RecordedEvent, StreamName};
use crate::follow::{Batch, Source, follow};
use crate::ids::new_id;
use crate::port::{AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, Subscription};
use crate::size::{MAX_APPEND_BYTES, Room};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// The most events that a subscription gets at once.
const BATCH: usize = 512;

/// A log in memory. Share it by `Arc`; a 'restart' in a test is a new reader of the same log.
pub struct MemoryLog {
    events: Arc<Mutex<Events>>,
    head: watch::Sender<Position>,
    log_id: LogId,
    clock: Clock,
    max_append_bytes: usize,
}

#[derive(Default)]
struct Events {
    /// The event at position `n` stands at `n - 1`.
    all: Vec<RecordedEvent>,
    /// Of each stream, where its events stand in `all`.
    streams: HashMap<StreamName, Vec<usize>>,
    last_ms: i64,
}

impl MemoryLog {
    pub fn new() -> Self {
        Self::with_clock(system_clock())
    }

    /// With a clock of the test's own.
    pub fn with_clock(clock: Clock) -> Self {
        Self {
            events: Arc::default(),
            head: watch::Sender::new(Position::START),
            log_id: LogId(new_id()),
            clock,
            max_append_bytes: MAX_APPEND_BYTES,
        }
    }

    /// One that takes only so many bytes in one append.
    pub fn with_max_append_bytes(max_append_bytes: usize) -> Self {
        Self { max_append_bytes, ..Self::new() }
    }

    /// The same log as it was at the position: as if it had been restored from a backup of then.
    pub fn as_of(&self, position: Position) -> Self {
        let events = self.events.lock().up_to(position);
        let head = watch::Sender::new(Position(events.all.len() as u64));
        let (log_id, clock, max_append_bytes) = (self.log_id, Arc::clone(&self.clock), self.max_append_bytes);
        Self { events: Arc::new(Mutex::new(events)), head, log_id, clock, max_append_bytes }
    }
}

impl MemoryLog {
    /// `recorded_at`: as another log recorded it.
    fn append_at(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
        recorded_at: Option<DateTime<Utc>>,
    ) -> Result<Appended, AppendError> {
        check(stream, &events, self.max_append_bytes)?;
        let mut log = self.events.lock();
        let length = log.streams.get(stream).map_or(0, Vec::len) as u64;
        if expected.length() != length {
            return log.repeated(stream, expected, &events);
        }
        let recorded_ms = recorded_at.map_or_else(|| record_time(&self.clock, log.last_ms), |at| at.timestamp_millis());
        let appended = log.insert(stream, length, events, recorded_ms);
        // Before the lock goes, so that the head never moves back.
        self.head.send_replace(appended.position);
        Ok(appended)
    }
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.append_at(stream, expected, events, None)
    }

    async fn append_recorded(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
        recorded_at: DateTime<Utc>,
    ) -> Result<Appended, AppendError> {
        self.append_at(stream, expected, events, Some(recorded_at))
    }

    fn max_append_bytes(&self) -> usize {
        self.max_append_bytes
    }

    fn keeps_recorded_times(&self) -> bool {
        true
    }

    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        let log = self.events.lock();
        let Some(places) = log.streams.get(stream) else {
            return Ok(Vec::new());
        };
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(places.iter().skip(from).take(limit).map(|&at| log.all[at].clone()).collect())
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        let log = self.events.lock();
        let Some(places) = log.streams.get(stream) else {
            return Ok(Vec::new());
        };
        Ok(places.iter().rev().take(limit).map(|&at| log.all[at].clone()).collect())
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(self.events.lock().after(after, limit))
    }

    async fn read_stream_within(
        &self,
        stream: &StreamName,
        from: u64,
        room: Room,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let log = self.events.lock();
        let places = log.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(places.len());
        let events = places[from..].iter().map(|&at| &log.all[at]);
        let count = room.fits(events.clone());
        Ok(events.take(count).cloned().collect())
    }

    async fn head(&self) -> Result<Position, LogError> {
        Ok(*self.head.borrow())
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        Ok(self.log_id)
    }

    fn subscribe(&self, after: Position) -> Subscription {
        follow(Arc::new(Tail(Arc::clone(&self.events))), self.head.subscribe(), after)
    }
}

impl Events {
    fn up_to(&self, position: Position) -> Self {
        let kept = usize::try_from(position.0).unwrap_or(usize::MAX).min(self.all.len());
        let mut streams: HashMap<StreamName, Vec<usize>> = HashMap::new();
        for (place, event) in self.all[..kept].iter().enumerate() {
            streams.entry(event.stream.clone()).or_default().push(place);
        }
        Self { all: self.all[..kept].to_vec(), streams, last_ms: self.last_ms }
    }

    fn insert(&mut self, stream: &StreamName, length: u64, events: Vec<NewEvent>, recorded_ms: i64) -> Appended {
        self.last_ms = self.last_ms.max(recorded_ms);
        let recorded_at = DateTime::from_timestamp_millis(recorded_ms).unwrap_or_default();
        let places = self.streams.entry(stream.clone()).or_default();
        let last = length + events.len() as u64 - 1;
        for (revision, event) in (length..).zip(events) {
            places.push(self.all.len());
            self.all.push(RecordedEvent {
                stream: stream.clone(),
                revision,
                position: Position(self.all.len() as u64 + 1),
                id: event.id,
                event_type: event.event_type.into(),
                data: event.data,
                metadata: event.metadata,
                recorded_at,
            });
        }
        Appended { revision: last, position: Position(self.all.len() as u64) }
    }

    /// The stream isn't as expected: the same append again, or a conflict?
    fn repeated(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: &[NewEvent],
    ) -> Result<Appended, AppendError> {
        let places = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let first = usize::try_from(expected.length()).unwrap_or(usize::MAX);
        let stored = places.get(first..first.saturating_add(events.len()));
        let same = |stored: &&[usize]| stored.iter().zip(events).all(|(&at, event)| self.all[at].id == event.id);
        match stored.filter(same).and_then(<[usize]>::last) {
            Some(&at) => Ok(Appended { revision: self.all[at].revision, position: self.all[at].position }),
            None => Err(AppendError::Conflict {
                stream: stream.clone(),
                expected,
                actual: (places.len() as u64).checked_sub(1),
            }),
        }
    }

    fn after(&self, after: Position, limit: usize) -> Vec<RecordedEvent> {
        let start = usize::try_from(after.0).unwrap_or(usize::MAX);
        self.all.iter().skip(start).take(limit).cloned().collect()
    }
}

struct Tail(Arc<Mutex<Events>>);

#[async_trait]
impl Source for Tail {
    async fn next_batch(&self, after: Position, _head: Position) -> Result<Batch, LogError> {
        Ok(Batch { events: self.0.lock().after(after, BATCH), fell_behind: false })
    }
}
