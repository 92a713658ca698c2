//! The fold of a batch into one view.

use super::alone::{Alone, FoldError};
use super::parked::ParkedUnits;
use super::stores::{StoreStates, is_of};
use crate::RowKey;
use crate::cache::{Cached, Fingerprint, RowCache};
use crate::reader::{ViewsInner, decode};
use crate::slots::Live;
use crate::status::ViewStatus;
use crate::store::*;
use crate::view::{Misfit, Source, Unread, View, stream_id, touched};
use async_trait::async_trait;
use eventlog::{Position, StreamName};
use journal::{Delivery, Envelope, Unreadable};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// One generation of any view, as its group sees it. A batch goes through `prepare`, `gather`, `load`, `fold` and `changes`, and then,
/// once these are committed, `committed`; or at any point `abandon`.
#[async_trait]
pub(crate) trait Project: Send {
    fn table(&self) -> Table;

    /// Reads what is kept of the batch's stores beside the rows, where anything is.
    async fn prepare(&mut self, store: &dyn ReadStore, batch: &[Delivery]) -> Result<(), ReadStoreError>;
    /// Finds out which rows the batch touches.
    fn gather(&mut self, batch: &[Delivery]);
    /// Reads those that are not in memory, and takes what all of them weigh from the room, in bytes; `false` when there is not
    /// enough of it.
    async fn load(&mut self, store: &dyn ReadStore, room: &mut usize) -> Result<bool, ReadStoreError>;
    fn fold(&mut self, batch: &[Delivery]);
    /// What is to be written.
    fn changes(&mut self) -> Result<TableChanges, ReadStoreError>;
    /// It was written: readers may see it.
    fn committed(&mut self);
    /// It was not: all is as before the batch.
    fn abandon(&mut self);

    /// Answers queries from now on. Gives what ends with the last query on the generation before.
    fn publish(&self, views: &ViewsInner) -> Option<(Table, CancellationToken)>;
    fn status(&self) -> ViewStatus;
    /// Whether something else is parked than when it was last asked.
    fn parked_anew(&mut self) -> bool;

