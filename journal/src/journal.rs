//! Appending to and reading from the log in the domain's terms.

use crate::follow::{Follower, Memory, SharedTail};
use crate::{
    Delivery, JournalError, Keys, SealingKey, StreamDeliveries, StreamSlice, Tail, ToAppend, Written, codec, seal,
};
use domain::CustomerId;
use eventlog::chain::{self, EventHash};
use eventlog::{
    AppendError, Checkpoint, EventLog, ExpectedRevision, LogError, LogId, LogUnit, Mismatch, Position, RecordedEvent,
    Room, StreamName,
};
use health::Outcomes;
use std::sync::Arc;
use std::time::Duration;

/// An append, or the question whether one would be stored, that nobody waits for so long says that the log is silent.
const PATIENCE: Duration = Duration::from_secs(2);

/// What stands beside the data of an event that is appended alone: the stream's name, the type twice and the metadata, of which
/// nothing is longer than an id, a hash, a request's id or the sealed name of a person. A test holds the largest against it.
pub(crate) const BESIDE_DATA_BYTES: usize = 3 * 1024;

/// The log, its keys, and the tail that all followers of the process share. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    log: Arc<dyn EventLog>,
    keys: Arc<dyn Keys>,
    tail: Arc<SharedTail>,
    appends: Arc<Outcomes>,
}

impl Journal {
    pub fn new(log: Arc<dyn EventLog>, keys: Arc<dyn Keys>) -> Self {
        Self::with_memory(log, keys, Memory::default())
    }

    /// With bounds of its own on what followers hold.
    pub fn with_memory(log: Arc<dyn EventLog>, keys: Arc<dyn Keys>, memory: Memory) -> Self {
        let tail = SharedTail::new(Arc::clone(&log), Arc::clone(&keys), memory);
        Self { log, keys, tail, appends: Arc::default() }
    }

    /// The log beneath.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// The most bytes of data that an event without personal data may have which is appended alone: what the log takes at once,
    /// less all that stands beside the data.
    pub fn max_data_bytes(&self) -> usize {
        self.log.max_append_bytes().saturating_sub(BESIDE_DATA_BYTES)
    }

    /// Appends at the end of the stream as it is believed to be. Another end is [`AppendError::Conflict`]. The same events
    /// (by id) appended again at the same end answer as the first time.
    pub async fn append(&self, stream: &StreamName, tail: Tail, events: &[ToAppend]) -> Result<Written, JournalError> {
        let (stored, last_hash) =
            codec::encode(stream, tail.length, tail.last_hash, events, self.keys.as_ref()).await?;
        let bytes = stored.iter().map(|event| event.data.len() + event.metadata.len()).sum::<usize>() as u64;
        let appending = self.log.append(stream, ExpectedRevision::of_length(tail.length), stored);
        let appended = self.appends.watch(PATIENCE, appending, fault).await.inspect_err(count)?;
        Ok(Written {
            bytes,
            position: appended.position,
            tail: Tail { length: appended.revision + 1, last_hash: Some(last_hash) },
        })
    }

    /// Up to `limit` events of the stream from revision `from` on, oldest first. `from_hash` is the hash of the event before
    /// `from`, which stands in the slice's tail when there is nothing to read.
    pub async fn read_stream(
        &self,
        stream: &StreamName,
        from: Tail,
        limit: usize,
    ) -> Result<StreamSlice, JournalError> {
        self.read_stream_within(stream, from, Room::for_events(limit)).await
    }

    /// As [`Self::read_stream`], as much as there is room for.
    pub async fn read_stream_within(
        &self,
        stream: &StreamName,
        from: Tail,
        room: Room,
    ) -> Result<StreamSlice, JournalError> {
        let recorded = self.log.read_stream_within(stream, from.length, room).await?;
        let is_full = room.is_filled_by(&recorded);
        let bytes = bytes_of(&recorded);
        let events = codec::decode(recorded, self.keys.as_ref()).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let first_hash = events.first().map(|first| first.hash);
        let tail = match events.last() {
            Some(last) => Tail { length: last.revision + 1, last_hash: Some(last.hash) },
            None => from,
        };
        Ok(StreamSlice { events, tail, first_hash, bytes, is_full })
    }

    /// As much of the stream as there is room for, from the revision on, oldest first; what can't be read is said, not skipped.
    pub async fn read_stream_each(
        &self,
        stream: &StreamName,
        from: u64,
        room: Room,
    ) -> Result<StreamDeliveries, JournalError> {
        let recorded = self.log.read_stream_within(stream, from, room).await?;
        let (is_full, bytes) = (room.is_filled_by(&recorded), bytes_of(&recorded));
        let events = codec::decode(recorded, self.keys.as_ref()).await?.into_iter().map(Delivery::from).collect();
        Ok(StreamDeliveries { events, bytes, is_full })
    }

    /// Up to `limit` events of all streams after the position, oldest first; what can't be read is said, not skipped.
    pub async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Delivery>, JournalError> {
        self.read_all_within(after, Room::for_events(limit)).await
    }

    /// As [`Self::read_all`], as much as there is room for.
    pub async fn read_all_within(&self, after: Position, room: Room) -> Result<Vec<Delivery>, JournalError> {
        let recorded = self.log.read_all_within(after, room).await?;
        Ok(codec::decode(recorded, self.keys.as_ref()).await?.into_iter().map(Delivery::from).collect())
    }

