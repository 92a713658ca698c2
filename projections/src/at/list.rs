//! Lists as they were: rows that there are now are gone through in the order of the list, each folded as it was.

use super::ViewsAt;
use crate::page::{BadCursor, Cursor, Page, PageRequest, Start};
use crate::reader::{COUNTED_PAGE_BYTES, PAGE_BYTES, ReadError};
use crate::store::{Filter, Hit, List, Through, Value};
use crate::view::View;
use futures::future::BoxFuture;
use std::sync::Arc;
use uuid::Uuid;

/// Rows that are folded at once, at least and at most.
const AT_ONCE: std::ops::RangeInclusive<u32> = 10..=50;

/// A list of rows as they were.
pub(crate) struct ListAt<'a> {
    pub name: &'static str,
    pub scope: &'a [Uuid],
    /// A list that has them all now: its values do not change over time.
    pub among: List,
    /// What they must have been.
    pub wanted: List,
}

/// Rows as they were, in the order of those that there are now; `None`: it was not there yet.
pub(crate) type Folding<'a, V> = BoxFuture<'a, Result<Vec<Option<Arc<<V as View>::Row>>>, ReadError>>;

/// A row that was found, with its place in the list.
struct Found<R> {
    hit: Hit,
    row: Arc<R>,
}

impl ViewsAt {
    /// One page of the list. `fold` gives the rows as they were.
    pub(crate) async fn page<'f, V: View<Store = ()>>(
        &self,
        asked: ListAt<'_>,
        page: &PageRequest,
        fold: &(dyn Fn(Vec<Arc<V::Row>>) -> Folding<'f, V> + Send + Sync),
    ) -> Result<Page<Arc<V::Row>>, ReadError> {
        let list_id = Cursor::list_id(asked.name, asked.scope);
        let place = match page.start {
            Start::First | Start::Page(_) => None,
            Start::At(cursor) if cursor.list == list_id && V::DECLARATION.key.has(cursor.key) => Some(cursor),
            Start::At(_) => return Err(BadCursor.into()),
        };
        let is_backwards = place.is_some_and(|place| place.before);
        let mut list = asked.among;
        list.descending ^= is_backwards;
        list.after = place.map(|place| Hit { sort: place.sort, key: place.key });
        let (mut found, more) = self.first::<V>(list, &asked.wanted, page, fold).await?;
        if is_backwards {
            found.reverse();
        }
        let beside =
            |found: &Found<V::Row>, before| Cursor { sort: found.hit.sort, key: found.hit.key, list: list_id, before };
        let (is_previous, is_next) = if is_backwards { (more, true) } else { (place.is_some(), more) };
        let previous = found.first().filter(|_| is_previous).map(|first| beside(first, true));
        let next = found.last().filter(|_| is_next).map(|last| beside(last, false));
        Ok(Page { items: found.into_iter().map(|found| found.row).collect(), previous, next })
    }

    /// The first rows of the list that are wanted, and whether there are more.
    async fn first<'f, V: View<Store = ()>>(
        &self,
        mut list: List,
        wanted: &List,
        page: &PageRequest,
        fold: &(dyn Fn(Vec<Arc<V::Row>>) -> Folding<'f, V> + Send + Sync),
    ) -> Result<(Vec<Found<V::Row>>, bool), ReadError> {
        let is_counted = matches!(page.start, Start::Page(_));
        let (mut skip, mut found, mut bytes) = (page.offset(), Vec::new(), 0);
        list.limit = page.limit.saturating_add(1).clamp(*AT_ONCE.start(), *AT_ONCE.end());
        loop {
            let hits = self.views.of::<V>()?.hits(list.clone()).await?;
            let keys: Vec<_> = hits.iter().map(|hit| hit.key).collect();
            let now: Vec<_> = self.views.of::<V>()?.get_many(&keys).await?.into_iter().flatten().collect();
            // One for each of those that are there: rows never go.
            let then = fold(now).await?;
            for (hit, row) in hits.iter().zip(then) {
                let Some(row) = row.filter(|row| is_wanted::<V>(wanted, row)) else { continue };
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                if found.len() == page.limit as usize {
                    return Ok((found, true));
                }
                bytes += weight(row.as_ref());
                match (is_counted, found.is_empty()) {
                    (true, _) if bytes > COUNTED_PAGE_BYTES => {
                        return Err(ReadError::PageTooLarge { rows: page.limit });
                    }
                    (false, false) if bytes > PAGE_BYTES => return Ok((found, true)),
                    _ => found.push(Found { hit: *hit, row }),
                }
            }
            let Some(last) = hits.last().copied().filter(|_| hits.len() == list.limit as usize) else {
                return Ok((found, false));
            };
            list.after = Some(last);
        }
    }
}

/// About what the row takes as it is stored.
fn weight<R: serde::Serialize>(row: &R) -> usize {
    serde_json::to_vec(row).map_or(0, |document| document.len())
}

/// Whether the row, as it was, would have been in the list.
fn is_wanted<V: View>(list: &List, row: &V::Row) -> bool {
    let columns = V::columns(row);
    let value = |name: &str| {
        V::DECLARATION.columns.iter().position(|column| column.name == name).and_then(|at| columns.get(at))
    };
    let number = |name: &str| match value(name) {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    };
    let (equal, sort) = match &list.through {
        Through::Index(index) => (index.equal, index.sort),
        // No list of rows as they were goes by labels.
        Through::Label(_) => return false,
    };
    let is_equal = equal.iter().zip(&list.equal).all(|(name, wanted)| value(name) == Some(wanted));
    let in_range = list.range.is_all()
        || sort.and_then(number).is_some_and(|at| list.range.has(domain::Timestamp::from_millis(at)));
    let passes = |filter: &Filter| match filter {
        Filter::Equal(name, wanted) => value(name) == Some(wanted),
        Filter::AtLeast(name, least) => number(name).is_some_and(|number| number >= *least),
        Filter::Below(name, end) => number(name).is_some_and(|number| number < *end),
        Filter::NullOrAtLeast(name, least) => {
            value(name) == Some(&Value::Null) || number(name).is_some_and(|number| number >= *least)
        }
    };
    is_equal && in_range && list.filters.iter().all(passes)
}
