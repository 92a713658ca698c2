//! The handle that queries go through. What each view can be asked stands beside the view.

use crate::RowKey;
use crate::cache::Cached;
use crate::page::{BadCursor, Cursor, Page, PageRequest, Start};
use crate::queries::{ObservedStore, Queries};
use crate::slots::{Live, Slot, Slots};
use crate::status::{ProjectionStatus, Watched};
use crate::store::{Flaw, Hit, List, Parked, ReadStore, ReadStoreError, Search, Table};
use crate::view::View;
use eventlog::Position;
use health::Failing;
use journal::JournalError;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// Why a query was not answered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The views did not reach the position in time.
    #[error("the views are at position {reached}, {asked} was asked for")]
    Behind { asked: Position, reached: Position },
    #[error(transparent)]
    BadCursor(#[from] BadCursor),
    /// A page that is counted can't end early, as the next begins where it should have ended.
    #[error("a page of {rows} of these is too large: ask for fewer, or by cursor")]
    PageTooLarge { rows: u32 },
    /// The view was never filled yet.
    #[error("the view '{0}' is being filled for the first time")]
    NotReady(&'static str),
    #[error(transparent)]
    Store(#[from] ReadStoreError),
    /// What was is folded from the log, which could not be read.
    #[error(transparent)]
    History(Arc<JournalError>),
}

/// A page that a cursor leads on from ends early once its rows take so much, as they are stored.
pub(crate) const PAGE_BYTES: usize = 2 * 1024 * 1024;
/// What a page that is counted may take.
pub(crate) const COUNTED_PAGE_BYTES: usize = 16 * 1024 * 1024;
/// Rows that are read at once where only some are taken.
const PICKED_FROM: u32 = 256;
/// Rows that are read before any is weighed.
const FIRST_ROWS: usize = 25;

/// All views, to read. Cheap to clone.
///
/// Every query names the store first: a row of another store is never shown, as if it were not there. A query sees at least
/// all events up to [`Self::position`] as it was when the query began.
#[derive(Clone)]
pub struct Views {
    pub(crate) inner: Arc<ViewsInner>,
}

pub(crate) struct ViewsInner {
    pub store: Arc<dyn ReadStore>,
    pub slots: Slots,
    /// Up to where all views are committed.
    pub reached: Reached,
    pub watched: Watched,
    pub queries: Queries,
}

/// Up to where the views are: those that this process fills, and those that another one does.
pub(crate) struct Reached {
    all: watch::Sender<Position>,
    parts: Mutex<ReachedParts>,
}

#[derive(Default)]
struct ReachedParts {
    filled: Option<Position>,
    followed: Option<Position>,
}

impl Default for Reached {
    fn default() -> Self {
        Self { all: watch::Sender::new(Position::START), parts: Mutex::default() }
    }
}

impl Reached {
    /// `None`: this process fills none.
    pub fn filled(&self, to: Option<Position>) {
        self.change(|parts| parts.filled = to);
    }

    /// `None`: another process fills none.
    #[cfg(feature = "postgres")]
    pub fn followed(&self, to: Option<Position>) {
        self.change(|parts| parts.followed = to);
    }

    /// Told under the lock, so that what is told last is what is true last.
    fn change(&self, change: impl FnOnce(&mut ReachedParts)) {
        let mut parts = self.parts.lock();
        change(&mut parts);
        let Some(position) = [parts.filled, parts.followed].into_iter().flatten().min() else { return };
        self.all.send_if_modified(|before| std::mem::replace(before, position) != position);
    }
}

impl Views {
    pub(crate) fn new(store: Arc<dyn ReadStore>, slots: Slots) -> Self {
        Self {
            inner: Arc::new(ViewsInner {
                store,
                reached: Reached::default(),
                watched: Watched::default(),
                queries: Queries::of(slots.names()),
                slots,
            }),
        }
    }

    /// Up to where in the log all views are.
    pub fn position(&self) -> Position {
        *self.inner.reached.all.borrow()
    }

    /// Waits until all views are at the position, also one that the log has not reached yet.
    ///
    /// # Errors
    /// [`ReadError::Behind`] when `timeout` has passed.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), ReadError> {
        if self.position() >= position {
            return Ok(());
        }
        let mut reached = self.inner.reached.all.subscribe();
        let reaching = reached.wait_for(|reached| *reached >= position);
        match tokio::time::timeout(timeout, reaching).await {
            Ok(Ok(_)) => Ok(()),
            // The sender lives as long as this handle, so only time can have run out.
            Ok(Err(_)) | Err(_) => Err(ReadError::Behind { asked: position, reached: self.position() }),
        }
    }

    /// How the views are: positions, what is parked, what is being rebuilt, and what went wrong last.
    pub fn status(&self) -> ProjectionStatus {
        self.inner.watched.status(self.position())
    }

    /// The views that do not answer queries, of those that could, each with why: by what was asked of them last, or is asked now where
    /// nobody has for a while.
    pub async fn unanswering(&self) -> Unanswering {
        let ViewsInner { store, slots, queries, .. } = self.inner.as_ref();
        let tables = slots.answering();
        let failing = queries.failing(store.as_ref(), &tables).await;
        Unanswering { of: tables.len(), failing }
    }

    /// The generation of the view that answers now.
    ///
    /// # Errors
    /// [`ReadError::NotReady`] until it was filled for the first time.
    pub fn of<V: View>(&self) -> Result<Reader<'_, V>, ReadError> {
        let live = self.inner.slots.get::<V>().and_then(Slot::get).ok_or(ReadError::NotReady(V::DECLARATION.name))?;
        Ok(Reader { store: self.inner.queries.ask(self.inner.store.as_ref(), V::DECLARATION.name), live })
    }
}