    /// Seals the state of a stream with that customer's key, as what holds personal data must be wherever it is kept. `None`: the
    /// customer has no key (any more).
    pub async fn seal_state(
        &self,
        stream: &StreamName,
        customer: CustomerId,
        state: &[u8],
    ) -> Result<Option<Vec<u8>>, JournalError> {
        let Some(key) = self.key_of(customer).await? else { return Ok(None) };
        Ok(Some(seal::seal_state(&key, stream.as_str(), state)?))
    }

    /// Opens what [`Self::seal_state`] sealed for the same stream. `None`: the customer's key was destroyed.
    pub async fn open_state(
        &self,
        stream: &StreamName,
        customer: CustomerId,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, JournalError> {
        let Some(key) = self.key_of(customer).await? else { return Ok(None) };
        Ok(Some(seal::open_state(&key, stream.as_str(), sealed)?))
    }

    async fn key_of(&self, customer: CustomerId) -> Result<Option<SealingKey>, JournalError> {
        Ok(self.keys.keys(&[customer]).await?.into_iter().next().flatten())
    }

    /// The position of the last event.
    pub async fn head(&self) -> Result<Position, LogError> {
        self.log.head().await
    }

    /// What positions of the log count.
    pub fn unit(&self) -> LogUnit {
        self.log.unit()
    }

    /// Up to where it is known that no event stands after the position: how far a reader is who is there.
    pub fn scanned(&self, after: Position) -> Position {
        self.log.scanned(after)
    }

    pub async fn log_id(&self) -> Result<LogId, LogError> {
        self.log.log_id().await
    }

    /// A checkpoint at the event that stands at the position.
    pub async fn checkpoint(&self, position: Position) -> Result<Checkpoint, LogError> {
        let log_id = self.log.log_id().await?;
        if position == Position::START {
            return Ok(Checkpoint::start(log_id));
        }
        match self.log.read_all(Position(position.0 - 1), 1).await?.first() {
            Some(event) if event.position == position => Ok(Checkpoint { log_id, position, event_id: event.id }),
            Some(_) | None => Err(LogError::Damaged(NothingThere(position).into())),
        }
    }

    /// Checks that the checkpoint is of this log: same `log_id`, and the same event at its position.
    pub async fn verify(&self, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let foreign =
            |reason| LogError::ForeignCheckpoint { log_id: checkpoint.log_id, position: checkpoint.position, reason };
        let log_id = self.log.log_id().await?;
        if log_id != checkpoint.log_id {
            return Err(foreign(Mismatch::OtherLog(log_id)));
        }
        if checkpoint.position == Position::START {
            return Ok(());
        }
        let before = Position(checkpoint.position.0 - 1);
        match self.log.read_all(before, 1).await?.first() {
            Some(event) if event.position == checkpoint.position && event.id == checkpoint.event_id => Ok(()),
            Some(event) if event.position == checkpoint.position => Err(foreign(Mismatch::OtherEvent(event.id))),
            Some(_) | None => Err(foreign(Mismatch::NoEvent)),
        }
    }

    /// Whether the event at the position is another one than whoever noted its hash has seen there. `false` also where none stands,
    /// which [`Self::verify`] tells.
    pub async fn is_altered(&self, position: Position, seen: EventHash) -> Result<bool, LogError> {
        if position == Position::START {
            return Ok(false);
        }
        let found = self.log.read_all(Position(position.0 - 1), 1).await?;
        Ok(found.first().is_some_and(|event| event.position == position && chain::hash_of(event) != seen))
    }

    /// About how many bytes of recent events are held for followers.
    pub fn held(&self) -> u64 {
        self.tail.bytes() as u64
    }

    /// How the last appends went.
    pub fn appends(&self) -> &Outcomes {
        &self.appends
    }

    /// Shows that an append would be stored now, without storing any, and notes it among the appends.
    pub async fn probe(&self) -> Result<(), LogError> {
        self.appends.watch(PATIENCE, self.log.probe(), |error| Some(error.to_string())).await
    }

    /// Damage that was met in the log, and that stays until a backup is restored.
    pub fn damage(&self) -> Option<String> {
        self.log.damage()
    }

    /// Follows the log from after the position: catch-up, then live. Followers near the head share one decoding.
    pub fn follow(&self, after: Position) -> Follower {
        Follower::new(Arc::clone(&self.tail), Arc::clone(&self.log), Arc::clone(&self.keys), after)
    }
}

/// Where an event was to be.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no event stands at position {0}")]
struct NothingThere(Position);

/// Why the log is not well, if it is because of that that an append was not done.
fn fault(error: &AppendError) -> Option<String> {
    match error {
        AppendError::Unavailable { source, .. } | AppendError::OutcomeUnknown { source, .. } => {
            Some(source.to_string())
        }
        AppendError::Conflict { .. } | AppendError::Empty { .. } | AppendError::TooLarge { .. } => None,
    }
}

fn count(error: &AppendError) {
    let kind = match error {
        AppendError::Conflict { .. } => "conflict",
        AppendError::Empty { .. } => "empty",
        AppendError::TooLarge { .. } => "too_large",
        AppendError::Unavailable { .. } => "unavailable",
        AppendError::OutcomeUnknown { .. } => "outcome_unknown",
    };
    metrics::counter!("cartlog_append_failures_total", "kind" => kind).increment(1);
}

/// What the events take in the log, about.
fn bytes_of(recorded: &[RecordedEvent]) -> u64 {
    recorded.iter().map(|event| event.data.len() + event.metadata.len()).sum::<usize>() as u64
}
