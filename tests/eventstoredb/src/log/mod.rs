//! The log that the server keeps: records in one order, and streams that are lists of them. What lives here: what the true
//! server does to its log for an append, a deletion, a read. What doesn't: the wire.
//!
//! Positions are offsets in bytes, as the true server's are: not dense, and a place within a record is no position.

mod disk;
mod sequence;
mod state;

pub use sequence::{FOREIGN_STREAM, Run};
pub use state::{Expected, Proposed, Record, Written};

use crate::wire::Position;
use disk::Disk;
use parking_lot::Mutex;
use state::State;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

/// Why a write was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The stream's last revision is another one (`None`: it has no event).
    WrongExpectedVersion(Option<u64>),
    /// The stream has a tombstone.
    Deleted,
}

/// A place that no record begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPosition;

/// What a read of one stream finds.
pub enum StreamPage {
    NotFound,
    Deleted,
    Page { records: Vec<Arc<Record>>, last_revision: u64 },
}

pub struct Log {
    state: Mutex<State>,
    /// How many records can be read: those that are in the file, if there is one.
    readable: Arc<watch::Sender<usize>>,
    disk: Option<Disk>,
}

impl Log {
    pub fn in_memory() -> Self {
        Self { state: Mutex::default(), readable: Arc::default(), disk: None }
    }

    /// With what the file holds; a last write that is not whole is cut off.
    pub fn in_file(path: &Path) -> io::Result<Self> {
        let mut state = State::default();
        let file = disk::read(path, |records| records.into_iter().for_each(|record| state.apply(Arc::new(record))))?;
        let readable = Arc::new(watch::Sender::new(state.len()));
        let disk = Disk::start(file, Arc::clone(&readable))?;
        Ok(Self { state: Mutex::new(state), readable, disk: Some(disk) })
    }

    /// Moves when there is more to read.
    pub fn readable(&self) -> watch::Receiver<usize> {
        self.readable.subscribe()
    }

    /// Appends the events, all or none, and returns once they can be read.
    pub async fn append(&self, stream: &str, expected: Expected, events: Vec<Proposed>) -> Result<Written, Refused> {
        let (written, records) = self.write(|state| state.append(stream, expected, events))?;
        self.until_readable(records).await;
        Ok(written)
    }

    /// Appends at once, and gives what to wait for until it can be read.
    pub fn append_at_once(
        &self,
        stream: &str,
        expected: Expected,
        events: Vec<Proposed>,
    ) -> Result<(Written, usize), Refused> {
        self.write(|state| state.append(stream, expected, events))
    }

    /// Hides the stream's events from reads of it; they stay in `$all`, and its numbering goes on.
    pub async fn delete(&self, stream: &str, expected: Expected) -> Result<u64, Refused> {
        let (position, records) = self.write(|state| state.delete(stream, expected))?;
        self.until_readable(records).await;
        Ok(position)
    }

    /// Ends the stream for ever.
    pub async fn tombstone(&self, stream: &str, expected: Expected) -> Result<u64, Refused> {
        let (position, records) = self.write(|state| state.tombstone(stream, expected))?;
        self.until_readable(records).await;
        Ok(position)
    }

    /// Changes the log; what is new goes to the file in the order it was made. Says how many records there have to be to read.
    fn write<T>(&self, change: impl FnOnce(&mut State) -> Result<(T, usize), Refused>) -> Result<(T, usize), Refused> {
        let mut state = self.state.lock();
        let before = state.len();
        let changed = change(&mut state)?;
        if state.len() > before {
            match &self.disk {
                Some(disk) => disk.write(&state.records().since(before), state.len()),
                None => drop(self.readable.send_replace(state.len())),
            }
        }
        Ok(changed)
    }

    pub async fn until_readable(&self, records: usize) {
        // The sender lives as long as the log.
        let _ = self.readable.subscribe().wait_for(|&readable| readable >= records).await;
    }

    /// The stream's last revision, also of one that was deleted.
    pub fn last_revision(&self, stream: &str) -> Option<u64> {
        self.state.lock().last_revision(stream)
    }

    pub fn stream_forwards(&self, stream: &str, from: u64, limit: usize) -> StreamPage {
        self.state.lock().stream_page(stream, *self.readable.borrow(), |events| {
            let start = events.partition_point(|record| record.revision < from);
            events[start..].iter().take(limit).cloned().collect()
        })
    }

    /// From the revision (`None`: the end) on backwards.
    pub fn stream_backwards(&self, stream: &str, from: Option<u64>, limit: usize) -> StreamPage {
        self.state.lock().stream_page(stream, *self.readable.borrow(), |events| {
            let end = from.map_or(events.len(), |from| events.partition_point(|record| record.revision <= from));
            events[..end].iter().rev().take(limit).cloned().collect()
        })
    }

    /// Which record is the first at or after the position.
    ///
    /// # Errors
    /// [`InvalidPosition`] if the position is within a record, where the true server reads nonsense.
    pub fn index_from(&self, from: Position) -> Result<usize, InvalidPosition> {
        self.state.lock().records().index_from(from)
    }

    /// Records from the index on, those that can be read.
    pub fn run(&self, from: usize, limit: usize) -> Run {
        let readable = *self.readable.borrow();
        self.state.lock().records().run(from, limit, readable)
    }

    /// Records before the index.
    pub fn run_before(&self, end: usize, limit: usize) -> Run {
        self.state.lock().records().run_before(end, limit)
    }

    /// The record at the index, if it can be read.
    pub fn record(&self, index: usize) -> Option<Arc<Record>> {
        let readable = *self.readable.borrow();
        self.state.lock().records().get(index).filter(|_| index < readable)
    }

    /// Somebody else's records, so many, which are made when they are looked at.
    pub fn push_stretch(&self, count: usize) {
        let mut state = self.state.lock();
        state.push_stretch(count);
        self.readable.send_replace(state.len());
    }

    /// Reads see nothing beyond the first so many records, as on a node that has not caught up.
    pub fn show(&self, records: usize) {
        let len = self.state.lock().len();
        self.readable.send_replace(records.min(len));
    }

    /// Takes out for good what was deleted or cut off.
    pub fn scavenge(&self) {
        self.state.lock().scavenge();
    }

    /// Nothing but the first so many records is left.
    pub fn set_back(&self, records: usize) {
        let mut state = self.state.lock();
        let mut rest = State::default();
        let mut index = 0;
        while index < records {
            match state.records().run(index, records - index, records) {
                Run::Foreign { count, .. } => {
                    rest.push_stretch(count);
                    index += count;
                }
                Run::Records(kept) if kept.is_empty() => break,
                Run::Records(kept) => {
                    index += kept.len();
                    kept.into_iter().for_each(|record| rest.apply(record));
                }
            }
        }
        self.readable.send_replace(rest.len());
        *state = rest;
    }

    pub fn len(&self) -> usize {
        self.state.lock().len()
    }

    /// Everything is gone, as if another database stood there.
    pub fn wipe(&self) {
        let mut state = self.state.lock();
        *state = State::default();
        self.readable.send_replace(0);
    }
}
