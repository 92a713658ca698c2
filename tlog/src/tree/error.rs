//! Why a tree does not answer.

use crate::store::TreeStoreError;
use domain::StoreId;
use eventlog::{LogError, Position, Retry};
use proof::tiles::Tile;
use proof::tree::RangeError;
use std::fmt;
use uuid::Uuid;

/// Why a tree does not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TreeError {
    #[error(transparent)]
    Store(#[from] TreeStoreError),
    #[error("the log can't be read beside its tree")]
    Log(#[from] LogError),
    /// The log is not what the tree was made of.
    #[error(transparent)]
    Differs(#[from] Differs),
    #[error("the log's tree has {size} leaves, and none at {index}")]
    NoSuchLeaf { index: u64, size: u64 },
    #[error("the log's tree has {size} leaves, and not {asked}")]
    NotSoLarge { asked: u64, size: u64 },
    #[error("{tile} is not of a tree of {size} leaves")]
    NoSuchTile { tile: Tile, size: u64 },
    #[error("store {store} has {count} events with leaves, and none of rank {rank}")]
    NoSuchRank { store: StoreId, rank: u64, count: u64 },
    #[error("{asked} ranks at once; the most is {most}")]
    TooManyRanks { asked: u64, most: u64 },
    #[error(transparent)]
    Range(#[from] RangeError),
    /// Somebody builds the tree anew, or it is damaged: the same again tells.
    #[error("the log's tree lacks {0}")]
    Lacks(Part),
    /// Building the tree anew helps.
    #[error("{0} of the log's tree is damaged")]
    Malformed(Part),
}

/// The event of a leaf is not in the log as it was when the leaf was made: somebody else than cartlog has changed the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("leaf {index} of the log's tree was made of the event at position {position}, and {how}")]
pub struct Differs {
    /// The first leaf that is touched.
    pub index: u64,
    /// Where its event was.
    pub position: Position,
    pub how: Difference,
}

/// What is other in the log than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    #[error("the log has none there")]
    Missing,
    #[error("the log has one more before it, at position {0}")]
    Unexpected(Position),
    #[error("that event is another one now")]
    Content,
}

/// What a tree consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Tile { level: u8, index: u64 },
    Span(u64),
    Store(Uuid),
    Chunk { store: Uuid, number: u64 },
    Filter(u64),
}

impl TreeError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Store(error) => error.retry(),
            Self::Log(error) => error.retry(),
            Self::Lacks(_) => Retry::Busy,
            Self::Differs(_)
            | Self::NoSuchLeaf { .. }
            | Self::NotSoLarge { .. }
            | Self::NoSuchTile { .. }
            | Self::NoSuchRank { .. }
            | Self::TooManyRanks { .. }
            | Self::Range(_)
            | Self::Malformed(_) => Retry::Never,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile { level, index } => write!(f, "tile {index} of level {level}"),
            Self::Span(number) => write!(f, "span {number}"),
            Self::Store(store) => write!(f, "what is kept of store {store}"),
            Self::Chunk { store, number } => write!(f, "chunk {number} of store {store}"),
            Self::Filter(block) => write!(f, "the filter of block {block}"),
        }
    }
}
