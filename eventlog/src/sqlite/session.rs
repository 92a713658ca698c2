//! One connection that writes, with what it remembers of the log's end. After any error it is thrown away whole and opened
//! anew, so that what it remembers is always what the file holds.

use super::bounded::Bounded;
use super::errors::log_error;
use super::options::SqliteOptions;
use super::queue::AppendRequest;
use super::rows::{at_most_i64, stream_id, unsigned};
use super::schema::{IfMissing, OpenedLog, open_to_write, raise_format};
use crate::clock::{Clock, record_time};
use crate::event::{NewEvent, Position, RecordedEvent, StreamName};
use crate::port::{AppendError, Appended, ExpectedRevision, LogError, LogId};
use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension, Result, params};
use std::path::Path;
use std::sync::Arc;

const REMEMBERED_TYPES: usize = 1024;

const INSERT: &str = "
    INSERT INTO events (position, stream, revision, id, type, recorded_at, data, metadata)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

pub(super) struct Session {
    connection: Connection,
    log_id: LogId,
    raises_to: Option<i64>,
    /// Of the last event, and 0 without one.
    last_position: u64,
    last_ms: i64,
    is_committing: bool,
    tails: Bounded<StreamName, Tail>,
    types: Bounded<Arc<str>, (i64, Arc<str>)>,
    clock: Clock,
}

/// Where a stream ends.
#[derive(Clone, Copy)]
struct Tail {
    stream: i64,
    length: u64,
}

/// What one transaction did.
pub(super) struct Committed {
    /// In the order of the requests.
    pub(super) answers: Vec<std::result::Result<Appended, AppendError>>,
    pub(super) events: Vec<RecordedEvent>,
}

impl Session {
    pub(super) fn open(
        path: &Path,
        options: &SqliteOptions,
        if_missing: IfMissing,
    ) -> std::result::Result<Self, LogError> {
        let OpenedLog { connection, log_id, raises_to } = open_to_write(path, options, if_missing)?;
        let last = "SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1";
        let last = connection.query_row(last, [], |row| Ok((unsigned(row, 0)?, row.get(1)?))).optional();
        let (last_position, last_ms) = last.map_err(|error| log_error("opening", error))?.unwrap_or((0, i64::MIN));
        Ok(Self {
            connection,
            log_id,
            raises_to,
            last_position,
            last_ms,
            is_committing: false,
            tails: Bounded::new(options.remembered_streams),
            types: Bounded::new(REMEMBERED_TYPES),
            clock: Arc::clone(&options.clock),
        })
    }

