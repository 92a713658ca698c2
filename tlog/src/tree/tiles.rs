//! Tiles, as they are published.

use super::{Part, Tree, TreeError};
use crate::store::TreeStore;
use proof::hash::Hash;
use proof::tiles::{Rows, Tile, entries_to_bytes};

impl Tree {
    /// A tile's bytes: of hashes as they are kept, of entries made anew from the log's events.
    ///
    /// # Errors
    /// [`TreeError::NoSuchTile`] where the tree has not got all of its rows; [`TreeError::Differs`] where the log is not what it was.
    pub async fn tile(&self, tile: Tile) -> Result<Vec<u8>, TreeError> {
        let size = self.size().await?;
        if !tile.is_within(size) {
            return Err(TreeError::NoSuchTile { tile, size });
        }
        match tile.rows() {
            Rows::Hashes { level } => hashes(&*self.store, level, tile.index(), tile.width()).await,
            Rows::Entries => self.entries(tile).await,
        }
    }

    async fn entries(&self, tile: Tile) -> Result<Vec<u8>, TreeError> {
        let end = tile.index() * crate::span::SPAN + u64::from(tile.width());
        let mut records = Vec::with_capacity(tile.width().into());
        self.walk(tile.index(), end, &mut |walked| records.push(walked.record)).await?;
        entries_to_bytes(&records).map_err(|_| TreeError::Malformed(Part::Span(tile.index())))
    }
}

/// The first rows of a tile of hashes.
pub(super) async fn hashes(store: &dyn TreeStore, level: u8, index: u64, width: u16) -> Result<Vec<u8>, TreeError> {
    let lacks = TreeError::Lacks(Part::Tile { level, index });
    let mut hashes = store.tile(level, index).await?.ok_or(lacks.clone())?;
    let bytes = usize::from(width) * Hash::BYTES;
    if hashes.len() < bytes {
        return Err(lacks);
    }
    hashes.truncate(bytes);
    Ok(hashes)
}
