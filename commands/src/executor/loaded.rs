//! A stream in memory: its folded state, and what the next append builds on.

use super::cost::{Moment, Unsaved, Weight};
use super::memory::Memory;
use super::{Corruption, StreamFailure};
use crate::executor::ExecutorContext;
use crate::snapshots::{Person, Snapshot};
use domain::{Decider, Event, Impossible, Timestamp};
use eventlog::{LogId, Position, Room, StreamName};
use journal::{Envelope, Idempotency, JournalError, StreamSlice, Tail, Written};
use serde::{Deserialize, Serialize};

/// What is read at once.
const PAGE: Room = Room { events: 1_000, bytes: 1024 * 1024 };
/// The shape of snapshots. Raised whenever a state's shape changes; old snapshots are then ignored.
const SNAPSHOT_FORMAT: u32 = 7;

/// A stream as this node knows it.
pub struct Loaded<A> {
    pub state: A,
    /// The number of events folded, and the last one's hash.
    pub tail: Tail,
    /// Of the last event folded.
    pub position: Position,
    /// The revision that clients see: of the last event that changed the representation.
    pub revision: u64,
    pub(super) last_at: Timestamp,
    pub(super) memory: Memory,
    /// What was folded since the state was last saved.
    pub(super) unsaved: Unsaved,
    pub(super) weight: Weight,
    /// Whose personal data the state holds.
    pub(super) person: Option<Person>,
}

impl<A: Decider> Default for Loaded<A> {
    fn default() -> Self {
        Self {
            state: A::default(),
            tail: Tail::default(),
            position: Position::START,
            revision: 0,
            last_at: Timestamp::default(),
            memory: Memory::default(),
            unsaved: Unsaved::default(),
            weight: Weight::default(),
            person: None,
        }
    }
}

/// As a snapshot holds it.
#[derive(Serialize, Deserialize)]
struct Saved<A> {
    state: A,
    length: u64,
    last_hash: Option<eventlog::chain::EventHash>,
    position: Position,
    revision: u64,
    last_at: Timestamp,
    memory: Memory,
}

impl<A: Decider> Loaded<A> {
    /// Folds one event. The tail is not moved: an event counts once its append is durable.
    pub(super) fn fold(
        &mut self,
        event: &A::Event,
        revision: u64,
        at: Timestamp,
        idempotency: Option<&Idempotency>,
    ) -> Result<(), Impossible> {
        self.state.evolve(event, at)?;
        if A::changes_representation(event) {
            self.revision = revision;
        }
        if let Some(idempotency) = idempotency {
            self.memory.note(idempotency, revision, at, A::creates(event));
        }
        self.last_at = at;
        Ok(())
    }

    /// Folds an event that only remembers a request.
    pub(super) fn remember(&mut self, revision: u64, at: Timestamp, idempotency: Option<&Idempotency>) {
        if let Some(idempotency) = idempotency {
            self.memory.note(idempotency, revision, at, false);
        }
        self.last_at = at;
    }

    fn fold_stored(&mut self, stream: &StreamName, envelope: Envelope) -> Result<(), StreamFailure> {
        let corrupt =
            |source| StreamFailure::Corrupt { stream: stream.to_string(), revision: envelope.revision, source };
        let (revision, at) = (envelope.revision, envelope.metadata.occurred_at);
        let idempotency = envelope.metadata.idempotency.as_ref();
        if let Event::Remembered(_) = envelope.event {
            self.remember(revision, at, idempotency);
        } else {
            let event = A::event(envelope.event).ok_or_else(|| corrupt(Corruption::OtherAggregate))?;
            self.fold(&event, revision, at, idempotency).map_err(|impossible| corrupt(impossible.into()))?;
        }
        self.position = envelope.position;
        Ok(())
    }

    /// Reads and folds what the stream has beyond the tail.
    pub(super) async fn catch_up(
        &mut self,
        shared: &ExecutorContext,
        stream: &StreamName,
    ) -> Result<(), StreamFailure> {
        while !self.fold_slice(stream, page(shared, stream, self.tail).await?, 0)? {}
        Ok(())
    }

    /// Folds what was read, but for the first events; true when that was all.
    fn fold_slice(&mut self, stream: &StreamName, slice: StreamSlice, known: usize) -> Result<bool, StreamFailure> {
        self.grown(slice.events.len().saturating_sub(known), slice.bytes);
        for envelope in slice.events.into_iter().skip(known) {
            self.fold_stored(stream, envelope)?;
        }
        self.tail = slice.tail;
        self.settle();
        Ok(!slice.is_full)
    }

    fn grown(&mut self, events: usize, bytes: u64) {
        self.unsaved.add(events as u64, bytes);
        self.weight.folded(bytes);
    }