    pub(super) fn log_id(&self) -> LogId {
        self.log_id
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn head(&self) -> Position {
        Position(self.last_position)
    }

    /// Writes all that can be in one transaction and waits for the disk. An append that conflicts fails alone. After an
    /// error nothing is known of any of them, and the session must not be used again.
    pub(super) fn commit(&mut self, requests: &mut [AppendRequest]) -> Result<Committed> {
        self.run("BEGIN IMMEDIATE")?;
        self.last_ms = record_time(&self.clock, self.last_ms);
        let mut committed = Committed { answers: Vec::with_capacity(requests.len()), events: Vec::new() };
        for request in requests {
            let answer = self.append(request, &mut committed.events)?;
            committed.answers.push(answer);
        }
        if let Some(format) = self.raises_to.filter(|_| !committed.events.is_empty()) {
            raise_format(&self.connection, format)?;
        }
        self.is_committing = true;
        self.run("COMMIT")?;
        self.is_committing = false;
        if !committed.events.is_empty() {
            self.raises_to = None;
        }
        Ok(committed)
    }

    /// Writes what says nothing, and waits for the disk. After an error the session must not be used again, as after a commit.
    pub(super) fn probe(&mut self) -> Result<()> {
        self.run("BEGIN IMMEDIATE")?;
        self.run("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', x'')")?;
        self.run("COMMIT")
    }

    /// Whether the last commit was asked for and did not succeed: its events may turn out to stand once the file is opened again.
    pub(super) fn is_unsure(&self) -> bool {
        self.is_committing
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    fn append(
        &mut self,
        request: &mut AppendRequest,
        done: &mut Vec<RecordedEvent>,
    ) -> Result<std::result::Result<Appended, AppendError>> {
        let tail = self.tail(&request.stream)?;
        if tail.map_or(0, |tail| tail.length) != request.expected.length() {
            return self.repeated(&request.stream, tail, request.expected, &request.events);
        }
        let mut tail = match tail {
            Some(tail) => tail,
            None => Tail { stream: self.new_stream(&request.stream)?, length: 0 },
        };
        let recorded_ms = request.recorded_at.map_or(self.last_ms, |at| at.timestamp_millis());
        for event in std::mem::take(&mut request.events) {
            done.push(self.insert(&request.stream, &mut tail, event, recorded_ms)?);
        }
        self.tails.insert(request.stream.clone(), tail);
        Ok(Ok(Appended { revision: tail.length - 1, position: self.head() }))
    }

    fn insert(
        &mut self,
        stream: &StreamName,
        tail: &mut Tail,
        event: NewEvent,
        recorded_ms: i64,
    ) -> Result<RecordedEvent> {
        let (type_id, event_type) = self.event_type(&event.event_type)?;
        let recorded = RecordedEvent {
            stream: stream.clone(),
            revision: tail.length,
            position: Position(self.last_position + 1),
            id: event.id,
            event_type,
            data: event.data,
            metadata: event.metadata,
            // The clock's own, or another log's, so there is such a time.
            recorded_at: DateTime::from_timestamp_millis(recorded_ms).unwrap_or_default(),
        };
        self.connection.prepare_cached(INSERT)?.execute(params![
            at_most_i64(recorded.position.0),
            tail.stream,
            at_most_i64(recorded.revision),
            recorded.id.as_bytes(),
            type_id,
            recorded.recorded_at.timestamp_millis(),
            &recorded.data[..],
            &recorded.metadata[..],
        ])?;
        self.last_position += 1;
        tail.length += 1;
        Ok(recorded)
    }

    /// The stream isn't as expected: the same append again, or a conflict?
    fn repeated(
        &self,
        stream: &StreamName,
        tail: Option<Tail>,
        expected: ExpectedRevision,
        events: &[NewEvent],
    ) -> Result<std::result::Result<Appended, AppendError>> {
        if let Some(tail) = tail
            && let Some(appended) = self.find(tail, expected.length(), events)?
        {
            return Ok(Ok(appended));
        }
        let actual = tail.map(|tail| tail.length - 1);
        Ok(Err(AppendError::Conflict { stream: stream.clone(), expected, actual }))
    }

    /// Where the last of these events stands, if all of them stand in the stream from revision `first` on.
    fn find(&self, tail: Tail, first: u64, events: &[NewEvent]) -> Result<Option<Appended>> {
        let count = events.len() as u64;
        if tail.length < first.saturating_add(count) {
            return Ok(None);
        }
        let mut stored = self.connection.prepare_cached(
            "SELECT id, position FROM events WHERE stream = ?1 AND revision >= ?2 ORDER BY revision LIMIT ?3",
        )?;
        let mut rows = stored.query(params![tail.stream, at_most_i64(first), at_most_i64(count)])?;
        let mut position = None;
        for event in events {
            let Some(row) = rows.next()? else { return Ok(None) };
            if row.get::<_, [u8; 16]>(0)? != *event.id.as_bytes() {
                return Ok(None);
            }
            position = Some(Position(unsigned(row, 1)?));
        }
        Ok(position.map(|position| Appended { revision: first + count - 1, position }))
    }

    /// `None`: the stream has no event.
    fn tail(&mut self, stream: &StreamName) -> Result<Option<Tail>> {
        if let Some(tail) = self.tails.get(stream) {
            return Ok(Some(tail));
        }
        let Some(id) = stream_id(&self.connection, stream)? else {
            return Ok(None);
        };
        let last = self
            .connection
            .prepare_cached("SELECT revision FROM events WHERE stream = ?1 ORDER BY revision DESC LIMIT 1")?
            .query_row([id], |row| unsigned(row, 0))?;
        let tail = Tail { stream: id, length: last + 1 };
        self.tails.insert(stream.clone(), tail);
        Ok(Some(tail))
    }

    fn new_stream(&self, stream: &StreamName) -> Result<i64> {
        self.connection.prepare_cached("INSERT INTO streams (name) VALUES (?1)")?.insert([stream.as_str()])
    }

    fn event_type(&mut self, name: &str) -> Result<(i64, Arc<str>)> {
        if let Some(known) = self.types.get(name) {
            return Ok(known);
        }
        let found = self
            .connection
            .prepare_cached("SELECT id FROM types WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => self.connection.prepare_cached("INSERT INTO types (name) VALUES (?1)")?.insert([name])?,
        };
        let name: Arc<str> = name.into();
        self.types.insert(Arc::clone(&name), (id, Arc::clone(&name)));
        Ok((id, name))
    }
}
