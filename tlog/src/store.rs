//! The port to where a tree is kept, and what an adapter must do, exactly.
//!
//! A tree moves by batches, each in one step together with where it stands then. Rows of complete tiles, spans, chunks and blocks never
//! change again; those at the tree's end only get longer. So whoever reads where the tree stands first finds all rows that it says,
//! whatever is written meanwhile, and leaves out what came behind.

use crate::batch::{Batch, SpanRow, State};
use async_trait::async_trait;
use domain::Timestamp;
use eventlog::{CausedBy, Position, Retry};
use std::ops::Range;
use uuid::Uuid;

/// Why a tree could not be written or read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TreeStoreError {
    /// Try again later.
    #[error("the log's tree is away: {0}")]
    Unavailable(#[source] CausedBy),
    /// Trying again does not help; building it anew from the log does.
    #[error("the log's tree is damaged: {0}")]
    Damaged(#[source] CausedBy),
    /// It is no place of a tree, or one that only a newer version understands: it is left as it is.
    #[error("the log's tree can't be used: {0}")]
    Foreign(#[source] CausedBy),
    /// The batch doesn't build on what is there, as somebody else has written: nothing of it was. Go on from what is there.
    #[error("the log's tree is not at position {0} any more")]
    Moved(Position),
    /// Another node leads, or has led since: lead again, and go on from what is there.
    #[error("another node builds the log's tree")]
    Fenced,
}

impl TreeStoreError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unavailable(_) => Retry::Later,
            Self::Moved(_) => Retry::Busy,
            Self::Damaged(_) | Self::Foreign(_) | Self::Fenced => Retry::Never,
        }
    }
}

/// Where the log's tree is kept.
#[async_trait]
pub trait TreeStore: Send + Sync + 'static {
    /// Where the tree stands. `None`: nothing was written yet, not even of an event without a leaf.
    async fn state(&self) -> Result<Option<State>, TreeStoreError>;

    /// Writes the batch, if the tree stands where it builds on and is of the same log, else [`TreeStoreError::Moved`]. In one step, which a
    /// crash may lose, and never a part of it nor one before it.
    async fn write(&self, batch: Batch) -> Result<(), TreeStoreError>;

    /// Takes all of it away: the tree then stands before the log's first event. Also of one that is damaged.
    async fn clear(&self) -> Result<(), TreeStoreError>;

    /// The hashes of a tile, as far as the tree has them.
    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeStoreError>;

    async fn span(&self, number: u64) -> Result<Option<SpanRow>, TreeStoreError>;

    /// The last span whose first leaf's event stands at the position or before it.
    async fn span_at(&self, position: Position) -> Result<Option<SpanRow>, TreeStoreError>;

    /// The first span whose `latest` is after the time.
    async fn span_after(&self, time: Timestamp) -> Result<Option<SpanRow>, TreeStoreError>;

    /// What was written of each of these stores, in their order.
    async fn stores(&self, stores: Vec<Uuid>) -> Result<Vec<Option<Vec<u8>>>, TreeStoreError>;

    /// Those of the store's chunks that are there, by their numbers.
    async fn chunks(&self, store: Uuid, numbers: Range<u64>) -> Result<Vec<Vec<u8>>, TreeStoreError>;

    /// Those of the blocks' filters that are there, by the blocks' numbers.
    async fn filters(&self, blocks: Range<u64>) -> Result<Vec<Vec<u8>>, TreeStoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_the_tree_says_whether_trying_again_helps() {
        let source = || CausedBy::from(std::io::Error::other("it is so"));
        let cases = [
            (TreeStoreError::Unavailable(source()), Retry::Later),
            (TreeStoreError::Moved(Position(7)), Retry::Busy),
            (TreeStoreError::Damaged(source()), Retry::Never),
            (TreeStoreError::Foreign(source()), Retry::Never),
            (TreeStoreError::Fenced, Retry::Never),
        ];
        for (error, retry) in cases {
            assert_eq!(error.retry(), retry, "{error:?}");
        }
    }
}
