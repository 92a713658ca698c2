//! Lists, as clients page through them.

use cartlog_projections::{Cursor, Page, PageRequest, ReadError, Start, TimeRange};
use domain::Timestamp;
use std::sync::Arc;

/// All rows of a list in its order. Whatever the limit, cursors and page numbers find the same.
pub async fn all<T: PartialEq + std::fmt::Debug>(
    ask: impl AsyncFn(PageRequest) -> Result<Page<Arc<T>>, ReadError>,
) -> Vec<Arc<T>> {
    let at_once = ask(PageRequest::first(250)).await.expect("a page");
    assert_eq!(at_once.next, None);
    assert_eq!(at_once.previous, None);
    for limit in [1, 2, 3] {
        let (mut start, mut by_cursor, mut by_number) = (Start::First, Vec::new(), Vec::new());
        for number in 1.. {
            let page = ask(PageRequest { start, limit }).await.expect("a page");
            by_cursor.extend(page.items);
            let same = ask(PageRequest { start: Start::Page(number), limit }).await.expect("a page");
            by_number.extend(same.items);
            assert_eq!(page.next, same.next);
            match (page.next, page.previous) {
                (Some(next), _) => start = Start::At(next),
                (None, Some(previous)) => {
                    let before = (number as usize - 1) * limit as usize;
                    back(&ask, previous, limit, &at_once.items[..before]).await;
                    break;
                }
                (None, None) => break,
            }
        }
        assert_eq!(by_cursor, at_once.items, "by cursor, {limit} a page");
        assert_eq!(by_number, at_once.items, "by number, {limit} a page");
    }
    at_once.items
}

/// Pages backwards from there, which must show these rows, the nearest pages first, and end with them.
async fn back<T: PartialEq + std::fmt::Debug>(
    ask: &impl AsyncFn(PageRequest) -> Result<Page<Arc<T>>, ReadError>,
    from: Cursor,
    limit: u32,
    rows: &[Arc<T>],
) {
    let mut previous = Some(from);
    for expected in rows.rchunks(limit as usize) {
        let start = Start::At(previous.expect("a page before"));
        let page = ask(PageRequest { start, limit }).await.expect("a page");
        assert_eq!(page.items, expected, "backwards, {limit} a page");
        assert!(page.next.is_some());
        previous = page.previous;
    }
    assert_eq!(previous, None);
}

/// What was found, by the letters of what there is: the first is A.
pub fn letters<I: PartialEq + std::fmt::Debug>(there_are: &[I], found: impl IntoIterator<Item = I>) -> String {
    let letter = |id: I| match there_are.iter().position(|known| *known == id) {
        Some(place) => char::from(b'A' + place as u8),
        None => panic!("{id:?} was found, which is not in the table"),
    };
    found.into_iter().map(letter).collect()
}

/// From the one moment on, before the other.
pub fn between(from: Timestamp, until: Timestamp) -> TimeRange {
    TimeRange { from: Some(from), until: Some(until) }
}

pub fn since(from: Timestamp) -> TimeRange {
    TimeRange { from: Some(from), until: None }
}

pub fn before(until: Timestamp) -> TimeRange {
    TimeRange { from: None, until: Some(until) }
}