    /// The row folded alone, as of the position, as JSON.
    async fn fold_alone(&self, alone: &Alone<'_>, key: RowKey) -> Result<Option<Json>, FoldError>;
    /// Folds the units alone, parked or not, up to the position where the view is. What can be folded is not parked any
    /// more; what can be folded further than before is, and waits there. The changes are to be committed and then
    /// `committed` as those of a batch. Gives how many of the units stay parked: all, where something is kept of stores.
    async fn retry(&mut self, alone: &Alone<'_>, units: &[ParkedUnit]) -> Result<(TableChanges, usize), FoldError>;
}

/// See [`Project`].
pub(crate) struct Projector<V: View> {
    pub(super) table: Table,
    cache: Arc<RowCache<V::Row>>,
    pub(super) parked: ParkedUnits,
    /// The batch under way.
    rows: Vec<Touched<V::Row>>,
    by_key: HashMap<RowKey, usize>,
    touches: Vec<Touch<V::Store>>,
    stores: StoreStates<V>,
    pub(super) history: Vec<(RowKey, Position)>,
}

/// A row that the batch touches.
struct Touched<R> {
    key: RowKey,
    row: Option<R>,
    /// Of the row as it is stored.
    before: Option<Fingerprint>,
    /// To be read from the store first.
    missing: bool,
    /// About how many bytes it took before the batch.
    weight: usize,
    changed: bool,
    /// Of the row as it will be stored, and its document's length.
    after: Option<(Fingerprint, usize)>,
}

/// An event of the batch and a row that it touches, by their places.
struct Touch<S> {
    event: usize,
    row: usize,
    /// The event's store as it was before it; `None`: nothing is kept of stores.
    store: Option<Arc<S>>,
}

/// Rows that are read at once before it is known how large they are, and at most.
const FEW: usize = 32;
const MANY: usize = 1_000;

impl<V: View> Projector<V> {
    pub fn new(table: Table, parked: Vec<Parked>, cache_bytes: u64) -> Self {
        Self {
            table,
            cache: Arc::new(RowCache::new(cache_bytes)),
            stores: StoreStates::new(table),
            parked: ParkedUnits::new(parked),
            rows: Vec::new(),
            by_key: HashMap::new(),
            touches: Vec::new(),
            history: Vec::new(),
        }
    }

    /// Where rows' events stand is kept for folding one alone, which no row is that depends on its store.
    fn keeps_history(&self) -> bool {
        matches!(V::SOURCE, Source::Streams(_)) && !self.table.view.stores
    }

    fn gather_event(&mut self, event: usize, envelope: &Envelope) {
        let at = envelope.position;
        if !V::SOURCE.has(envelope.event.category()) {
            return;
        }
        let store = self.stores.before(envelope);
        if self.parked.has_stream(envelope.stream.as_str(), at) {
            return;
        }
        let keys = match &store {
            Some(store) => touched::<V>(envelope, store),
            None => touched::<V>(envelope, &V::Store::default()),
        };
        for key in keys.as_slice() {
            if self.keeps_history() {
                self.history.push((*key, at));
            }
            if !self.parked.has_row(*key, at) {
                let row = self.touched(*key, envelope);
                self.touches.push(Touch { event, row, store: store.clone() });
            }
        }
    }

    /// What comes before the event is folded; what comes after it, in this batch too, waits where it parks anything.
    fn gather_unreadable(&mut self, unreadable: &Unreadable) {
        if !is_of::<V>(unreadable) {
            return;
        }
        let store = self.stores.before_unreadable(unreadable).unwrap_or_default();
        let unit = match V::unreadable(unreadable, &store) {
            Unread::Parks => unit_of::<V>(&unreadable.stream),
            Unread::ParksAlone => ParkedUnit::Row(unreadable.id.into()),
            Unread::Makes(key, row) => return self.set_row(key, Some(row)),
            Unread::Nothing => return,
        };
        self.park(unreadable_in(unit, unreadable));
    }

    /// The place of the row among those of the batch.
    fn touched(&mut self, key: RowKey, envelope: &Envelope) -> usize {
        let next = self.rows.len();
        let place = *self.by_key.entry(key).or_insert(next);
        if place == next {
            let cached = self.cache.take(&key);
            let missing = cached.is_none() && !V::begins(envelope);
            let weight = cached.as_ref().map_or(0, |cached| cached.weight as usize);
            let (row, before) = cached.map_or((None, None), taken::<V>);
            self.rows.push(Touched { key, row, before, missing, weight, changed: false, after: None });
        }
        place
    }

    /// Reads these rows from the store; gives what they weigh.
    async fn read(&mut self, store: &dyn ReadStore, rows: &[usize]) -> Result<usize, ReadStoreError> {
        let keys = rows.iter().map(|&row| self.rows[row].key).collect();
        let documents = store.get_many(self.table, keys).await?;
        let mut weight = 0;
        for (&row, document) in rows.iter().zip(documents) {
            let touched = &mut self.rows[row];
            touched.missing = false;
            if let Some(document) = document {
                let decoded = decode::<V>(self.table, touched.key, &document)?;
                touched.weight = decoded.weight as usize;
                weight += touched.weight;
                (touched.row, touched.before) = taken::<V>(decoded);
            }
        }
        Ok(weight)
    }

    fn fold_event(&mut self, row: usize, envelope: &Envelope, store: Option<&V::Store>) {
        let touched = &mut self.rows[row];
        // An event of the same batch may have parked it.
        if self.parked.has_row(touched.key, envelope.position) {
            return;
        }
        let nothing = V::Store::default();
        let store = store.unwrap_or(&nothing);
        let applied = match V::FOLLOWED {
            false => V::apply(&mut touched.row, touched.key, envelope, store).map(|()| Vec::new()),
            true => {
                let mut unkept = V::Store::default();
                let kept = self.stores.kept(envelope.metadata.store_id).unwrap_or(&mut unkept);
                V::fold(&mut touched.row, touched.key, envelope, store, kept)
            }
        };
        match applied {
            Ok(follow) => {
                touched.changed = true;
                follow.into_iter().for_each(|(key, row)| self.set_row(key, Some(row)));
            }
            Err(misfit) => {
                let misfit = misfit_of(touched.key, envelope, misfit);
                self.park(misfit);
            }
        }
    }

    pub(super) fn park(&mut self, parked: Parked) {
        if self.parked.park(parked.clone()) {
            tracing::warn!(
                view = self.table.view.name, unit = %parked.unit, position = parked.position.0,
                event_type = %parked.event_type, reason = %parked.reason, "parked: it stays as it was before this event"
            );
        }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.by_key.clear();
        self.touches.clear();
        self.stores.clear();
        self.history.clear();
    }

    /// Puts a row that comes of no fold of the batch's among those to be written.
    pub(super) fn set_row(&mut self, key: RowKey, row: Option<V::Row>) {
        self.cache.take(&key);
        let set = Touched { key, row, before: None, missing: false, weight: 0, changed: true, after: None };
        let next = self.rows.len();
        match *self.by_key.entry(key).or_insert(next) {
            place if place == next => self.rows.push(set),
            place => self.rows[place] = set,
        }
    }
}

/// What an unreadable event of the stream parks. Which rows it would have touched can be told only where the stream is the
/// row's own.
pub(super) fn unit_of<V: View>(stream: &StreamName) -> ParkedUnit {
    match (V::SOURCE, stream_id(stream.as_str())) {
        (Source::OwnStream(_), Some(key)) => ParkedUnit::Row(key.into()),
        (Source::OwnStream(_), None) | (Source::Streams(_), _) => ParkedUnit::Stream(stream.as_str().to_owned()),
    }
}

pub(super) fn unreadable_in(unit: ParkedUnit, unreadable: &Unreadable) -> Parked {
    Parked {
        unit,
        position: unreadable.position,
        event_type: unreadable.event_type.to_string(),
        reason: unreadable.reason.to_string(),
    }
}

pub(super) fn misfit_of(key: RowKey, envelope: &Envelope, misfit: Misfit) -> Parked {
    Parked {
        unit: ParkedUnit::Row(key),
        position: envelope.position,
        event_type: envelope.event.event_type().to_owned(),
        reason: misfit.to_string(),
    }
}

/// The row, to be changed: a copy while a reader still has it.
fn taken<V: View>(cached: Cached<V::Row>) -> (Option<V::Row>, Option<Fingerprint>) {
    let before = cached.facets.unwrap_or_else(|| Fingerprint::of(&facets::<V>(&cached.row)));
    (Some(Arc::unwrap_or_clone(cached.row)), Some(before))
}

fn facets<V: View>(row: &V::Row) -> Facets {
    Facets { columns: V::columns(row), labels: V::labels(row), search_text: V::search_text(row) }
}

#[async_trait]
impl<V: View> Project for Projector<V> {
    fn table(&self) -> Table {
        self.table
    }

    async fn prepare(&mut self, store: &dyn ReadStore, batch: &[Delivery]) -> Result<(), ReadStoreError> {
        self.stores.read(store, batch).await
    }

    fn gather(&mut self, batch: &[Delivery]) {
        for (event, delivery) in batch.iter().enumerate() {
            match delivery {
                Delivery::Event(envelope) => self.gather_event(event, envelope),
                Delivery::Unreadable(unreadable) => self.gather_unreadable(unreadable),
            }
        }
    }

    async fn load(&mut self, store: &dyn ReadStore, room: &mut usize) -> Result<bool, ReadStoreError> {
        let missing: Vec<usize> = (0..self.rows.len()).filter(|&row| self.rows[row].missing).collect();
        // Those that were in memory are out of the cache now.
        let mut weight: usize = self.rows.iter().map(|touched| touched.weight).sum();
        let (mut rest, mut at_once) = (&missing[..], FEW);
        while !rest.is_empty() && weight <= *room {
            let (now, later) = rest.split_at(at_once.min(rest.len()));
            let read = self.read(store, now).await?;
            weight += read;
            // As many as there would be room for twice, if they are like those.
            let typical = (read / now.len()).max(1);
            at_once = (room.saturating_sub(weight) / typical / 2).clamp(1, MANY);
            rest = later;
        }
        let fits = rest.is_empty() && weight <= *room;
        *room = room.saturating_sub(weight);
        Ok(fits)
    }

    fn fold(&mut self, batch: &[Delivery]) {
        for Touch { event, row, store } in std::mem::take(&mut self.touches) {
            if let Delivery::Event(envelope) = &batch[event] {
                self.fold_event(row, envelope, store.as_deref());
            }
        }
    }

    fn changes(&mut self) -> Result<TableChanges, ReadStoreError> {
        let mut rows = Vec::with_capacity(self.rows.len());
        for touched in self.rows.iter_mut().filter(|touched| touched.changed) {
            // No row yet: the event concerned what is still to come.
            let Some(row) = &touched.row else { continue };
            let (key, view) = (touched.key, self.table.view.name);
            let unwritten = |source| ReadStoreError::Damaged(Flaw::Unwritten { key, view, source }.into());
            let document = serde_json::to_string(row).map_err(unwritten)?;
            let facets = facets::<V>(row);
            let fingerprint = Fingerprint::of(&facets);
            touched.after = Some((fingerprint, document.len()));
            let changed = fingerprint.changed_since(touched.before);
            rows.push(RowWrite { key: touched.key, document, facets, changed });
        }
        Ok(TableChanges {
            table: self.table,
            rows,
            stores: self.stores.changed()?,
            history: std::mem::take(&mut self.history),
            unparked: self.parked.lifting(),
            parked: self.parked.parking(),
        })
    }

    fn committed(&mut self) {
        for touched in self.rows.drain(..) {
            if let (Some(row), Some((fingerprint, length))) = (touched.row, touched.after) {
                self.cache.put(touched.key, Cached::new(row, length, Some(fingerprint)));
            }
        }
        self.stores.committed();
        self.parked.committed();
        self.clear();
    }

    fn abandon(&mut self) {
        self.parked.abandon();
        self.clear();
    }

    fn publish(&self, views: &ViewsInner) -> Option<(Table, CancellationToken)> {
        let live = Live::new(self.table, Some(Arc::clone(&self.cache)));
        let before = views.slots.get::<V>()?.set(Some(Arc::new(live)));
        before.map(|before| (before.table, before.gone.clone()))
    }

    fn status(&self) -> ViewStatus {
        ViewStatus {
            name: self.table.view.name,
            version: self.table.view.version,
            generation: self.table.generation,
            parked: self.parked.count(),
            first_parked: self.parked.shown().to_vec(),
            rebuild: None,
        }
    }

    fn parked_anew(&mut self) -> bool {
        self.parked.changed_since()
    }

    async fn fold_alone(&self, alone: &Alone<'_>, key: RowKey) -> Result<Option<Json>, FoldError> {
        if self.table.view.stores {
            return Err(FoldError::InOrder(self.table.view.name));
        }
        let folded = alone.fold::<V>(self.table, key, &[]).await?;
        if let Some(stuck) = folded.stuck {
            return Err(FoldError::Unfoldable(stuck));
        }
        let json = folded.row.map(serde_json::to_value).transpose();
        json.map_err(|error| FoldError::Store(ReadStoreError::Damaged(error.into())))
    }

    async fn retry(&mut self, alone: &Alone<'_>, units: &[ParkedUnit]) -> Result<(TableChanges, usize), FoldError> {
        if !self.table.view.stores {
            self.retry_units(alone, units).await?;
        }
        let stay = units.iter().filter(|unit| self.parked.stays(unit)).count();
        Ok((self.changes()?, stay))
    }
}
