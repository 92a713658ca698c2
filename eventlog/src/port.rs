//! The port: what an adapter must do, exactly.

use crate::caused_by::CausedBy;
use crate::event::*;
use crate::retry::Retry;
use crate::size::Room;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// The identity of one log. A reader that meets another one than its checkpoint names stops loudly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogId(pub Uuid);

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The format of events, as whoever writes them counts it: raised with each kind of event that earlier programs can't read. A log
/// says the highest that it may hold, so that an earlier program refuses it rather than meet what it can't read. This is the first.
pub const FIRST_FORMAT: u32 = 1;

/// Up to where a reader has come, in which log. `event_id` is the event at `position`; nil at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub log_id: LogId,
    pub position: Position,
    pub event_id: EventId,
}

impl Checkpoint {
    /// Before the first event of a log.
    pub fn start(log_id: LogId) -> Self {
        Self { log_id, position: Position::START, event_id: Uuid::nil() }
    }
}

/// What the appender believes of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedRevision {
    /// It has no event.
    NoStream,
    /// Its last event has this revision.
    Exact(u64),
}

impl ExpectedRevision {
    /// From the number of events that the stream is believed to have.
    pub fn of_length(events: u64) -> Self {
        match events.checked_sub(1) {
            None => ExpectedRevision::NoStream,
            Some(last) => ExpectedRevision::Exact(last),
        }
    }

    /// The number of events that the stream is believed to have.
    pub fn length(self) -> u64 {
        match self {
            ExpectedRevision::NoStream => 0,
            // Saturates: no stream is that long, so it meets a conflict.
            ExpectedRevision::Exact(last) => last.saturating_add(1),
        }
    }
}

/// Where the last event of an append stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    pub revision: u64,
    pub position: Position,
}

/// One of several appends, with the time that another log recorded it at.
#[derive(Clone, Debug)]
pub struct Piece {
    pub stream: StreamName,
    pub expected: ExpectedRevision,
    pub events: Vec<NewEvent>,
    pub recorded_at: DateTime<Utc>,
}

/// Why an append was not done, or is not known to be.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream's last revision is another one (`None`: it has no event).
    #[error("appending to {stream}: expected {expected:?}, it is at {actual:?}")]
    Conflict { stream: StreamName, expected: ExpectedRevision, actual: Option<u64> },
    /// Nothing was given to append: a mistake of the caller, also on a repeat.
    #[error("appending to {stream}: an append needs at least one event")]
    Empty { stream: StreamName },
    #[error("appending to {stream}: {bytes} bytes are more than the log takes at once")]
    TooLarge { stream: StreamName, bytes: usize },
    /// The log is away, or refuses. The append was not done.
    #[error("appending to {stream}")]
    Unavailable {
        stream: StreamName,
        #[source]
        source: LogError,
    },
    /// The log did not say in time whether it did the append: it may have, or may yet. Reading back tells, or the same append again.
    #[error("appending to {stream}: what became of it is not known")]
    OutcomeUnknown {
        stream: StreamName,
        #[source]
        source: LogError,
    },
}

/// The log can't be reached, or what it holds can't be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// Try again later.
    #[error("the event log is away: {0}")]
    Unavailable(#[source] CausedBy),
    /// Trying again does not help.
    #[error("the event log can't be used: {0}")]
    Damaged(#[source] CausedBy),
    /// A checkpoint names another log, or an event that this log doesn't have at that position.
    #[error("the checkpoint at position {position} of log {log_id} is not of this log: {reason}")]
    ForeignCheckpoint { log_id: LogId, position: Position, reason: Mismatch },
}

/// How a checkpoint shows that it is of another log, or of what a log holds no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("this is log {0}")]
    OtherLog(LogId),
    #[error("event {0} stands there")]
    OtherEvent(EventId),
    #[error("no event stands there: the log is shorter, or was restored")]
    NoEvent,
    #[error("the event that was forwarded last does not stand there: the log was restored")]
    NotWhereForwarded,
    #[error("this log does not hold the event that was forwarded last")]
    NeverForwarded,
}

/// A log, or a subscription to it, that came to its end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogEnded {
    #[error("it was closed")]
    Closed,
    #[error("the log is being closed")]
    BeingClosed,
    #[error("the subscription to the log ended")]
    Subscription,
}

impl LogError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            LogError::Unavailable(_) => Retry::Later,
            LogError::Damaged(_) | LogError::ForeignCheckpoint { .. } => Retry::Never,
        }
    }
}

impl AppendError {
    /// Whether the same append again helps.
    pub fn retry(&self) -> Retry {
        match self {
            // By a decision on the stream as it is by then.
            AppendError::Conflict { .. } => Retry::Busy,
            AppendError::Empty { .. } | AppendError::TooLarge { .. } => Retry::Never,
            AppendError::Unavailable { source, .. } | AppendError::OutcomeUnknown { source, .. } => source.retry(),
        }
    }
}

