//! How lists are paged (api.md §1, Pagination).

use crate::{KeyParts, RowKey};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    pub start: Start,
    /// At least 1; the contract's maximum (250) is checked by whoever takes the request.
    pub limit: u32,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    First,
    /// The number of a page, from 1. Costs more the deeper it is.
    Page(u32),
    /// Beside a row of the page that gave the cursor. Costs the same at any depth.
    At(Cursor),
}

impl PageRequest {
    /// The first `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self { start: Start::First, limit }
    }

    /// The page of a list that has this one row, or none.
    pub(crate) fn of_one<T>(&self, row: Option<T>) -> Result<Page<T>, BadCursor> {
        let items = match self.start {
            Start::First | Start::Page(1) => row.into_iter().collect(),
            Start::Page(_) => Vec::new(),
            Start::At(_) => return Err(BadCursor),
        };
        Ok(Page { items, previous: None, next: None })
    }

    /// How many rows come before the page; 0 for a cursor.
    pub(crate) fn offset(&self) -> u64 {
        match self.start {
            Start::First | Start::At(_) => 0,
            Start::Page(page) => u64::from(page.saturating_sub(1)) * u64::from(self.limit),
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Leads to the page before; `None` on the first one, and where pages are counted.
    pub previous: Option<Cursor>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page of nothing, with none beside it.
    pub fn empty() -> Self {
        Self { items: Vec::new(), previous: None, next: None }
    }

    /// The same page of other items.
    pub fn with<U>(self, items: Vec<U>) -> Page<U> {
        Page { items, previous: self.previous, next: self.next }
    }

    pub fn map<U>(mut self, change: impl FnMut(T) -> U) -> Page<U> {
        let items = std::mem::take(&mut self.items).into_iter().map(change).collect();
        self.with(items)
    }
}

/// A place in one list: opaque to clients, as text 56 hex digits, or more where the rows' keys
/// are longer than an id, after a `-` where it leads backwards. Bound to the list and
/// whose it is: another store's cursor, or another list's, is refused as [`BadCursor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// What the list is ordered by, of the row beside the page.
    pub(crate) sort: i64,
    /// That row's key.
    pub(crate) key: RowKey,
    /// Tells lists apart.
    pub(crate) list: u32,
    /// Whether the page ends before the row, or else begins after it.
    pub(crate) before: bool,
}

/// Not a cursor, or one of another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct BadCursor;

impl Cursor {
    /// What tells the list of that name, within that scope, from all others.
    pub(crate) fn list_id(name: &str, scope: &[Uuid]) -> u32 {
        // FNV-1a: stable between versions, as cursors live in clients.
        let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        let named = name.as_bytes().iter().fold(0x811c_9dc5, step);
        scope.iter().flat_map(|id| id.as_bytes()).fold(named, step)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.before { "-" } else { "" })?;
        write!(f, "{:08x}{:016x}", self.list, self.sort as u64)?;
        self.key.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (before, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(BadCursor);
        }
        let (list, rest) = text.split_at_checked(8).ok_or(BadCursor)?;
        let (sort, key) = rest.split_at_checked(16).ok_or(BadCursor)?;
        Ok(Self {
            list: u32::from_str_radix(list, 16).map_err(|_| BadCursor)?,
            sort: u64::from_str_radix(sort, 16).map_err(|_| BadCursor)? as i64,
            key: key_of(key).ok_or(BadCursor)?,
            before,
        })
    }
}

/// The key of so many hex digits.
fn key_of(hex: &str) -> Option<RowKey> {
    if hex.len() > 2 * KeyParts::LONGEST || !hex.len().is_multiple_of(2) {
        return None;
    }
    let byte = |place| u8::from_str_radix(hex.get(place..place + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
    RowKey::from_bytes(&bytes?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyPart;

    #[test]
    fn a_cursor_reads_back_from_its_text() {
        for (sort, before) in [(0, false), (1, true), (-1, false), (i64::MIN, true), (i64::MAX, false)] {
            let list = Cursor::list_id("products", &[Uuid::from_u128(7)]);
            let id = Uuid::from_u128(0x1234_5678_9abc);
            for key in [id.into(), RowKey::of(&[KeyPart::Id(id), KeyPart::Number(7)])] {
                let cursor = Cursor { sort, key, list, before };
                assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "",
            "-",
            "1",
            &format!("--{}", "0".repeat(56)),
            &"g".repeat(56),
            &"0".repeat(55),
            &"0".repeat(57),
            &"0".repeat(58),
            &"0".repeat(400),
            &"é".repeat(28),
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(BadCursor), "{text}");
        }
    }
}
