//! The fold of a batch into one view.

use super::alone::{Alone, FoldError};
use crate::cache::{Cached, Fingerprint, RowCache};
use crate::reader::{Inner, Live, decode};
use crate::slots::Answering;
use crate::status::{PARKED_SHOWN, ViewStatus};
use crate::store::*;
use crate::view::{Source, View, stream_id};
use async_trait::async_trait;
use domain::Category;
use eventlog::Position;
use journal::{Delivery, Envelope, Journal, Unreadable};
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// One generation of any view, as its group sees it. A batch goes through `gather`, `load`, `fold` and `changes`, and then,
/// once these are committed, `committed`; or at any point `abandon`.
#[async_trait]
pub(crate) trait Project: Send {
    fn table(&self) -> Table;

    /// Finds out which rows the batch touches.
    fn gather(&mut self, batch: &[Delivery]);
    /// Reads those that are not in memory.
    async fn load(&mut self, store: &dyn ReadStore) -> Result<(), StoreError>;
    fn fold(&mut self, batch: &[Delivery]);
    /// What is to be written.
    fn changes(&mut self) -> Result<TableChanges, StoreError>;
    /// It was written: readers may see it.
    fn committed(&mut self);
    /// It was not: all is as before the batch.
    fn abandon(&mut self);

    /// Answers queries from now on. Gives what ends with the last query on the generation before.
    fn publish(&self, views: &Inner) -> Option<(Table, CancellationToken)>;
    fn status(&self) -> ViewStatus;
    /// Whether something was parked since it was last asked.
    fn parked_anew(&mut self) -> bool;

