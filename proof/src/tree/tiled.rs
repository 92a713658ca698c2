//! The hashes of a tree that is kept as tiles.

use super::prove::HashReader;
use super::ranges::{Node, joined};
use crate::hash::Hash;
use crate::tiles::{self, HEIGHT, HashesError, Tile, WIDTH};
use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;

/// Whoever keeps tiles. A proof asks for each once.
pub trait TileReader {
    type Error: Error + 'static;

    /// The hashes of a tile, as they are published.
    ///
    /// # Errors
    /// It can't be read.
    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Self::Error>;
}

/// The tree of one size, out of its tiles. They are believed: who has them from a stranger checks what comes out
/// against a root.
#[derive(Clone, Copy, Debug)]
pub struct Tiled<'t, T> {
    tiles: &'t T,
    size: u64,
}

/// Why a hash is not to be had from tiles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TiledError<E: Error + 'static> {
    #[error("a tree of {size} leaves has not got the whole subtree {} of level {}", node.index, node.level)]
    Beyond { node: Node, size: u64 },
    #[error("{tile} can't be read")]
    Read { tile: Tile, source: E },
    #[error("{tile} is damaged")]
    Damaged { tile: Tile, source: HashesError },
}

impl<'t, T: TileReader> Tiled<'t, T> {
    /// A tree of that size has the tiles that its size says, partial ones among them.
    pub fn new(tiles: &'t T, size: u64) -> Self {
        Self { tiles, size }
    }

    /// The tile whose rows the subtree is made of, and which those are. `None`: the tree has not got all of them.
    fn place(&self, node: Node) -> Option<(Tile, Range<usize>)> {
        let (level, within) = (node.level / HEIGHT, node.level % HEIGHT);
        let rows = self.size.checked_shr(u32::from(level * HEIGHT)).unwrap_or(0);
        let end = node.index.checked_add(1)?.checked_mul(1 << within)?;
        let start = node.index << within;
        let tile = Tile::with_row(level, end - 1, rows)?;
        let first = tile.index() * u64::from(WIDTH);
        Some((tile, (start - first) as usize..(end - first) as usize))
    }

    fn read(&self, tile: Tile) -> Result<Vec<Hash>, TiledError<T::Error>> {
        let bytes = self.tiles.tile(tile).map_err(|source| TiledError::Read { tile, source })?;
        tiles::hashes_from_bytes(&bytes, tile.width()).map_err(|source| TiledError::Damaged { tile, source })
    }
}

impl<T: TileReader> HashReader for Tiled<'_, T> {
    type Error = TiledError<T::Error>;

    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Hash>, Self::Error> {
        let mut read: BTreeMap<Tile, Vec<Hash>> = BTreeMap::new();
        let mut hashes = Vec::with_capacity(nodes.len());
        for node in nodes {
            let (tile, rows) = self.place(*node).ok_or(TiledError::Beyond { node: *node, size: self.size })?;
            let known = match read.remove(&tile) {
                Some(known) => known,
                None => self.read(tile)?,
            };
            hashes.push(subtree(&known[rows]));
            read.insert(tile, known);
        }
        Ok(hashes)
    }
}

/// The root over the rows of a complete subtree.
fn subtree(rows: &[Hash]) -> Hash {
    match rows {
        [] => joined(&[]),
        [row] => *row,
        [..] => {
            let (left, right) = rows.split_at(rows.len() / 2);
            joined(&[subtree(left), subtree(right)])
        }
    }
}
