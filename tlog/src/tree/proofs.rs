//! Roots and proofs, out of the tiles that are kept.

use super::tiles::hashes;
use super::{Part, Tree, TreeError};
use proof::hash::Hash;
use proof::tiles::{HEIGHT, Rows, Tile, WIDTH};
use proof::tree::{
    Node, ProveError, TileReader, Tiled, TiledError, consistency_nodes, consistency_proof, inclusion_nodes,
    inclusion_proof, root,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

impl Tree {
    /// The root of the tree as it was with so many leaves.
    ///
    /// # Errors
    /// It never had so many.
    pub async fn root(&self, size: u64) -> Result<Hash, TreeError> {
        self.has(size).await?;
        let tiles = self.tiles_of(&nodes(size), size).await?;
        root(&Tiled::new(&tiles, size), size).map_err(trouble)
    }

    /// The proof that the tree of `size` leaves has the leaf at `index`.
    ///
    /// # Errors
    /// It has no such leaf, or the tree never had so many.
    pub async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, TreeError> {
        self.has(size).await?;
        let tiles = self.tiles_of(&inclusion_nodes(index, size)?, size).await?;
        inclusion_proof(&Tiled::new(&tiles, size), index, size).map_err(trouble)
    }

    /// The proof that the tree of `new` leaves begins with that of `old`.
    ///
    /// # Errors
    /// `old` is larger, or the tree never had so many.
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, TreeError> {
        self.has(new).await?;
        let tiles = self.tiles_of(&consistency_nodes(old, new)?, new).await?;
        consistency_proof(&Tiled::new(&tiles, new), old, new).map_err(trouble)
    }

    /// The tiles that these subtrees are read from, each once.
    async fn tiles_of(&self, nodes: &[Node], size: u64) -> Result<Fetched, TreeError> {
        let mut fetched = BTreeMap::new();
        for node in nodes {
            let (level, index, width) = place(*node, size);
            let part = Part::Tile { level, index };
            let tile = Tile::new(Rows::Hashes { level }, index, width).map_err(|_| TreeError::Lacks(part))?;
            if let Entry::Vacant(free) = fetched.entry(tile) {
                free.insert(hashes(&*self.store, level, index, width).await?);
            }
        }
        Ok(Fetched(fetched))
    }
}

/// Tiles that were fetched before a proof is made of them, as that waits for nobody.
struct Fetched(BTreeMap<Tile, Vec<u8>>);

#[derive(Debug, thiserror::Error)]
#[error("{0} was not fetched")]
struct NotFetched(Tile);

impl TileReader for Fetched {
    type Error = NotFetched;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, NotFetched> {
        self.0.get(&tile).cloned().ok_or(NotFetched(tile))
    }
}

/// The complete subtrees of a tree of that size, the largest first.
fn nodes(size: u64) -> Vec<Node> {
    let levels = (0..64u8).rev().filter(|level| size >> level & 1 == 1);
    levels.map(|level| Node { level, index: (size >> level) - 1 }).collect()
}

/// The tile that has the rows of the subtree, as wide as it is in a tree of that size.
fn place(node: Node, size: u64) -> (u8, u64, u16) {
    let (level, within) = (node.level / HEIGHT, node.level % HEIGHT);
    let width = u64::from(WIDTH);
    let index = (((node.index + 1) << within) - 1) / width;
    let rows = size >> (level * HEIGHT);
    (level, index, rows.saturating_sub(index * width).min(width) as u16)
}

fn trouble(error: ProveError<TiledError<NotFetched>>) -> TreeError {
    let tile = match error {
        ProveError::Range(error) => return error.into(),
        ProveError::Read(TiledError::Read { tile, .. } | TiledError::Damaged { tile, .. }) => tile,
        ProveError::Read(TiledError::Beyond { node, size }) => {
            let (level, index, _) = place(node, size);
            return TreeError::Lacks(Part::Tile { level, index });
        }
        ProveError::Count { .. } => return TreeError::Malformed(Part::Tile { level: 0, index: 0 }),
    };
    let level = match tile.rows() {
        Rows::Hashes { level } => level,
        Rows::Entries => 0,
    };
    TreeError::Malformed(Part::Tile { level, index: tile.index() })
}