/// Which views do not answer queries.
#[derive(Clone, Debug)]
pub struct Unanswering {
    /// So many could.
    pub of: usize,
    /// By their names.
    pub failing: Vec<(&'static str, Failing)>,
}

/// Reads one view, all of one query from the same generation.
pub struct Reader<'a, V: View> {
    store: ObservedStore<'a>,
    live: Arc<Live<V>>,
}

impl<V: View> Reader<'_, V> {
    /// The row of the key, whosever it is.
    pub async fn get(&self, key: impl Into<RowKey>) -> Result<Option<Arc<V::Row>>, ReadError> {
        let key = key.into();
        if !self.live.table.view.key.has(key) {
            return Ok(None);
        }
        let place = match &self.live.cache {
            None => None,
            Some(cache) => match cache.get_or_place(&key).await {
                Ok(cached) => return Ok(Some(cached.row)),
                Err(place) => Some(place),
            },
        };
        let Some(document) = self.store.get(self.live.table, key).await? else {
            return Ok(None);
        };
        let cached = self.decode(key, &document)?;
        let row = Arc::clone(&cached.row);
        if let Some(place) = place {
            // Refused when the worker put a newer one there: then this one is not kept.
            let _ = place.insert(cached);
        }
        Ok(Some(row))
    }

    fn decode(&self, key: RowKey, document: &str) -> Result<Cached<V::Row>, ReadStoreError> {
        decode::<V>(self.live.table, key, document).inspect_err(|error| self.store.met_damage(&error.to_string()))
    }

    /// The rows of the keys, in their order.
    pub async fn get_many(&self, keys: &[impl Into<RowKey> + Copy]) -> Result<Vec<Option<Arc<V::Row>>>, ReadError> {
        let keys: Vec<RowKey> = keys.iter().map(|key| (*key).into()).collect();
        let rows = self.get_many_cached(&keys).await?;
        Ok(rows.into_iter().map(|cached| cached.map(|cached| cached.row)).collect())
    }

    /// The tables that answer.
    pub(crate) fn table(&self) -> Table {
        self.live.table
    }

    /// The keys that the list finds, with their places in it.
    pub(crate) async fn hits(&self, list: List) -> Result<Vec<Hit>, ReadError> {
        Ok(self.store.list(self.live.table, list).await?)
    }

    /// What is parked of the view.
    pub async fn parked(&self) -> Result<Vec<Parked>, ReadError> {
        Ok(self.store.parked(self.live.table).await?)
    }

    async fn get_many_cached(&self, keys: &[RowKey]) -> Result<Vec<Option<Cached<V::Row>>>, ReadError> {
        let mut rows = Vec::with_capacity(keys.len());
        let mut missing = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            // Never waits with places in hand: two readers could wait for each other.
            let found = self.live.cache.as_ref().map_or(Err(None), |cache| cache.try_get_or_place(key));
            match found {
                Ok(cached) => rows.push(Some(cached)),
                Err(place) => {
                    rows.push(None);
                    missing.push((index, *key, place));
                }
            }
        }
        if missing.is_empty() {
            return Ok(rows);
        }
        let wanted = missing.iter().map(|(_, key, _)| *key).collect();
        let documents = self.store.get_many(self.live.table, wanted).await?;
        for ((index, key, place), document) in missing.into_iter().zip(documents) {
            let Some(document) = document else { continue };
            let cached = self.decode(key, &document)?;
            rows[index] = Some(cached.clone());
            if let Some(place) = place {
                // As in `get`.
                let _ = place.insert(cached);
            }
        }
        Ok(rows)
    }

    /// The rows that the list finds, in its order.
    pub async fn list(&self, list: List) -> Result<Vec<Arc<V::Row>>, ReadError> {
        Ok(self.list_and_last(list).await?.0.into_iter().flatten().collect())
    }

    /// The rows that the list finds, after the row of that key in a list that is ordered by keys alone.
    pub async fn list_after(
        &self,
        list: List,
        after: Option<impl Into<RowKey>>,
    ) -> Result<Vec<Arc<V::Row>>, ReadError> {
        let keys = self.keys_after(list, after).await?;
        Ok(self.get_many(&keys).await?.into_iter().flatten().collect())
    }

    /// The first `most` of the list in its order that `pick` takes something from. A page at a time is in memory.
    pub async fn first<T>(
        &self,
        mut list: List,
        most: usize,
        pick: impl Fn(&V::Row) -> Option<T>,
    ) -> Result<Vec<T>, ReadError> {
        let mut picked = Vec::new();
        list.limit = PICKED_FROM;
        while picked.len() < most {
            let (rows, last) = self.list_and_last(list.clone()).await?;
            picked.extend(rows.iter().flatten().filter_map(|row| pick(row)).take(most - picked.len()));
            let Some(last) = last.filter(|_| rows.len() == PICKED_FROM as usize) else { break };
            list.after = Some(last);
        }
        Ok(picked)
    }

    /// The rows of the list in its order, `None` where one has gone meanwhile, and the place of the last.
    pub async fn list_and_last(&self, list: List) -> Result<(Vec<Option<Arc<V::Row>>>, Option<Hit>), ReadError> {
        let hits = self.store.list(self.live.table, list).await?;
        let keys: Vec<RowKey> = hits.iter().map(|hit| hit.key).collect();
        Ok((self.get_many(&keys).await?, hits.last().copied()))
    }

    /// As [`Self::list_after`], the keys alone.
    pub async fn keys_after(&self, mut list: List, after: Option<impl Into<RowKey>>) -> Result<Vec<RowKey>, ReadError> {
        list.after = after.map(|key| Hit { sort: 0, key: key.into() });
        let hits = self.store.list(self.live.table, list).await?;
        Ok(hits.into_iter().map(|hit| hit.key).collect())
    }

    pub async fn count(&self, list: List) -> Result<u64, ReadError> {
        Ok(self.store.count(self.live.table, list).await?)
    }

    /// One page of the list of that name within that scope.
    pub async fn page(
        &self,
        name: &str,
        scope: &[Uuid],
        mut list: List,
        page: &PageRequest,
    ) -> Result<Page<Arc<V::Row>>, ReadError> {
        let list_id = Cursor::list_id(name, scope);
        let place = match page.start {
            Start::First | Start::Page(_) => None,
            Start::At(cursor) if cursor.list == list_id && self.live.table.view.key.has(cursor.key) => Some(cursor),
            Start::At(_) => return Err(BadCursor.into()),
        };
        let backwards = place.is_some_and(|place| place.before);
        // Backwards, the nearest rows are the first of the list the other way round.
        list.descending ^= backwards;
        list.after = place.map(|place| Hit { sort: place.sort, key: place.key });
        list.offset = page.offset();
        // One more shows whether there is another page.
        list.limit = page.limit.saturating_add(1);
        let mut hits = self.store.list(self.live.table, list).await?;
        let mut more = cut(&mut hits, page.limit);
        let mut rows = self.rows_within(&hits, matches!(page.start, Start::Page(_)), page.limit).await?;
        more |= rows.len() < hits.len();
        hits.truncate(rows.len());
        if backwards {
            hits.reverse();
            rows.reverse();
        }
        let beside = |hit: &Hit, before| Cursor { sort: hit.sort, key: hit.key, list: list_id, before };
        // What a cursor came from is still on its other side.
        let (is_previous, is_next) = if backwards { (more, true) } else { (place.is_some(), more) };
        let previous = hits.first().filter(|_| is_previous).map(|first| beside(first, true));
        let next = hits.last().filter(|_| is_next).map(|last| beside(last, false));
        Ok(Page { items: rows.into_iter().flatten().collect(), previous, next })
    }

    /// The rows of the first hits, as many as a page may hold; one at least.
    async fn rows_within(
        &self,
        hits: &[Hit],
        is_counted: bool,
        limit: u32,
    ) -> Result<Vec<Option<Arc<V::Row>>>, ReadError> {
        let most = if is_counted { COUNTED_PAGE_BYTES } else { PAGE_BYTES };
        let (mut rows, mut bytes) = (Vec::with_capacity(hits.len()), 0);
        while rows.len() < hits.len() {
            // About as many as may still fit, so that little is read in vain.
            let fit = (most - bytes.min(most)).checked_div(bytes / rows.len().max(1)).unwrap_or(FIRST_ROWS);
            let end = hits.len().min(rows.len() + fit.clamp(1, FIRST_ROWS.max(rows.len())));
            let keys: Vec<RowKey> = hits[rows.len()..end].iter().map(|hit| hit.key).collect();
            for cached in self.get_many_cached(&keys).await? {
                bytes += cached.as_ref().map_or(0, Cached::document_bytes);
                if bytes > most && is_counted {
                    return Err(ReadError::PageTooLarge { rows: limit });
                }
                if bytes > most && !rows.is_empty() {
                    return Ok(rows);
                }
                rows.push(cached.map(|cached| cached.row));
            }
        }
        Ok(rows)
    }

    /// One page of a search, each row with its score.
    pub async fn search(&self, mut search: Search) -> Result<Page<(Arc<V::Row>, f64)>, ReadError> {
        let limit = search.limit;
        search.limit = limit.saturating_add(1);
        let mut found = self.store.search(self.live.table, search).await?;
        let more = cut(&mut found, limit);
        let next = found.last().filter(|_| more);
        let next = next.map(|last| Cursor { sort: 0, key: last.key, list: 0, before: false });
        let keys: Vec<RowKey> = found.iter().map(|found| found.key).collect();
        let scored = self.get_many(&keys).await?.into_iter().zip(found);
        let items = scored.filter_map(|(row, found)| Some((row?, found.score))).collect();
        Ok(Page { items, previous: None, next })
    }
}

/// Cuts what is beyond the limit, and says whether there was any.
fn cut<T>(found: &mut Vec<T>, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    more
}

/// Reads a stored document.
pub(crate) fn decode<V: View>(table: Table, key: RowKey, document: &str) -> Result<Cached<V::Row>, ReadStoreError> {
    let row = serde_json::from_str(document)
        .map_err(|source| ReadStoreError::Damaged(Flaw::Unread { key, view: table.view.name, source }.into()))?;
    Ok(Cached::new(row, document.len(), None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{CartId, StoreId};

    /// Queries are awaited in tasks that may move between threads.
    #[allow(dead_code)]
    fn queries_can_be_awaited_on_any_thread(views: &Views, store: StoreId, page: &PageRequest) {
        fn sendable(_: impl Send) {}
        let filter = Default::default();
        sendable(views.cart(store, CartId(Uuid::nil())));
        sendable(views.products(store, &filter, page));
        sendable(views.search_products(store, &crate::views::ProductSearch::new(""), page));
        sendable(views.wait_for(Position(1), Duration::ZERO));
    }
}
