//! What a tree is kept as: where it stands, and the rows that a stretch of the log adds to it or makes longer.

use crate::rules::Rules;
use crate::span::{self, Place};
use domain::Timestamp;
use eventlog::{Checkpoint, Position};
use proof::hash::Hash;
use proof::tiles::WIDTH;
use proof::tree::Frontier;
use uuid::Uuid;

/// Where a tree stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// By which its leaves were made.
    pub rules: Rules,
    /// The last event of the log that was looked at, whether it has a leaf or not: the tree goes on after it.
    pub checkpoint: Checkpoint,
    pub frontier: Frontier,
    /// The latest time at which an event with a leaf says that it happened. `None`: none says it.
    pub latest: Option<Timestamp>,
}

impl State {
    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub fn root(&self) -> Hash {
        self.frontier.root()
    }
}

/// A stretch of the log, folded. Where it builds on, and what it makes of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Where the tree has to stand for it.
    pub after: Position,
    pub state: State,
    pub tiles: Vec<TileRow>,
    pub spans: Vec<SpanRow>,
    /// Of each store that has an event in it, by the store's id, which is nil where the event says none.
    pub stores: Vec<(Uuid, Vec<u8>)>,
    pub chunks: Vec<ChunkRow>,
    pub filters: Vec<FilterRow>,
}

/// A tile of hashes, complete or the last of its level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileRow {
    pub level: u8,
    pub index: u64,
    /// Hash by hash.
    pub hashes: Vec<u8>,
}

/// What is kept of 256 leaves that follow one another, or of fewer at the tree's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanRow {
    /// From 0: of the leaves from 256 times that.
    pub number: u64,
    /// Where the event of its first leaf stands.
    pub first: Position,
    /// The tree's `latest` at the span's last leaf.
    pub latest: Option<Timestamp>,
    pub places: Vec<u8>,
}

/// Where the leaves of 256 events of a store stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkRow {
    pub store: Uuid,
    /// From 0: of the ranks from 256 times that plus 1.
    pub number: u64,
    pub indexes: Vec<u8>,
}

/// By which it is known whether 4,096 leaves that follow one another may have a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterRow {
    /// From 0: of the leaves from 4,096 times that.
    pub block: u64,
    pub bits: Vec<u8>,
}

impl TileRow {
    /// Whether it never changes again.
    pub fn is_complete(&self) -> bool {
        self.hashes.len() == usize::from(WIDTH) * Hash::BYTES
    }
}

impl SpanRow {
    /// What is kept of each leaf. `None`: this is no row of a span.
    pub fn places(&self) -> Option<Vec<Place>> {
        span::places(self.first, &self.places).filter(|places| !places.is_empty())
    }
}

/// Stands in a row for a time that no event says: it comes before all.
pub(crate) const NEVER: i64 = i64::MIN;
/// The bits of a tile's number that its index takes: what is left names its level. No log is so long that an index would not fit.
const INDEX_BITS: u8 = 56;

/// A tile in one number, by which it is found.
pub(crate) fn tile_number(level: u8, index: u64) -> i64 {
    (u64::from(level) << INDEX_BITS | index) as i64
}
