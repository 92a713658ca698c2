//! Lists, as clients page through them.

use cartlog_projections::{Page, PageRequest, ReadError, Start, TimeRange};
use domain::Timestamp;
use std::sync::Arc;

/// All rows of a list in its order. Whatever the limit, cursors and page numbers find the same.
pub async fn all<T: PartialEq + std::fmt::Debug>(
    ask: impl AsyncFn(PageRequest) -> Result<Page<Arc<T>>, ReadError>,
) -> Vec<Arc<T>> {
    let at_once = ask(PageRequest::first(250)).await.expect("a page");
    assert_eq!(at_once.next, None);
    for limit in [1, 2, 3] {
        let (mut start, mut by_cursor, mut by_number) = (Start::First, Vec::new(), Vec::new());
        for number in 1.. {
            let page = ask(PageRequest { start, limit }).await.expect("a page");
            by_cursor.extend(page.items);
            let same = ask(PageRequest { start: Start::Page(number), limit }).await.expect("a page");
            by_number.extend(same.items);
            assert_eq!(page.next, same.next);
            match page.next {
                Some(next) => start = Start::After(next),
                None => break,
            }
        }
        assert_eq!(by_cursor, at_once.items, "by cursor, {limit} a page");
        assert_eq!(by_number, at_once.items, "by number, {limit} a page");
    }
    at_once.items
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
