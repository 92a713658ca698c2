//! The handle that queries go through.

use crate::page::{Cursor, Page, PageRequest, Start};
use crate::store::{Hit, List, ReadStore, Search, StoreError, Table};
use crate::view::View;
use eventlog::Position;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// Why a query could not be answered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The views did not reach the position in time.
    #[error("the read model is at position {at}, {wanted} was asked for")]
    Behind { wanted: Position, at: Position },
    /// The cursor is not one of this list.
    #[error("not a cursor of this list")]
    BadCursor,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Queries over all views. Cheap to clone. Every query names a store and sees only what is its own.
#[derive(Clone)]
pub struct Views {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn ReadStore>,
    /// The generation of each view that answers.
    live: RwLock<HashMap<&'static str, Table>>,
    position: watch::Sender<Position>,
}

impl Views {
    pub(crate) fn new(store: Arc<dyn ReadStore>) -> Self {
        Self {
            inner: Arc::new(Inner { store, live: RwLock::default(), position: watch::Sender::new(Position::START) }),
        }
    }

    /// Up to where the views have come.
    pub fn position(&self) -> Position {
        *self.inner.position.borrow()
    }

    /// Waits until the views have reached the position, which may lie beyond the end of the log.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), ReadError> {
        if self.position() >= position {
            return Ok(());
        }
        let mut reached = self.inner.position.subscribe();
        let waited = tokio::time::timeout(timeout, reached.wait_for(|at| *at >= position)).await;
        match waited {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ReadError::Behind { wanted: position, at: self.position() }),
        }
    }

    pub(crate) fn reached(&self, position: Position) {
        self.inner.position.send_replace(position);
    }

    pub(crate) fn swap(&self, tables: &[Table]) {
        let mut live = self.inner.live.write();
        for table in tables {
            live.insert(table.view.name, *table);
        }
    }

    /// The generation that answers for the view.
    pub(crate) fn table<V: View>(&self) -> Result<Table, ReadError> {
        let table = self.inner.live.read().get(V::DECLARATION.name).copied();
        table.ok_or_else(|| {
            StoreError::Unavailable(format!("the view '{}' is being filled", V::DECLARATION.name)).into()
        })
    }

    /// Asks again when the generation was swapped, and dropped, while it was asked.
    async fn asking<V: View, T, F>(&self, ask: impl Fn(Table) -> F) -> Result<T, ReadError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        loop {
            let table = self.table::<V>()?;
            match ask(table).await {
                Ok(answer) => return Ok(answer),
                Err(_) if self.table::<V>()? != table => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) async fn get<V: View>(&self, key: Uuid) -> Result<Option<V::Row>, ReadError> {
        let document = self.asking::<V, _, _>(|table| self.inner.store.get(table, key)).await?;
        document.map(|document| read::<V>(&document)).transpose()
    }

    pub(crate) async fn get_many<V: View>(&self, keys: Vec<Uuid>) -> Result<Vec<Option<V::Row>>, ReadError> {
        let documents = self.asking::<V, _, _>(|table| self.inner.store.get_many(table, keys.clone())).await?;
        documents.into_iter().map(|document| document.map(|document| read::<V>(&document)).transpose()).collect()
    }

    pub(crate) async fn hits<V: View>(&self, list: List) -> Result<Vec<Hit>, ReadError> {
        self.asking::<V, _, _>(|table| self.inner.store.list(table, list.clone())).await
    }

    pub(crate) async fn keys<V: View>(&self, list: List) -> Result<Vec<Uuid>, ReadError> {
        Ok(self.hits::<V>(list).await?.into_iter().map(|hit| hit.key).collect())
    }

    pub(crate) async fn rows<V: View>(&self, list: List) -> Result<Vec<V::Row>, ReadError> {
        let keys = self.keys::<V>(list).await?;
        Ok(self.get_many::<V>(keys).await?.into_iter().flatten().collect())
    }

    pub(crate) async fn count<V: View>(&self, list: List) -> Result<u64, ReadError> {
        self.asking::<V, _, _>(|table| self.inner.store.count(table, list.clone())).await
    }

    /// One page of the list. `name` and `scope` bind its cursors to the list and whose it is.
    pub(crate) async fn page<V: View>(
        &self,
        name: &str,
        scope: &[Uuid],
        list: List,
        page: &PageRequest,
    ) -> Result<Page<V::Row>, ReadError> {
        let list_id = Cursor::list_id(name, scope);
        let after = match page.start {
            Start::First | Start::Page(_) => None,
            Start::After(cursor) if cursor.list != list_id => return Err(ReadError::BadCursor),
            Start::After(cursor) => Some(Hit { sort: cursor.sort, key: cursor.key }),
        };
        // One more than asked for tells whether there is a next page.
        let list = List { after, offset: page.offset(), limit: page.limit.saturating_add(1), ..list };
        let mut hits = self.hits::<V>(list).await?;
        let more = hits.len() > page.limit as usize;
        hits.truncate(page.limit as usize);
        let next = hits.last().filter(|_| more).map(|last| Cursor { sort: last.sort, key: last.key, list: list_id });
        let keys = hits.into_iter().map(|hit| hit.key).collect();
        let items = self.get_many::<V>(keys).await?.into_iter().flatten().collect();
        Ok(Page { items, next })
    }

    /// One page of what a search finds, with scores. It has a next page where `next` is set; searches take no cursor.
    pub(crate) async fn search<V: View>(&self, search: Search) -> Result<Page<(V::Row, f64)>, ReadError> {
        let limit = search.limit as usize;
        let asked = Search { limit: search.limit.saturating_add(1), ..search };
        let mut found = self.asking::<V, _, _>(|table| self.inner.store.search(table, asked.clone())).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| Cursor { sort: 0, key: last.key, list: 0 });
        let rows = self.get_many::<V>(found.iter().map(|hit| hit.key).collect()).await?;
        let items = rows.into_iter().zip(found).filter_map(|(row, hit)| Some((row?, hit.score))).collect();
        Ok(Page { items, next })
    }
}

fn read<V: View>(document: &str) -> Result<V::Row, ReadError> {
    serde_json::from_str(document).map_err(|error| {
        StoreError::Damaged(format!(
            "a row of '{}' can't be read ({error}); `cartlog rebuild {0}` mends it",
            V::DECLARATION.name
        ))
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{CartId, StoreId};

    /// Queries are awaited in tasks that may move between threads.
    #[allow(dead_code)]
    fn queries_can_be_awaited_on_any_thread(views: &Views, store: StoreId, page: &PageRequest) {
        fn sendable(_: impl Send) {}
        sendable(views.cart(store, CartId(Uuid::nil())));
        sendable(views.products(store, &Default::default(), page));
        sendable(views.search_products(store, "", false, page));
        sendable(views.wait_for(Position(1), Duration::ZERO));
    }
}
