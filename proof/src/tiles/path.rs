//! The paths of tiles: `tile/<level>/<index>` and `tile/entries/<index>`, with `.p/<width>` behind those of partial
//! ones.

use super::{MAX_LEVEL, Rows, Tile, WIDTH};
use crate::text::decimal;
use std::fmt;
use std::str::FromStr;

/// Longer than any: 64 bits are seven groups of digits.
const MAX_BYTES: usize = 64;
/// An index is written in groups of three digits, so that no folder gets large.
const GROUP: u64 = 1000;

/// Which part of a path is no tile's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TilePathError {
    #[error("a path of {0} bytes; no tile's is as long")]
    TooLong(usize),
    #[error("a tile's path is tile/, a level or entries, and an index")]
    Shape,
    #[error("a tile's level is a number up to {MAX_LEVEL}")]
    Level,
    #[error("a tile's index is groups of three digits, all but the last with an x before them, such as x001/x234/067")]
    Index,
    #[error("a partial tile's width is a number from 1 to 255")]
    Width,
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rows {
            Rows::Hashes { level } => write!(f, "tile/{level}/")?,
            Rows::Entries => f.write_str("tile/entries/")?,
        }
        let above = std::iter::successors(Some(self.index / GROUP), |above| Some(above / GROUP));
        let above: Vec<u64> = above.take_while(|above| *above > 0).collect();
        for above in above.iter().rev() {
            write!(f, "x{:03}/", above % GROUP)?;
        }
        write!(f, "{:03}", self.index % GROUP)?;
        if self.is_complete() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for Tile {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        if path.len() > MAX_BYTES {
            return Err(TilePathError::TooLong(path.len()));
        }
        let rest = path.strip_prefix("tile/").ok_or(TilePathError::Shape)?;
        let (rows, place) = rest.split_once('/').ok_or(TilePathError::Shape)?;
        let rows = match rows {
            "entries" => Rows::Entries,
            level => Rows::Hashes { level: number(level, 0..=MAX_LEVEL.into()).ok_or(TilePathError::Level)? as u8 },
        };
        let (index, width) = match place.split_once(".p/") {
            Some((index, width)) => (index, number(width, 1..=255).ok_or(TilePathError::Width)? as u16),
            None => (place, WIDTH),
        };
        let index = index_of(index).ok_or(TilePathError::Index)?;
        Ok(Self { rows, index, width })
    }
}

fn number(text: &str, among: std::ops::RangeInclusive<u64>) -> Option<u64> {
    decimal(text).filter(|number| among.contains(number))
}

fn index_of(text: &str) -> Option<u64> {
    let (above, last) = text.rsplit_once('/').map_or((None, text), |(above, last)| (Some(above), last));
    // A first group of zeros would be another path to the same tile.
    if above.is_some_and(|above| above.starts_with("x000")) {
        return None;
    }
    let above = above.into_iter().flat_map(|above| above.split('/')).map(|part| part.strip_prefix('x'));
    above.chain([Some(last)]).try_fold(0u64, |index, part| {
        let digits = part.filter(|part| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        index.checked_mul(GROUP)?.checked_add(digits.parse().ok()?)
    })
}
