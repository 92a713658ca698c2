//! The embedded log: one SQLite file in WAL mode.
//!
//! What lives here: [`SqliteLog`], which hands appends to the one thread that writes ([`writer`]) and reads to a small
//! pool of read-only connections ([`readers`]). What doesn't: what an event means; who may serve a data directory.
//! The guarantee: an append is answered once its transaction is on the disk (with [`Synchronous::Full`]); a failing disk
//! makes the log answer `Unavailable` until the disk is well again, and never more than that.

mod bounded;
mod errors;
mod looking;
mod options;
mod queue;
mod readers;
mod rows;
mod schema;
mod session;
mod writer;

pub use looking::SqliteLogReader;
pub use options::SqliteOptions;
pub use sqlite::Synchronous;

use crate::event::{NewEvent, Position, RecordedEvent, StreamName};
use crate::follow::{Batch, Source, follow};
use crate::port::{AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, Subscription};
use crate::recent::Recent;
use crate::size::Room;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use errors::{FileFailure, open_error};
use queue::Queue;
use readers::Readers;
use schema::IfMissing;
use session::Session;
use sqlite::{Checkpointer, Settle, SettleError};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::watch;
use writer::{Unsettled, Writer};

/// The most events, and about the most bytes of them, that a subscription gets at once.
const BATCH: Room = Room { events: 512, bytes: 1024 * 1024 };

/// A log in one SQLite file. Dropping it finishes what was queued and closes the file; its subscriptions then end with
/// [`LogError::Unavailable`].
pub struct SqliteLog {
    log_id: LogId,
    head: watch::Receiver<Position>,
    read_side: Arc<ReadSide>,
    max_append_bytes: usize,
    checkpointer: Arc<Checkpointer>,
    /// Taken only when the log is dropped, as is `writer`.
    queue: Option<Queue>,
    writer: Option<JoinHandle<()>>,
}

/// What subscriptions keep alive.
struct ReadSide {
    readers: Readers,
    recent: Recent,
}

impl SqliteLog {
    /// Opens the log in the file, and creates it if there is none. Takes milliseconds however long the log is. Blocks.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the file is of a newer version or not a log of ours: it is left as it is.
    /// [`LogError::Unavailable`] if another process has it open, or the disk doesn't let us.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, LogError> {
        let lock = sqlite::lock(path).map_err(open_error)?;
        let format = schema::format(&options);
        let session = Session::open(path, &options, IfMissing::Create)?;
        let log_id = session.log_id();
        let (head_sender, head) = watch::channel(session.head());
        let read_side = Arc::new(ReadSide {
            readers: Readers::new(path, &format),
            recent: Recent::new(session.head(), options.recent_events, options.recent_bytes),
        });
        let (queue, requests) = Queue::new(&options);
        let max_append_bytes = options.max_append_bytes;
        let unstarted = |error| LogError::from(FileFailure::Threads(error));
        let checkpointer = Checkpointer::start(path, format.what, format.bounds).map_err(unstarted)?;
        let checkpointer = Arc::new(checkpointer);
        let mut writer = Writer {
            path: path.to_owned(),
            options,
            log_id,
            session: Some(session),
            unsettled: Unsettled::default(),
            checkpointer: Arc::clone(&checkpointer),
            read_side: Arc::clone(&read_side),
            head: head_sender,
            has_run: false,
            _lock: lock,
        };
        let mut requests = requests;
        let writer = tasks::thread("event log writer", move || writer.run(&mut requests)).map_err(unstarted)?;
        Ok(Self { log_id, head, read_side, max_append_bytes, checkpointer, queue: Some(queue), writer: Some(writer) })
    }

    /// `recorded_at`: as another log recorded it.
    async fn append_at(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
        recorded_at: Option<DateTime<Utc>>,
    ) -> Result<Appended, AppendError> {
        match &self.queue {
            Some(queue) => queue.append(stream, expected, events, recorded_at).await,
            None => Err(queue::closed(stream)),
        }
    }
}

impl Settle for SqliteLog {
    fn settle(&self) -> Result<(), SettleError> {
        self.checkpointer.settle()
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        // Before the writer's connection, so that SQLite, closing the last one, leaves the log in one file.
        self.read_side.readers.close();
        drop(self.queue.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the event log had panicked");
        }
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.append_at(stream, expected, events, None).await
    }

    async fn append_recorded(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
        recorded_at: DateTime<Utc>,
    ) -> Result<Appended, AppendError> {
        self.append_at(stream, expected, events, Some(recorded_at)).await
    }

    fn max_append_bytes(&self) -> usize {
        self.max_append_bytes
    }

    fn keeps_recorded_times(&self) -> bool {
        true
    }

    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.read_stream_within(stream, from, Room::for_events(limit)).await
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        let (stream, head) = (stream.clone(), *self.head.borrow());
        self.read_side.readers.run(move |reader| reader.stream_backwards(&stream, limit, head)).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.read_all_within(after, Room::for_events(limit)).await
    }

    async fn read_stream_within(
        &self,
        stream: &StreamName,
        from: u64,
        room: Room,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let (stream, head) = (stream.clone(), *self.head.borrow());
        self.read_side.readers.run(move |reader| reader.stream(&stream, from, room, head)).await
    }

    async fn read_all_within(&self, after: Position, room: Room) -> Result<Vec<RecordedEvent>, LogError> {
        let head = *self.head.borrow();
        if after >= head {
            return Ok(Vec::new());
        }
        if let Some(events) = self.read_side.recent.after(after, room) {
            return Ok(events);
        }
        self.read_side.readers.run(move |reader| reader.all(after, room, head)).await
    }

    async fn head(&self) -> Result<Position, LogError> {
        Ok(*self.head.borrow())
    }

    async fn probe(&self) -> Result<(), LogError> {
        match &self.queue {
            Some(queue) => queue.probe().await,
            None => Err(queue::stopped()),
        }
    }

    fn damage(&self) -> Option<String> {
        self.read_side.readers.damage()
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        Ok(self.log_id)
    }

    fn subscribe(&self, after: Position) -> Subscription {
        follow(Arc::clone(&self.read_side), self.head.clone(), after)
    }
}

#[async_trait]
impl Source for ReadSide {
    async fn next_batch(&self, after: Position, head: Position) -> Result<Batch, LogError> {
        if let Some(events) = self.recent.after(after, BATCH) {
            return Ok(Batch { events, fell_behind: false });
        }
        let events = self.readers.run(move |reader| reader.all(after, BATCH, head)).await?;
        Ok(Batch { events, fell_behind: true })
    }
}

/// The version of the SQLite that is built in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
