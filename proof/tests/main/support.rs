//! A log that the tests grow, what it publishes, and keys that are the same in each run.

use proof::hash::{Hash, leaf_hash};
use proof::keys::Seed;
use proof::note::Signer;
use proof::tiles::{Rows, Tile, hashes_to_bytes};
use proof::tree::{Frontier, Node, TileReader};
use std::collections::BTreeMap;

pub fn record(index: u64) -> Vec<u8> {
    format!("record {index}").into_bytes()
}

pub fn leaf(index: u64) -> Hash {
    leaf_hash(&record(index))
}

/// A log of `record(0)`, `record(1)` and so on.
pub struct Log {
    pub frontier: Frontier,
    /// The roots of all complete subtrees.
    pub nodes: BTreeMap<Node, Hash>,
}

impl Log {
    pub fn of(size: u64) -> Self {
        Self::over((0..size).map(leaf))
    }

    pub fn over(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let (mut frontier, mut nodes) = (Frontier::new(), BTreeMap::new());
        for leaf in leaves {
            frontier.append_and_tell(leaf, |node, hash| assert_eq!(nodes.insert(node, hash), None, "{node:?} twice"));
        }
        Self { frontier, nodes }
    }

    /// The roots that it had at each size, from 0, as its edge told them then.
    pub fn roots(&self) -> Vec<Hash> {
        let mut frontier = Frontier::new();
        let leaves = (0..self.frontier.size()).map(|index| self.nodes[&Node { level: 0, index }]);
        let grown = leaves.map(|leaf| {
            frontier.append(leaf);
            frontier.root()
        });
        [Frontier::new().root()].into_iter().chain(grown).collect()
    }

    /// The rows of a tile of hashes.
    pub fn tile(&self, tile: Tile) -> Vec<u8> {
        let Rows::Hashes { level } = tile.rows() else { panic!("{tile} has no hashes") };
        let first = tile.index() * 256;
        let rows = (first..first + u64::from(tile.width())).map(|index| Node { level: level * 8, index });
        hashes_to_bytes(&rows.map(|row| self.nodes[&row]).collect::<Vec<_>>())
    }

    /// All that a log publishes which has grown to this size at once.
    pub fn published(&self) -> Published {
        Published(self.frontier.tiles_since(0).map(|tile| (tile, self.tile(tile))).collect())
    }
}

pub struct Published(pub BTreeMap<Tile, Vec<u8>>);

#[derive(Debug, PartialEq, Eq)]
pub struct NotPublished(pub Tile);

impl std::fmt::Display for NotPublished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} was not published", self.0)
    }
}

impl std::error::Error for NotPublished {}

impl TileReader for Published {
    type Error = NotPublished;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, NotPublished> {
        self.0.get(&tile).cloned().ok_or(NotPublished(tile))
    }
}

pub fn seed(byte: u8) -> Seed {
    Seed::taken_from(&mut [byte; 32])
}

pub fn signer(name: &str, byte: u8) -> Signer {
    Signer::new(name.parse().expect("a name"), seed(byte))
}

/// With one bit changed.
pub fn flipped(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes.into()
}
