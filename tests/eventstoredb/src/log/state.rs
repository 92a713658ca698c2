//! The log in memory: what is checked and changed under one lock.

use super::sequence::Sequence;
use super::{Refused, StreamPage};
use bytes::Bytes;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// What a record takes beside its own bytes.
const RECORD_BYTES: u64 = 60;
/// `truncate before` of a stream that was deleted.
const EVERYTHING: u64 = i64::MAX as u64;

/// One event, where it stands.
#[derive(Debug)]
pub struct Record {
    pub position: u64,
    pub stream: Arc<str>,
    pub revision: u64,
    pub id: Uuid,
    pub event_type: String,
    pub is_json: bool,
    /// In units of 100 ns since 1970.
    pub created: u64,
    pub data: Bytes,
    pub metadata: Bytes,
}

impl Record {
    /// Where the next record begins.
    pub fn end(&self) -> u64 {
        let bytes = self.stream.len() + self.event_type.len() + self.data.len() + self.metadata.len();
        self.position + RECORD_BYTES + bytes as u64
    }
}

/// An event to append.
#[derive(Clone, Debug)]
pub struct Proposed {
    pub id: Uuid,
    pub event_type: String,
    pub is_json: bool,
    pub data: Bytes,
    pub metadata: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    NoStream,
    Revision(u64),
    Any,
    StreamExists,
}

/// Where the last event of an append stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub revision: u64,
    pub position: u64,
}

#[derive(Default)]
struct Stream {
    events: Vec<Arc<Record>>,
    truncate_before: u64,
    has_tombstone: bool,
}

#[derive(Default)]
pub struct State {
    records: Sequence,
    /// Of each stream its events, without a tombstone.
    streams: HashMap<Arc<str>, Stream>,
}

impl State {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn records(&self) -> &Sequence {
        &self.records
    }

    /// Somebody else's records, so many, which are made when they are looked at.
    pub fn push_stretch(&mut self, count: usize) {
        self.records.push_stretch(count);
    }

    pub fn last_revision(&self, stream: &str) -> Option<u64> {
        self.streams.get(stream)?.events.last().map(|record| record.revision)
    }

    /// Appends if the stream is as expected. The same events again at the same exact revision answer as the first time; with
    /// `Any` and `StreamExists` the true server would look for their ids as well, which nobody asks of this one.
    pub fn append(
        &mut self,
        name: &str,
        expected: Expected,
        events: Vec<Proposed>,
    ) -> Result<(Written, usize), Refused> {
        let last = self.last_revision(name);
        if self.check(name, expected)? == Check::MaybeRepeated {
            return self.repeated(name, expected, &events).ok_or(Refused::WrongExpectedVersion(last));
        }
        let was_deleted = self.streams.get(name).is_some_and(|stream| stream.truncate_before == EVERYTHING);
        let first = last.map_or(0, |last| last + 1);
        let stream: Arc<str> = name.into();
        for (revision, event) in (first..).zip(events) {
            self.push(&stream, revision, event);
        }
        let written = Written {
            revision: self.last_revision(name).unwrap_or_default(),
            position: self.records.last().map_or(0, |record| record.position),
        };
        if was_deleted {
            self.set_truncate_before(name, first);
        }
        Ok((written, self.len()))
    }

    pub fn delete(&mut self, name: &str, expected: Expected) -> Result<(u64, usize), Refused> {
        self.check_deletion(name, expected)?;
        self.set_truncate_before(name, EVERYTHING);
        Ok((self.records.last().map_or(0, |record| record.position), self.len()))
    }

    pub fn tombstone(&mut self, name: &str, expected: Expected) -> Result<(u64, usize), Refused> {
        self.check_deletion(name, expected)?;
        self.push(&name.into(), EVERYTHING, system_event("$streamDeleted", String::new()));
        Ok((self.records.last().map_or(0, |record| record.position), self.len()))
    }

    fn check_deletion(&self, name: &str, expected: Expected) -> Result<(), Refused> {
        let last = self.last_revision(name);
        match self.check(name, expected)? {
            Check::Ok if last.is_some() => Ok(()),
            Check::Ok | Check::MaybeRepeated => Err(Refused::WrongExpectedVersion(last)),
        }
    }

    fn check(&self, name: &str, expected: Expected) -> Result<Check, Refused> {
        let stream = self.streams.get(name);
        if stream.is_some_and(|stream| stream.has_tombstone) {
            return Err(Refused::Deleted);
        }
        let last = self.last_revision(name);
        let is_deleted = stream.is_some_and(|stream| stream.truncate_before == EVERYTHING);
        match expected {
            Expected::Any => Ok(Check::Ok),
            Expected::StreamExists if last.is_some() && !is_deleted => Ok(Check::Ok),
            Expected::StreamExists => Err(Refused::WrongExpectedVersion(last)),
            Expected::NoStream if last.is_none() || is_deleted => Ok(Check::Ok),
            Expected::NoStream => Ok(Check::MaybeRepeated),
            Expected::Revision(revision) if last == Some(revision) => Ok(Check::Ok),
            Expected::Revision(revision) if last.is_some_and(|last| revision < last) => Ok(Check::MaybeRepeated),
            Expected::Revision(_) => Err(Refused::WrongExpectedVersion(last)),
        }
    }