    /// The row folded alone, as of the position, as JSON.
    async fn fold_alone(&self, alone: &Alone<'_>, key: Uuid) -> Result<Option<Json>, FoldError>;
    /// Folds the units alone, parked or not, up to the position where the view is. What can be folded is not parked any
    /// more. The changes are to be committed and then `committed` as those of a batch. Gives how many stay parked.
    async fn retry(&mut self, alone: &Alone<'_>, units: &[ParkedUnit]) -> Result<(TableChanges, usize), FoldError>;
}

/// See [`Project`].
pub(crate) struct Projector<V: View> {
    table: Table,
    cache: Arc<RowCache<V::Row>>,
    parked: ParkedUnits,
    /// The batch under way.
    rows: Vec<Touched<V::Row>>,
    by_key: HashMap<Uuid, usize>,
    touches: Vec<Touch>,
    history: Vec<(Uuid, Position)>,
    parking: Vec<Parked>,
    unparking: Vec<ParkedUnit>,
}

/// What is parked in a generation.
#[derive(Default)]
struct ParkedUnits {
    rows: HashSet<Uuid>,
    streams: HashSet<String>,
    /// At most [`PARKED_SHOWN`].
    first: Vec<Parked>,
    changed: bool,
}

/// A row that the batch touches.
struct Touched<R> {
    key: Uuid,
    row: Option<R>,
    /// Of the row as it is stored.
    before: Option<Fingerprint>,
    /// To be read from the store first.
    missing: bool,
    changed: bool,
    /// Of the row as it will be stored, and its document's length.
    after: Option<(Fingerprint, usize)>,
}

/// An event of the batch, by its index there, and what it touches.
enum Touch {
    Row { event: usize, row: usize },
    Unreadable { event: usize },
}

impl ParkedUnits {
    fn add(&mut self, parked: &Parked) -> bool {
        let is_new = match &parked.unit {
            ParkedUnit::Row(key) => self.rows.insert(*key),
            ParkedUnit::Stream(stream) => self.streams.insert(stream.clone()),
        };
        self.changed |= is_new;
        if is_new && self.first.len() < PARKED_SHOWN {
            self.first.push(parked.clone());
        }
        is_new
    }

    fn remove(&mut self, unit: &ParkedUnit) {
        match unit {
            ParkedUnit::Row(key) => self.rows.remove(key),
            ParkedUnit::Stream(stream) => self.streams.remove(stream),
        };
        self.first.retain(|parked| parked.unit != *unit);
        self.changed = true;
    }
}

impl<V: View> Projector<V> {
    pub fn new(table: Table, parked: &[Parked], cache_bytes: u64) -> Self {
        let mut units = ParkedUnits::default();
        for parked in parked {
            units.add(parked);
        }
        Self {
            table,
            cache: Arc::new(RowCache::new(cache_bytes)),
            parked: units,
            rows: Vec::new(),
            by_key: HashMap::new(),
            touches: Vec::new(),
            history: Vec::new(),
            parking: Vec::new(),
            unparking: Vec::new(),
        }
    }

    fn gather_event(&mut self, event: usize, envelope: &Envelope) {
        if !V::SOURCE.has(envelope.event.category()) || self.parked.streams.contains(envelope.stream.as_str()) {
            return;
        }
        for key in V::keys(envelope).as_slice() {
            if let Source::Streams(_) = V::SOURCE {
                self.history.push((*key, envelope.position));
            }
            if !self.parked.rows.contains(key) {
                let row = self.touched(*key, envelope);
                self.touches.push(Touch::Row { event, row });
            }
        }
    }

    /// The place of the row among those of the batch.
    fn touched(&mut self, key: Uuid, envelope: &Envelope) -> usize {
        let next = self.rows.len();
        let place = *self.by_key.entry(key).or_insert(next);
        if place == next {
            let cached = self.cache.take(&key);
            let missing = cached.is_none() && !V::begins(envelope);
            let (row, before) = cached.map_or((None, None), taken::<V>);
            self.rows.push(Touched { key, row, before, missing, changed: false, after: None });
        }
        place
    }

    fn fold_event(&mut self, row: usize, envelope: &Envelope) {
        let touched = &mut self.rows[row];
        // It may have been parked by an event of the same batch.
        if self.parked.rows.contains(&touched.key) || self.parked.streams.contains(envelope.stream.as_str()) {
            return;
        }
        match V::apply(&mut touched.row, touched.key, envelope) {
            Ok(()) => touched.changed = true,
            Err(misfit) => {
                let unit = ParkedUnit::Row(touched.key);
                self.park(Parked {
                    unit,
                    position: envelope.position,
                    event_type: envelope.event.event_type().to_owned(),
                    reason: misfit.to_string(),
                });
            }
        }
    }

    /// Which rows the event would have touched can be told only where the stream is the row's own.
    fn park_unreadable(&mut self, unreadable: &Unreadable) {
        let unit = match (V::SOURCE, stream_id(unreadable.stream.as_str())) {
            (Source::OwnStream(_), Some(key)) => ParkedUnit::Row(key),
            (Source::OwnStream(_), None) | (Source::Streams(_), _) => {
                ParkedUnit::Stream(unreadable.stream.as_str().to_owned())
            }
        };
        self.park(Parked {
            unit,
            position: unreadable.position,
            event_type: unreadable.event_type.to_string(),
            reason: unreadable.reason.clone(),
        });
    }

    fn park(&mut self, parked: Parked) {
        if self.parked.add(&parked) {
            tracing::warn!(
                view = self.table.view.name, unit = ?parked.unit, position = parked.position.0,
                event_type = %parked.event_type, reason = %parked.reason, "parked: it stays as it was before this event"
            );
            self.parking.push(parked);
        }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.by_key.clear();
        self.touches.clear();
        self.history.clear();
        self.parking.clear();
        self.unparking.clear();
    }

    /// Puts a row that was folded alone among those to be written.
    fn set_row(&mut self, key: Uuid, row: Option<V::Row>) {
        self.cache.take(&key);
        self.rows.push(Touched { key, row, before: None, missing: false, changed: true, after: None });
    }

    fn unpark(&mut self, unit: &ParkedUnit) {
        self.parked.remove(unit);
        self.unparking.push(unit.clone());
    }

    async fn retry_row(&mut self, alone: &Alone<'_>, key: Uuid, more: &[Position]) -> Result<bool, FoldError> {
        let unit = ParkedUnit::Row(key);
        match alone.fold::<V>(self.table, key, more).await {
            Ok(row) => {
                self.set_row(key, row);
                if self.parked.rows.contains(&key) {
                    self.unpark(&unit);
                }
                Ok(true)
            }
            Err(FoldError::Unfoldable(parked)) => {
                self.park(parked);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The stream can be read now: its rows are folded anew, each alone.
    async fn retry_stream(&mut self, alone: &Alone<'_>, stream: &str) -> Result<bool, FoldError> {
        let events = match alone.stream(stream).await {
            Ok(events) => events,
            Err(FoldError::Unfoldable(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut positions: HashMap<Uuid, Vec<Position>> = HashMap::new();
        for envelope in &events {
            for key in V::keys(envelope).as_slice() {
                positions.entry(*key).or_default().push(envelope.position);
            }
        }
        self.unpark(&ParkedUnit::Stream(stream.to_owned()));
        for (key, positions) in positions {
            self.history.extend(positions.iter().map(|position| (key, *position)));
            self.retry_row(alone, key, &positions).await?;
        }
        Ok(true)
    }

    async fn retry_units(&mut self, alone: &Alone<'_>, units: &[ParkedUnit]) -> Result<usize, FoldError> {
        let mut stay = 0;
        for unit in units {
            let is_folded = match unit {
                ParkedUnit::Row(key) => self.retry_row(alone, *key, &[]).await?,
                ParkedUnit::Stream(stream) => self.retry_stream(alone, stream).await?,
            };
            stay += usize::from(!is_folded);
        }
        Ok(stay)
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
impl<V: Answering> Project for Projector<V> {
    fn table(&self) -> Table {
        self.table
    }

    fn gather(&mut self, batch: &[Delivery]) {
        for (event, delivery) in batch.iter().enumerate() {
            match delivery {
                Delivery::Event(envelope) => self.gather_event(event, envelope),
                Delivery::Unreadable(unreadable) => {
                    let category = Category::of_stream(unreadable.stream.as_str()).map(|(category, _)| category);
                    if category.is_some_and(|category| V::SOURCE.has(category)) {
                        self.touches.push(Touch::Unreadable { event });
                    }
                }
            }
        }
    }

    async fn load(&mut self, store: &dyn ReadStore) -> Result<(), StoreError> {
        let missing: Vec<usize> = (0..self.rows.len()).filter(|&row| self.rows[row].missing).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let keys = missing.iter().map(|&row| self.rows[row].key).collect();
        let documents = store.get_many(self.table, keys).await?;
        for (row, document) in missing.into_iter().zip(documents) {
            let touched = &mut self.rows[row];
            touched.missing = false;
            if let Some(document) = document {
                (touched.row, touched.before) = taken::<V>(decode::<V>(self.table, touched.key, &document)?);
            }
        }
        Ok(())
    }

    fn fold(&mut self, batch: &[Delivery]) {
        for touch in std::mem::take(&mut self.touches) {
            match touch {
                Touch::Row { event, row } => {
                    if let Delivery::Event(envelope) = &batch[event] {
                        self.fold_event(row, envelope);
                    }
                }
                Touch::Unreadable { event } => {
                    if let Delivery::Unreadable(unreadable) = &batch[event] {
                        self.park_unreadable(unreadable);
                    }
                }
            }
        }
    }

    fn changes(&mut self) -> Result<TableChanges, StoreError> {
        let mut rows = Vec::with_capacity(self.rows.len());
        for touched in self.rows.iter_mut().filter(|touched| touched.changed) {
            // No row yet: the event concerned what is still to come.
            let Some(row) = &touched.row else { continue };
            let document = serde_json::to_string(row).map_err(|error| {
                StoreError::Damaged(format!(
                    "row {} of {} can't be written: {error}",
                    touched.key, self.table.view.name
                ))
            })?;
            let facets = facets::<V>(row);
            let fingerprint = Fingerprint::of(&facets);
            touched.after = Some((fingerprint, document.len()));
            let changed = fingerprint.changed_since(touched.before);
            rows.push(RowWrite { key: touched.key, document, facets, changed });
        }
        Ok(TableChanges {
            table: self.table,
            rows,
            history: std::mem::take(&mut self.history),
            parked: self.parking.clone(),
            unparked: self.unparking.clone(),
        })
    }

    fn committed(&mut self) {
        for touched in self.rows.drain(..) {
            if let (Some(row), Some((fingerprint, length))) = (touched.row, touched.after) {
                self.cache.put(touched.key, Cached::new(row, length, Some(fingerprint)));
            }
        }
        self.clear();
    }

    fn abandon(&mut self) {
        for parked in std::mem::take(&mut self.parking) {
            self.parked.remove(&parked.unit);
        }
        for unit in std::mem::take(&mut self.unparking) {
            match unit {
                ParkedUnit::Row(key) => self.parked.rows.insert(key),
                ParkedUnit::Stream(stream) => self.parked.streams.insert(stream),
            };
        }
        self.clear();
    }

    fn publish(&self, views: &Inner) -> Option<(Table, CancellationToken)> {
        let gone = CancellationToken::new();
        let live =
            Live { table: self.table, cache: Arc::clone(&self.cache), gone: gone.clone(), _in_use: gone.drop_guard() };
        let before = V::slot(&views.slots).set(Arc::new(live));
        before.map(|before| (before.table, before.gone.clone()))
    }

    fn status(&self) -> ViewStatus {
        ViewStatus {
            name: self.table.view.name,
            version: self.table.view.version,
            generation: self.table.generation,
            parked: (self.parked.rows.len() + self.parked.streams.len()) as u64,
            first_parked: self.parked.first.clone(),
            rebuild: None,
        }
    }

    fn parked_anew(&mut self) -> bool {
        std::mem::take(&mut self.parked.changed)
    }

    async fn fold_alone(&self, alone: &Alone<'_>, key: Uuid) -> Result<Option<Json>, FoldError> {
        let row = alone.fold::<V>(self.table, key, &[]).await?;
        let json = row.map(serde_json::to_value).transpose();
        json.map_err(|error| FoldError::Store(StoreError::Damaged(error.to_string())))
    }

    async fn retry(&mut self, alone: &Alone<'_>, units: &[ParkedUnit]) -> Result<(TableChanges, usize), FoldError> {
        let stay = self.retry_units(alone, units).await?;
        Ok((self.changes()?, stay))
    }
}

impl Alone<'_> {
    /// Folds the row from its own events up to the position.
    async fn fold<V: View>(&self, table: Table, key: Uuid, more: &[Position]) -> Result<Option<V::Row>, FoldError> {
        let events = match V::SOURCE {
            Source::OwnStream(category) => self.stream(&format!("{category}-{key}")).await?,
            Source::Streams(_) => self.at(key, self.history(table, key, more).await?).await?,
        };
        let mut row = None;
        for envelope in events.iter().filter(|envelope| V::keys(envelope).as_slice().contains(&key)) {
            V::apply(&mut row, key, envelope).map_err(|misfit| {
                FoldError::Unfoldable(Parked {
                    unit: ParkedUnit::Row(key),
                    position: envelope.position,
                    event_type: envelope.event.event_type().to_owned(),
                    reason: misfit.to_string(),
                })
            })?;
        }
        Ok(row)
    }
}

/// What a row is folded from, alone.
impl<'a> Alone<'a> {
    pub fn new(journal: &'a Journal, store: &'a dyn ReadStore, up_to: Position) -> Self {
        Self { journal, store, up_to }
    }
}
