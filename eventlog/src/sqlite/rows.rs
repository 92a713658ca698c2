//! From rows to events.

use super::bounded::Bounded;
use crate::event::{Position, RecordedEvent, StreamName};
use crate::size::{Room, weight};
use bytes::Bytes;
use chrono::DateTime;
use rusqlite::types::Type;
use rusqlite::{CachedStatement, Connection, Error, OptionalExtension, Params, Result, Row, params};
use std::sync::Arc;
use uuid::Uuid;

/// How many names of streams and of types a connection remembers.
const REMEMBERED_STREAMS: usize = 4096;
const REMEMBERED_TYPES: usize = 1024;

// Nothing beyond the head is read: after a failed sync SQLite may see what isn't on the disk yet.
const OF_STREAM: &str = "
    SELECT position, stream, revision, id, type, recorded_at, data, metadata FROM events
    WHERE stream = ?1 AND revision >= ?2 AND position <= ?3 ORDER BY revision LIMIT ?4";
const OF_STREAM_BACKWARDS: &str = "
    SELECT position, stream, revision, id, type, recorded_at, data, metadata FROM events
    WHERE stream = ?1 AND position <= ?2 ORDER BY revision DESC LIMIT ?3";
const OF_ALL: &str = "
    SELECT position, stream, revision, id, type, recorded_at, data, metadata FROM events
    WHERE position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3";

/// A connection that reads, with the names that it has met.
pub(super) struct Reader {
    connection: Connection,
    names: Names,
}

struct Names {
    streams: Bounded<i64, StreamName>,
    types: Bounded<i64, Arc<str>>,
}

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        let names = Names { streams: Bounded::new(REMEMBERED_STREAMS), types: Bounded::new(REMEMBERED_TYPES) };
        Self { connection, names }
    }

    pub(super) fn stream(
        &mut self,
        stream: &StreamName,
        from: u64,
        room: Room,
        head: Position,
    ) -> Result<Vec<RecordedEvent>> {
        let Some(id) = self.stream_id(stream)? else {
            return Ok(Vec::new());
        };
        let statement = self.connection.prepare_cached(OF_STREAM)?;
        let parameters = params![id, at_most_i64(from), at_most_i64(head.0), at_most_i64(room.events as u64)];
        self.names.collect(&self.connection, statement, parameters, room.bytes)
    }

    pub(super) fn stream_backwards(
        &mut self,
        stream: &StreamName,
        limit: usize,
        head: Position,
    ) -> Result<Vec<RecordedEvent>> {
        let Some(id) = self.stream_id(stream)? else {
            return Ok(Vec::new());
        };
        let statement = self.connection.prepare_cached(OF_STREAM_BACKWARDS)?;
        let parameters = params![id, at_most_i64(head.0), at_most_i64(limit as u64)];
        self.names.collect(&self.connection, statement, parameters, usize::MAX)
    }

    pub(super) fn all(&mut self, after: Position, room: Room, head: Position) -> Result<Vec<RecordedEvent>> {
        let statement = self.connection.prepare_cached(OF_ALL)?;
        let parameters = params![at_most_i64(after.0), at_most_i64(head.0), at_most_i64(room.events as u64)];
        self.names.collect(&self.connection, statement, parameters, room.bytes)
    }

    /// Of the last event; the start without one.
    pub(super) fn last(&mut self) -> Result<Position> {
        let select = "SELECT coalesce(max(position), 0) FROM events";
        self.connection.prepare_cached(select)?.query_row([], |row| Ok(Position(unsigned(row, 0)?)))
    }

    fn stream_id(&self, stream: &StreamName) -> Result<Option<i64>> {
        stream_id(&self.connection, stream)
    }
}

/// The number that stands for the stream's name.
pub(super) fn stream_id(connection: &Connection, stream: &StreamName) -> Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM streams WHERE name = ?1")?
        .query_row([stream.as_str()], |row| row.get(0))
        .optional()
}

impl Names {
    /// Stops early once the events hold `max_bytes`.
    fn collect(
        &mut self,
        connection: &Connection,
        mut statement: CachedStatement<'_>,
        parameters: impl Params,
        max_bytes: usize,
    ) -> Result<Vec<RecordedEvent>> {
        let mut rows = statement.query(parameters)?;
        let mut events = Vec::new();
        let mut bytes = 0;
        while bytes < max_bytes
            && let Some(row) = rows.next()?
        {
            let event = self.event(connection, row)?;
            bytes += weight(&event);
            events.push(event);
        }
        Ok(events)
    }

    fn event(&mut self, connection: &Connection, row: &Row<'_>) -> Result<RecordedEvent> {
        Ok(RecordedEvent {
            position: Position(unsigned(row, 0)?),
            stream: self.stream(connection, row.get(1)?)?,
            revision: unsigned(row, 2)?,
            id: Uuid::from_bytes(row.get(3)?),
            event_type: self.event_type(connection, row.get(4)?)?,
            recorded_at: DateTime::from_timestamp_millis(row.get(5)?)
                .ok_or_else(|| damaged(5, "no time that exists"))?,
            data: Bytes::copy_from_slice(row.get_ref(6)?.as_blob()?),
            metadata: Bytes::copy_from_slice(row.get_ref(7)?.as_blob()?),
        })
    }

    fn stream(&mut self, connection: &Connection, id: i64) -> Result<StreamName> {
        if let Some(name) = self.streams.get(&id) {
            return Ok(name);
        }
        let name = StreamName::new(name_of(connection, "SELECT name FROM streams WHERE id = ?1", id)?);
        self.streams.insert(id, name.clone());
        Ok(name)
    }

    fn event_type(&mut self, connection: &Connection, id: i64) -> Result<Arc<str>> {
        if let Some(name) = self.types.get(&id) {
            return Ok(name);
        }
        let name: Arc<str> = name_of(connection, "SELECT name FROM types WHERE id = ?1", id)?.into();
        self.types.insert(id, Arc::clone(&name));
        Ok(name)
    }
}

fn name_of(connection: &Connection, sql: &str, id: i64) -> Result<String> {
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))
}

/// SQLite's integers are signed; what we count is not.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
}

fn damaged(column: usize, reason: &'static str) -> Error {
    Error::FromSqlConversionFailure(column, Type::Integer, reason.into())
}

/// Nothing stands beyond what SQLite can count.
pub(super) fn at_most_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