    /// What was folded is in the log now.
    pub(super) fn appended(&mut self, events: usize, written: &Written) {
        self.tail = written.tail;
        self.position = written.position;
        self.grown(events, written.bytes);
        self.settle();
    }

    fn settle(&mut self) {
        self.weight.settle(&(&self.state, &self.memory));
    }

    /// The stream from its snapshot, where there is one, and what came after.
    pub(super) async fn load(
        shared: &ExecutorContext,
        stream: &StreamName,
        id: &A::Id,
    ) -> Result<Box<Self>, StreamFailure> {
        let person = A::person(id);
        if let Some(saved) = Self::from_snapshot(shared, stream, person).await?
            && let Some(loaded) = Self::go_on(shared, stream, saved).await?
        {
            return Ok(loaded);
        }
        let mut loaded = Box::new(Self { person, ..Self::default() });
        loaded.catch_up(shared, stream).await?;
        Ok(loaded)
    }

    async fn from_snapshot(
        shared: &ExecutorContext,
        stream: &StreamName,
        person: Option<Person>,
    ) -> Result<Option<Box<Self>>, StreamFailure> {
        let snapshot = match shared.snapshots.load(stream, person).await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(error) => {
                tracing::warn!(%stream, %error, "a snapshot can't be read; reading the whole stream");
                return Ok(None);
            }
        };
        let log_id = shared.journal.log_id().await.map_err(|error| failed(stream, error.into()))?;
        if snapshot.format != SNAPSHOT_FORMAT || snapshot.log_id != log_id {
            return Ok(None);
        }
        let Ok(saved) = serde_json::from_slice::<Saved<A>>(&snapshot.state) else { return Ok(None) };
        Ok(Some(Box::new(Self {
            state: saved.state,
            tail: Tail { length: saved.length, last_hash: saved.last_hash },
            position: saved.position,
            revision: saved.revision,
            last_at: saved.last_at,
            memory: saved.memory,
            unsaved: Unsaved::default(),
            weight: Weight::of(snapshot.state.len()),
            person,
        })))
    }

    /// Reads on from what was saved, if the stream ever was so: a log that was restored, or that was not told to sync, may be shorter
    /// than what was saved of it. `None`: it was not.
    async fn go_on(
        shared: &ExecutorContext,
        stream: &StreamName,
        mut saved: Box<Self>,
    ) -> Result<Option<Box<Self>>, StreamFailure> {
        let Some(last) = saved.tail.length.checked_sub(1) else { return Ok(None) };
        // With the last event that it knows, whose hash is that of all before it.
        let slice = page(shared, stream, Tail { length: last, last_hash: None }).await?;
        if slice.first_hash.is_none() {
            tracing::warn!(%stream, "a snapshot is of events that the log does not have; reading the whole stream");
            return Ok(None);
        }
        if slice.first_hash != saved.tail.last_hash {
            tracing::error!(
                %stream, revision = last,
                "this event is not what a snapshot was made from: it was altered since, or the log was put back; reading the whole stream"
            );
            return Ok(None);
        }
        if !saved.fold_slice(stream, slice, 1)? {
            saved.catch_up(shared, stream).await?;
        }
        Ok(Some(saved))
    }

    /// A snapshot of the state, where reading the stream again would cost more than it is worth.
    pub(super) fn snapshot_due(
        &mut self,
        moment: Moment,
        every: u64,
        log_id: LogId,
    ) -> Option<(Snapshot, Option<Person>)> {
        if self.tail.length == 0 || !self.unsaved.is_due(moment, every, self.weight.bytes()) {
            return None;
        }
        self.unsaved = Unsaved::default();
        let saved = SavedRef {
            state: &self.state,
            length: self.tail.length,
            last_hash: self.tail.last_hash,
            position: self.position,
            revision: self.revision,
            last_at: self.last_at,
            memory: &self.memory,
        };
        match serde_json::to_vec(&saved) {
            Ok(state) => {
                self.weight = Weight::of(state.len());
                Some((Snapshot { log_id, format: SNAPSHOT_FORMAT, state }, self.person))
            }
            Err(error) => {
                tracing::warn!(%error, "a state can't be written as a snapshot");
                None
            }
        }
    }
}

/// [`Saved`], borrowed.
#[derive(Serialize)]
struct SavedRef<'a, A> {
    state: &'a A,
    length: u64,
    last_hash: Option<eventlog::chain::EventHash>,
    position: Position,
    revision: u64,
    last_at: Timestamp,
    memory: &'a Memory,
}

async fn page(shared: &ExecutorContext, stream: &StreamName, from: Tail) -> Result<StreamSlice, StreamFailure> {
    shared.journal.read_stream_within(stream, from, PAGE).await.map_err(|source| failed(stream, source))
}

pub(super) fn failed(stream: &StreamName, source: JournalError) -> StreamFailure {
    StreamFailure::Journal { stream: stream.to_string(), source }
}