/// What a subscription brings. Events come in batches, in the order of their positions, each exactly once.
#[derive(Clone, Debug)]
pub enum SubscriptionItem {
    /// At least one event.
    Events(Vec<RecordedEvent>),
    /// Everything up to the log's head, as it was a moment ago, has been brought. Comes when the subscription goes
    /// live, and again whenever it has caught up after falling behind.
    CaughtUp(Position),
}

/// Catch-up, then live. An error ends it; subscribe again after the last position.
pub type Subscription = BoxStream<'static, Result<SubscriptionItem, LogError>>;

/// What the positions of a log count, and so whatever is told of how far somebody is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogUnit {
    /// The events of the log, one by one.
    #[default]
    Events,
    /// The bytes of a server's log, in which others' events stand as well.
    Bytes,
}

impl LogUnit {
    /// In the plural, for people.
    pub fn as_str(self) -> &'static str {
        match self {
            LogUnit::Events => "events",
            LogUnit::Bytes => "bytes of the log",
        }
    }
}

impl fmt::Display for LogUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An append-only log of events in streams.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends the events to the stream, all or none, if it is as expected. At least one event. Durable once answered.
    ///
    /// The same events (by id) appended again at the same expected revision answer as the first time; ids are compared
    /// where the events would stand, so that an id elsewhere in the log is not noticed.
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError>;

    /// The most bytes that one append may hold: of the stream's name, of each event's type twice, of its data and its metadata.
    /// What an adapter or its server counts is never more than that, so an append of so much is taken. More may be
    /// [`AppendError::TooLarge`], at every try.
    fn max_append_bytes(&self) -> usize;

    /// As [`append`](Self::append), of events that another log took at that time, for copying it: a log that
    /// [keeps recorded times](Self::keeps_recorded_times) records it, in whole milliseconds; one that does not records its own.
    async fn append_recorded(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
        recorded_at: DateTime<Utc>,
    ) -> Result<Appended, AppendError> {
        let _ = recorded_at;
        self.append(stream, expected, events).await
    }

    /// Whether [`append_recorded`](Self::append_recorded) keeps the time that it is given. A server that stamps events itself
    /// can't.
    fn keeps_recorded_times(&self) -> bool {
        false
    }

    /// As [`append_recorded`](Self::append_recorded), of several appends in this order; none may be sent anew by the log itself. Whatever
    /// stops it, those that were done are the first ones, except where one is refused that its stream is not as expected, or by the rights
    /// of its stream: later ones of other streams may then be done as well.
    async fn append_in_order(&self, pieces: Vec<Piece>) -> Result<(), AppendError> {
        for Piece { stream, expected, events, recorded_at } in pieces {
            self.append_recorded(&stream, expected, events, recorded_at).await?;
        }
        Ok(())
    }

    /// Up to `limit` events of the stream from revision `from` on, oldest first; empty past its end or without it.
    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError>;

    /// The last `limit` events of the stream, newest first.
    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError>;

    /// Up to `limit` events of all streams after the position, oldest first.
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError>;

    /// As [`read_stream`](Self::read_stream), as much as there is room for.
    async fn read_stream_within(
        &self,
        stream: &StreamName,
        from: u64,
        room: Room,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(room.keep(self.read_stream(stream, from, room.events).await?))
    }

    /// As [`read_all`](Self::read_all), as much as there is room for.
    async fn read_all_within(&self, after: Position, room: Room) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(room.keep(self.read_all(after, room.events).await?))
    }

    /// The position of the last event; [`Position::START`] in an empty log.
    async fn head(&self) -> Result<Position, LogError>;

    /// Damage that was met in what it holds, and that stays until a backup is restored; `None` where none was, or it can't tell.
    fn damage(&self) -> Option<String> {
        None
    }

    /// Shows that an append would be stored now, without storing an event: for when nothing is appended that would show it.
    async fn probe(&self) -> Result<(), LogError> {
        self.head().await.map(drop)
    }

    /// The identity of this log; the same for its whole life.
    async fn log_id(&self) -> Result<LogId, LogError>;

    /// What its positions count.
    fn unit(&self) -> LogUnit {
        LogUnit::Events
    }

    /// Up to where it is known, without asking anybody, that no event stands after the position: never before it. Where the log
    /// holds others' events as well, this moves while they are looked through, and says how far a reader is who is at `after`.
    fn scanned(&self, after: Position) -> Position {
        after
    }

    /// All events after the position, then those to come. Falling behind costs nothing but time: a slow subscriber is
    /// never cut off, and its buffers are bounded.
    fn subscribe(&self, after: Position) -> Subscription;
}
