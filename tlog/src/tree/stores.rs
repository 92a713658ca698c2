//! What the tree has of one store.

use super::{Part, Tree, TreeError};
use crate::chunk::{CHUNK, indexes};
use crate::record::StoreRecord;
use domain::StoreId;
use std::ops::RangeInclusive;

/// How many ranks are told of at once.
pub const MAX_RANKS: u64 = 65_536;

impl Tree {
    /// How many events of the store have leaves: the rank of its last one. Those that name no store that can be read are those of
    /// the nil id.
    ///
    /// # Errors
    /// The store's of the tree.
    pub async fn count(&self, store: StoreId) -> Result<u64, TreeError> {
        Ok(self.kept_of(store).await?.count())
    }

    /// The leaves of the store's events of these ranks, in their order and without a gap.
    ///
    /// # Errors
    /// [`TreeError::NoSuchRank`] where it has not got all of them; [`TreeError::TooManyRanks`] beyond [`MAX_RANKS`].
    pub async fn leaves_of(&self, store: StoreId, ranks: RangeInclusive<u64>) -> Result<Vec<u64>, TreeError> {
        let (first, last) = ranks.into_inner();
        if first > last {
            return Ok(Vec::new());
        }
        let kept = self.kept_of(store).await?;
        let count = kept.count();
        for rank in [first, last] {
            if !(1..=count).contains(&rank) {
                return Err(TreeError::NoSuchRank { store, rank, count });
            }
        }
        let asked = last - first + 1;
        if asked > MAX_RANKS {
            return Err(TreeError::TooManyRanks { asked, most: MAX_RANKS });
        }
        let (from, to) = ((first - 1) / CHUNK, (last - 1) / CHUNK);
        let complete = from..(to + 1).min(count / CHUNK);
        let mut chunks = self.store.chunks(store.0, complete.clone()).await?;
        if chunks.len() as u64 != complete.end.saturating_sub(complete.start) {
            return Err(TreeError::Lacks(Part::Chunk { store: store.0, number: from }));
        }
        if to == count / CHUNK {
            chunks.push(kept.open().to_vec());
        }
        let mut leaves = Vec::with_capacity(chunks.len() * CHUNK as usize);
        for (number, chunk) in (from..).zip(&chunks) {
            let malformed = TreeError::Malformed(Part::Chunk { store: store.0, number });
            leaves.extend(indexes(chunk).ok_or(malformed)?);
        }
        leaves.drain(..(first - 1 - from * CHUNK) as usize);
        leaves.truncate(asked as usize);
        Ok(leaves)
    }

    async fn kept_of(&self, store: StoreId) -> Result<StoreRecord, TreeError> {
        let malformed = || TreeError::Malformed(Part::Store(store.0));
        match self.store.stores(vec![store.0]).await?.pop().flatten() {
            None => Ok(StoreRecord::default()),
            Some(bytes) => StoreRecord::from_bytes(&bytes).ok_or_else(malformed),
        }
    }
}
