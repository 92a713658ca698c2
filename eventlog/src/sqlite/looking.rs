//! The log's file while another process may be writing to it: it is read, and nothing of it is changed.

use super::errors::FileFailure;
use super::options::SqliteOptions;
use super::readers::Readers;
use super::schema;
use crate::event::{NewEvent, Position, RecordedEvent, StreamName};
use crate::port::{AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, Subscription};
use crate::size::Room;
use async_trait::async_trait;
use futures::{StreamExt, stream};
use std::path::Path;

/// All that stands in the file. What another process has committed and not yet synced is seen as well: a power cut may take it, and
/// whoever has read it finds out by its checkpoint.
const ALL: Position = Position(i64::MAX as u64);

/// A log in one SQLite file, to look at. Nothing can be appended, and nobody follows it.
pub struct SqliteLogReader {
    log_id: LogId,
    readers: Readers,
}

impl SqliteLogReader {
    /// Opens the file of a log that may hold events up to that format. Blocks.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the file is of a newer version or not a log of ours; [`LogError::Unavailable`] if there is none, or the
    /// disk doesn't let us.
    pub fn open(path: &Path, format: u32, readers: usize) -> Result<Self, LogError> {
        let options = SqliteOptions { format, readers, ..SqliteOptions::default() };
        let log_id = schema::look_at(path, &options)?;
        Ok(Self { log_id, readers: Readers::new(path, &schema::format(&options)) })
    }
}

fn only_read() -> LogError {
    FileFailure::OnlyLookedAt.into()
}

#[async_trait]
impl EventLog for SqliteLogReader {
    async fn append(
        &self,
        stream: &StreamName,
        _expected: ExpectedRevision,
        _events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        Err(AppendError::Unavailable { stream: stream.clone(), source: only_read() })
    }

    fn max_append_bytes(&self) -> usize {
        0
    }

    async fn probe(&self) -> Result<(), LogError> {
        Err(only_read())
    }

    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.read_stream_within(stream, from, Room::for_events(limit)).await
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        let stream = stream.clone();
        self.readers.run(move |reader| reader.stream_backwards(&stream, limit, ALL)).await
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
        let stream = stream.clone();
        self.readers.run(move |reader| reader.stream(&stream, from, room, ALL)).await
    }

    async fn read_all_within(&self, after: Position, room: Room) -> Result<Vec<RecordedEvent>, LogError> {
        self.readers.run(move |reader| reader.all(after, room, ALL)).await
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.readers.run(|reader| reader.last()).await
    }

    fn damage(&self) -> Option<String> {
        self.readers.damage()
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        Ok(self.log_id)
    }

    fn subscribe(&self, _after: Position) -> Subscription {
        stream::once(async { Err(only_read()) }).boxed()
    }
}
