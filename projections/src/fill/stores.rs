//! What a view keeps of each store beside its rows, as the batch under way changes it.

use crate::cache::{Cached, RowCache};
use crate::store::{Flaw, ReadStore, ReadStoreError, Table};
use crate::view::{StoreState, View};
use domain::{Category, StoreId};
use journal::{Delivery, Envelope, Unreadable};
use std::collections::HashMap;
use std::sync::Arc;

/// So many bytes of what is kept of stores stay in memory, about; what a batch's stores need is read in any case.
const CACHE_BYTES: u64 = 1024 * 1024;

/// Nothing of a batch is kept before it was committed.
pub(super) struct StoreStates<V: View> {
    table: Table,
    /// `None`: nothing is kept of stores.
    cache: Option<RowCache<V::Store>>,
    /// Of the batch's stores.
    batch: HashMap<StoreId, OfStore<V::Store>>,
}

struct OfStore<S> {
    now: Arc<S>,
    changed: bool,
    /// As it is stored, once it is known.
    document_bytes: usize,
}

impl<V: View> StoreStates<V> {
    pub fn new(table: Table) -> Self {
        Self { table, cache: table.view.stores.then(|| RowCache::new(CACHE_BYTES)), batch: HashMap::new() }
    }

    /// Reads what is kept of the batch's stores.
    pub async fn read(&mut self, store: &dyn ReadStore, batch: &[Delivery]) -> Result<(), ReadStoreError> {
        let Some(cache) = &self.cache else { return Ok(()) };
        let mut missing = Vec::new();
        for id in batch.iter().filter_map(store_of::<V>) {
            if self.batch.contains_key(&id) {
                continue;
            }
            let known = cache.take(&id.0.into());
            if known.is_none() {
                missing.push(id);
            }
            let (now, document_bytes) = known.map_or_else(Default::default, |known| {
                let bytes = known.document_bytes();
                (known.row, bytes)
            });
            self.batch.insert(id, OfStore { now, changed: false, document_bytes });
        }
        if missing.is_empty() {
            return Ok(());
        }
        for (id, document) in missing.iter().zip(store.stores(self.table, missing.clone()).await?) {
            let Some(document) = document else { continue };
            let now = serde_json::from_str(&document).map_err(|source| {
                let view = self.table.view.name;
                ReadStoreError::Damaged(Flaw::StoreUnread { store: *id, view, source }.into())
            })?;
            self.batch.insert(*id, OfStore { now: Arc::new(now), changed: false, document_bytes: document.len() });
        }
        Ok(())
    }

    /// The event's store as it was before it, and from now on as it is after it; `None`: nothing is kept.
    pub fn before(&mut self, envelope: &Envelope) -> Option<Arc<V::Store>> {
        let store = envelope.metadata.store_id;
        if !V::Store::concerns(envelope) {
            return self.batch.get(&store).map(|store| Arc::clone(&store.now));
        }
        self.folded(store, |store| store.apply(envelope))
    }

    /// The same of an event that can't be read.
    pub fn before_unreadable(&mut self, unreadable: &Unreadable) -> Option<Arc<V::Store>> {
        self.folded(unreadable.store_id?, |store| store.apply_unreadable(unreadable))
    }

    fn folded(&mut self, store: StoreId, fold: impl FnOnce(&mut V::Store)) -> Option<Arc<V::Store>> {
        let store = self.batch.get_mut(&store)?;
        let before = Arc::clone(&store.now);
        let mut after = V::Store::clone(&before);
        fold(&mut after);
        if after != *before {
            store.now = Arc::new(after);
            store.changed = true;
        }
        Some(before)
    }

    /// What is kept of the store, to be changed by what follows from an event of it; `None`: nothing is kept.
    pub fn kept(&mut self, store: StoreId) -> Option<&mut V::Store> {
        let store = self.batch.get_mut(&store)?;
        store.changed = true;
        Some(Arc::make_mut(&mut store.now))
    }

    /// What is to be written.
    pub fn changed(&mut self) -> Result<Vec<(StoreId, String)>, ReadStoreError> {
        let view = self.table.view.name;
        let changed = self.batch.iter_mut().filter(|(_, store)| store.changed);
        let document = |(id, store): (&StoreId, &mut OfStore<V::Store>)| {
            let document = serde_json::to_string(store.now.as_ref())
                .map_err(|source| ReadStoreError::Damaged(Flaw::StoreUnwritten { store: *id, view, source }.into()))?;
            store.document_bytes = document.len();
            Ok((*id, document))
        };
        changed.map(document).collect()
    }

    /// The batch was written.
    pub fn committed(&mut self) {
        let Some(cache) = &self.cache else { return };
        for (id, OfStore { now, document_bytes, .. }) in self.batch.drain() {
            cache.put(id.0.into(), Cached::shared(now, document_bytes));
        }
    }

    /// The batch was not written, or is over.
    pub fn clear(&mut self) {
        self.batch.clear();
    }
}

/// The store of an event of the view's streams, where that is known.
fn store_of<V: View>(delivery: &Delivery) -> Option<StoreId> {
    match delivery {
        Delivery::Event(envelope) => V::SOURCE.has(envelope.event.category()).then_some(envelope.metadata.store_id),
        Delivery::Unreadable(unreadable) => unreadable.store_id.filter(|_| is_of::<V>(unreadable)),
    }
}

/// Whether an event that can't be read stands in one of the view's streams.
pub(super) fn is_of<V: View>(unreadable: &Unreadable) -> bool {
    Category::of_stream(unreadable.stream.as_str()).is_some_and(|(category, _)| V::SOURCE.has(category))
}
