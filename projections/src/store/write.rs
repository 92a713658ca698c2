//! What is written to a store.

use super::{Table, Value};
use crate::RowKey;
use domain::StoreId;
use eventlog::chain::EventHash;
use eventlog::{Checkpoint, Position, StreamName};
use serde::Serialize;

/// The outcome of a batch: all of it is written, with the checkpoint, or nothing.
#[derive(Debug)]
pub struct Commit {
    pub tables: Vec<TableChanges>,
    /// The last events of streams, as they were read. One that is known of a stream already stays, unless this one is later.
    pub tips: Vec<Tip>,
    /// Where the generations of these tables are believed to be. If one is elsewhere, nothing is written.
    pub before: Position,
    /// Where they are now.
    pub checkpoint: Checkpoint,
    /// Of the event at the checkpoint, as it was read; `None`: the checkpoint does not move.
    pub event_hash: Option<EventHash>,
}

/// The last event that was folded of a stream, as it was then: what the log says of it later can be compared with this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    pub stream: StreamName,
    pub revision: u64,
    pub position: Position,
    pub hash: EventHash,
}

/// What a batch did to one view.
#[derive(Debug)]
pub struct TableChanges {
    pub table: Table,
    /// Each row once.
    pub rows: Vec<RowWrite>,
    /// What is kept of stores beside the rows, in JSON: each store once.
    pub stores: Vec<(StoreId, String)>,
    /// Which events touched which rows, for views whose key isn't the stream.
    pub history: Vec<(RowKey, Position)>,
    /// What can be folded again, or further than before.
    pub unparked: Vec<ParkedUnit>,
    /// What can't be folded any further, from the event at that position on; after what is no longer parked. One that is
    /// parked still stays as it was.
    pub parked: Vec<Parked>,
}

/// A row as it is now.
#[derive(Debug)]
pub struct RowWrite {
    pub key: RowKey,
    /// The document, in JSON.
    pub document: String,
    pub facets: Facets,
    /// Which of the facets are other than they were.
    pub changed: Changed,
}

/// All that a row is found by, beside its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facets {
    /// In the order of the declaration.
    pub columns: Vec<Value>,
    pub labels: Vec<String>,
    /// In the order of the declaration; `None`: no search finds the row.
    pub search_text: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    pub columns: bool,
    pub labels: bool,
    pub search_text: bool,
}

impl Changed {
    /// Of a new row, or one that nothing is known of.
    pub const ALL: Changed = Changed { columns: true, labels: true, search_text: true };
}

/// Something of a view that is no longer folded, because an event could not be read or applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parked {
    #[serde(flatten)]
    pub unit: ParkedUnit,
    /// Of the event.
    pub position: Position,
    pub event_type: String,
    pub reason: String,
}

/// What is parked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkedUnit {
    /// One row: it stays as it was before the event.
    Row(RowKey),
    /// All that comes from one stream, whose rows can't be told as an event can't be read.
    Stream(String),
}

impl std::fmt::Display for ParkedUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ParkedUnit::Row(key) => key.fmt(f),
            ParkedUnit::Stream(stream) => f.write_str(stream),
        }
    }
}
