//! The last tile of each level, as long as it grows.

use crate::batch::TileRow;
use proof::hash::Hash;
use proof::tiles::{HEIGHT, WIDTH};
use proof::tree::Node;

/// The levels of tiles that a tree can have whose size has 64 bits.
pub(crate) const LEVELS: u8 = 64 / HEIGHT;
/// The bytes of a complete tile.
const COMPLETE: usize = WIDTH as usize * Hash::BYTES;

/// The rows of the partial tiles, level by level.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edge {
    levels: [Vec<u8>; LEVELS as usize],
    changed: [bool; LEVELS as usize],
}

/// How many rows of its last tile a level has which is partial, and which that is.
pub(crate) fn partial(level: u8, size: u64) -> (u64, u64) {
    let rows = size >> (level * HEIGHT);
    (rows / u64::from(WIDTH), rows % u64::from(WIDTH))
}

impl Edge {
    /// With these rows of each level's partial tile.
    pub fn of(levels: [Vec<u8>; LEVELS as usize]) -> Self {
        Self { levels, changed: Default::default() }
    }

    /// Adds a subtree that was completed, if it is a row of a tile. Gives the tile that it completes.
    pub fn push(&mut self, node: Node, hash: &Hash) -> Option<TileRow> {
        if !node.level.is_multiple_of(HEIGHT) {
            return None;
        }
        let level = node.level / HEIGHT;
        let rows = &mut self.levels[usize::from(level)];
        if rows.is_empty() {
            rows.reserve_exact(COMPLETE);
        }
        rows.extend(hash.as_bytes());
        let is_complete = rows.len() == COMPLETE;
        self.changed[usize::from(level)] = !is_complete;
        let complete = || TileRow { level, index: node.index / u64::from(WIDTH), hashes: std::mem::take(rows) };
        is_complete.then(complete)
    }

    /// The partial tiles of a tree of that size which have grown since they were taken last.
    pub fn take_grown(&mut self, size: u64) -> Vec<TileRow> {
        let grown = (0..LEVELS).filter(|level| self.changed[usize::from(*level)]);
        let row = |level: u8| TileRow {
            level,
            index: partial(level, size).0,
            hashes: self.levels[usize::from(level)].clone(),
        };
        let grown = grown.map(row).collect();
        self.changed = Default::default();
        grown
    }
}