    /// Where the events stand, if they are those that follow the expected revision.
    fn repeated(&self, name: &str, expected: Expected, events: &[Proposed]) -> Option<(Written, usize)> {
        let first = match expected {
            Expected::Revision(revision) => revision + 1,
            Expected::NoStream | Expected::Any | Expected::StreamExists => 0,
        };
        let all = &self.streams.get(name)?.events;
        let first = all.partition_point(|record| record.revision < first);
        let stored = all.get(first..first.checked_add(events.len())?)?;
        let last = stored.last()?;
        let is_same = stored.iter().zip(events).all(|(record, event)| record.id == event.id);
        let written = Written { revision: last.revision, position: last.position };
        let records = self.records.count_up_to(last.position);
        is_same.then_some((written, records))
    }

    fn set_truncate_before(&mut self, name: &str, revision: u64) {
        let metastream: Arc<str> = format!("$${name}").into();
        let next = self.last_revision(&metastream).map_or(0, |last| last + 1);
        self.push(&metastream, next, system_event("$metadata", format!("{{\"$tb\":{revision}}}")));
    }

    fn push(&mut self, stream: &Arc<str>, revision: u64, event: Proposed) {
        let last_created = self.records.last().map_or(0, |record| record.created);
        self.apply(Arc::new(Record {
            position: self.records.end(),
            stream: Arc::clone(stream),
            revision,
            id: event.id,
            event_type: event.event_type,
            is_json: event.is_json,
            created: now().max(last_created),
            data: event.data,
            metadata: event.metadata,
        }));
    }

    /// Takes a record in, a new one or one of the file: whatever it does, it does by this.
    pub fn apply(&mut self, record: Arc<Record>) {
        if let Some(original) = record.stream.strip_prefix("$$").filter(|_| record.event_type == "$metadata") {
            let digits = record.data.iter().filter(|byte| byte.is_ascii_digit());
            let revision = digits.fold(0, |number: u64, digit| number * 10 + u64::from(digit - b'0'));
            self.streams.entry(original.into()).or_default().truncate_before = revision;
        }
        let stream = self.streams.entry(Arc::clone(&record.stream)).or_default();
        match &*record.event_type {
            "$streamDeleted" => stream.has_tombstone = true,
            _ => stream.events.push(Arc::clone(&record)),
        }
        self.records.push(record);
    }

    /// Takes out what is hidden, but the last event of each stream that may go on: its number is needed.
    pub fn scavenge(&mut self) {
        let mut gone: HashSet<u64> = HashSet::new();
        for stream in self.streams.values_mut() {
            let (before, has_tombstone) = (stream.truncate_before, stream.has_tombstone);
            let last = stream.events.last().map(|record| record.revision);
            let is_gone = |record: &Record| has_tombstone || record.revision < before && Some(record.revision) != last;
            gone.extend(stream.events.iter().filter(|record| is_gone(record)).map(|record| record.position));
            stream.events.retain(|record| !is_gone(record));
        }
        self.records.take_out(|record| gone.contains(&record.position));
    }

    pub fn stream_page(
        &self,
        name: &str,
        readable: usize,
        page: impl FnOnce(&[Arc<Record>]) -> Vec<Arc<Record>>,
    ) -> StreamPage {
        let Some(stream) = self.streams.get(name) else { return StreamPage::NotFound };
        if stream.has_tombstone {
            return StreamPage::Deleted;
        }
        let unreadable = self.records.get(readable).map_or(u64::MAX, |record| record.position);
        let end = stream.events.partition_point(|record| record.position < unreadable);
        let Some(last) = stream.events[..end].last().filter(|_| stream.truncate_before != EVERYTHING) else {
            return StreamPage::NotFound;
        };
        let start = stream.events[..end].partition_point(|record| record.revision < stream.truncate_before);
        StreamPage::Page { records: page(&stream.events[start..end]), last_revision: last.revision }
    }
}

#[derive(PartialEq, Eq)]
enum Check {
    Ok,
    /// The stream is longer than expected: a repeat, or a conflict.
    MaybeRepeated,
}

fn system_event(event_type: &str, data: String) -> Proposed {
    Proposed {
        id: Uuid::now_v7(),
        event_type: event_type.to_owned(),
        is_json: true,
        data: data.into(),
        metadata: Bytes::new(),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| (since.as_nanos() / 100) as u64)
}
