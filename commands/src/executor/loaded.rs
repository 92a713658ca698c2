//! A stream in memory: its folded state, and what the next append builds on.

use super::StreamFailure;
use super::memory::Memory;
use crate::executor::Shared;
use crate::snapshots::Snapshot;
use domain::{Decider, Event, Timestamp};
use eventlog::{LogError, LogId, Position, StreamName};
use journal::{Envelope, Idempotency, JournalError, Tail};
use serde::{Deserialize, Serialize};

/// Events that are read at once.
const PAGE: usize = 1_000;
/// The shape of snapshots. Raised whenever a state's shape changes; old snapshots are then ignored.
const SNAPSHOT_FORMAT: u32 = 3;

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
    /// The length at which the state was last saved.
    pub(super) saved_at: u64,
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
            saved_at: 0,
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
    ) -> Result<(), String> {
        self.state.evolve(event, at).map_err(|impossible| impossible.to_string())?;
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
            |reason: String| StreamFailure::Corrupt { stream: stream.to_string(), revision: envelope.revision, reason };
        let (revision, at) = (envelope.revision, envelope.metadata.occurred_at);
        let idempotency = envelope.metadata.idempotency.as_ref();
        if let Event::Remembered(_) = envelope.event {
            self.remember(revision, at, idempotency);
        } else {
            let event = A::event(envelope.event)
                .ok_or_else(|| corrupt("an event of another aggregate stands there".to_owned()))?;
            self.fold(&event, revision, at, idempotency).map_err(corrupt)?;
        }
        self.position = envelope.position;
        Ok(())
    }

    /// Reads and folds what the stream has beyond the tail.
    pub(super) async fn catch_up(&mut self, shared: &Shared, stream: &StreamName) -> Result<(), StreamFailure> {
        loop {
            let slice =
                shared.journal.read_stream(stream, self.tail, PAGE).await.map_err(|source| failed(stream, source))?;
            let count = slice.events.len();
            for envelope in slice.events {
                self.fold_stored(stream, envelope)?;
            }
            self.tail = slice.tail;
            if count < PAGE {
                return Ok(());
            }
        }
    }

    /// The stream from its snapshot, where there is one, and what came after.
    pub(super) async fn load(shared: &Shared, stream: &StreamName) -> Result<Box<Self>, StreamFailure> {
        let mut loaded = Box::new(Self::from_snapshot(shared, stream).await?.unwrap_or_default());
        loaded.catch_up(shared, stream).await?;
        Ok(loaded)
    }

    async fn from_snapshot(shared: &Shared, stream: &StreamName) -> Result<Option<Self>, StreamFailure> {
        if !A::SNAPSHOTS {
            return Ok(None);
        }
        let snapshot = match shared.snapshots.load(stream).await {
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
        let tail = Tail { length: saved.length, last_hash: saved.last_hash };
        match stands_in_log(shared, stream, tail).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(%stream, "a snapshot is of events that the log does not have; reading the whole stream");
                return Ok(None);
            }
            // The whole stream can't be read either, and would only be asked for in vain.
            Err(source) => return Err(failed(stream, source)),
        }
        Ok(Some(Self {
            state: saved.state,
            tail,
            position: saved.position,
            revision: saved.revision,
            last_at: saved.last_at,
            memory: saved.memory,
            saved_at: saved.length,
        }))
    }

    /// A snapshot of the state, when the stream has grown enough since the last one.
    pub(super) fn snapshot_due(&mut self, every: u64, log_id: LogId) -> Option<Snapshot> {
        if !A::SNAPSHOTS || self.tail.length - self.saved_at < every {
            return None;
        }
        self.saved_at = self.tail.length;
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
            Ok(state) => Some(Snapshot { log_id, format: SNAPSHOT_FORMAT, state }),
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

/// Whether the stream had this tail once. A log that was restored, or that was not told to sync, may be shorter than what was
/// saved of it.
///
/// # Errors
/// The log is away, so that nobody knows. Damage there is met again by whoever reads the stream.
async fn stands_in_log(shared: &Shared, stream: &StreamName, tail: Tail) -> Result<bool, JournalError> {
    let Some(last) = tail.length.checked_sub(1) else { return Ok(false) };
    match shared.journal.read_stream(stream, Tail { length: last, last_hash: None }, 1).await {
        Ok(slice) => Ok(slice.tail == tail),
        Err(error @ (JournalError::Log(LogError::Unavailable(_)) | JournalError::Keys(_))) => Err(error),
        Err(_) => Ok(false),
    }
}

pub(super) fn failed(stream: &StreamName, source: JournalError) -> StreamFailure {
    StreamFailure::Journal { stream: stream.to_string(), source }
}
