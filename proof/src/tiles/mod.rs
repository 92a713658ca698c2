//! How a log is published: <https://c2sp.org/tlog-tiles>, with its tiles of height 8.
//!
//! What lives here: a tile's coordinates, its path (`path.rs`), what stands in a tile of hashes and in a bundle of
//! entries, and which tiles an append changes. What doesn't: serving and keeping them. The guarantee: a tile has one
//! path, and a path is one tile's.

mod content;
mod path;

pub use content::{
    EntriesError, HashesError, entries_from_bytes, entries_to_bytes, hashes_from_bytes, hashes_to_bytes,
};
pub use path::TilePathError;

/// The levels of the tree between a tile and the one above it.
pub const HEIGHT: u8 = 8;
/// The rows of a complete tile.
pub const WIDTH: u16 = 1 << HEIGHT;
/// A path may name levels up to 63; a tree whose size has 64 bits has rows on fewer.
const MAX_LEVEL: u8 = 63;
const LEVELS_OF_TREES: u8 = 64 / HEIGHT;

/// What the rows of a tile are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rows {
    /// Hashes: on level 0 of leaves, above of complete tiles of the level below.
    Hashes { level: u8 },
    /// The records themselves, whose hashes stand in the tile of level 0 with the same index and width.
    Entries,
}

/// A tile's coordinates. It has at least one row; one with fewer than 256 is partial, and the last of its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    rows: Rows,
    index: u64,
    width: u16,
}

/// What no tile has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    #[error("a tile of level {0}; the highest is {MAX_LEVEL}")]
    Level(u8),
    #[error("a tile of {0} rows; it has from 1 to {WIDTH}")]
    Width(u16),
}

impl Tile {
    /// The `index`-th of its level, from 0, with its first `width` rows.
    ///
    /// # Errors
    /// There is no such level, or no such width.
    pub fn new(rows: Rows, index: u64, width: u16) -> Result<Self, TileError> {
        match rows {
            Rows::Hashes { level } if level > MAX_LEVEL => return Err(TileError::Level(level)),
            Rows::Hashes { .. } | Rows::Entries => {}
        }
        match width {
            1..=WIDTH => Ok(Self { rows, index, width }),
            other => Err(TileError::Width(other)),
        }
    }

    /// The tile with this row of hashes, as wide as it is where the level has so many. `None`: it has not got the row.
    pub(crate) fn with_row(level: u8, row: u64, rows: u64) -> Option<Self> {
        let width = u64::from(WIDTH);
        let index = row / width;
        let of_tile = || (rows - index * width).min(width) as u16;
        (row < rows).then(|| Self { rows: Rows::Hashes { level }, index, width: of_tile() })
    }

    pub fn rows(&self) -> Rows {
        self.rows
    }

    pub fn index(&self) -> u64 {
        self.index
    }

    pub fn width(&self) -> u16 {
        self.width
    }

    pub fn is_complete(&self) -> bool {
        self.width == WIDTH
    }

    /// Whether a tree of that size has all rows of the tile: what is not to be served before such a tree is signed for.
    pub fn is_within(&self, size: u64) -> bool {
        let level = match self.rows {
            Rows::Hashes { level } => level,
            Rows::Entries => 0,
        };
        let rows = size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0);
        let end = self.index.checked_mul(u64::from(WIDTH)).and_then(|start| start.checked_add(self.width.into()));
        end.is_some_and(|end| end <= rows)
    }

    /// The bundle of the entries whose hashes stand in this tile. `None`: its rows are no leaves' hashes.
    pub fn bundle(&self) -> Option<Tile> {
        match self.rows {
            Rows::Hashes { level: 0 } => Some(Self { rows: Rows::Entries, ..*self }),
            Rows::Hashes { .. } | Rows::Entries => None,
        }
    }
}

/// The tiles of hashes that a tree of `new` leaves has and one of `old` has not, level by level, the partial one of
/// each last. None where the tree did not grow.
pub fn changed(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (0..LEVELS_OF_TREES).flat_map(move |level| {
        let rows = Rows::Hashes { level };
        let (old, new) = (old >> (level * HEIGHT), new >> (level * HEIGHT));
        let width = u64::from(WIDTH);
        let complete = (old / width..new / width).map(move |index| Tile { rows, index, width: WIDTH });
        let left = (new % width) as u16;
        let partial = (new > old && left > 0).then_some(Tile { rows, index: new / width, width: left });
        complete.chain(partial)
    })
}
