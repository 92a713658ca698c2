//! What is parked in a generation: as it was committed, and what the batch under way will change of it.

use crate::RowKey;
use crate::status::PARKED_SHOWN;
use crate::store::{Parked, ParkedUnit};
use eventlog::Position;
use std::collections::HashMap;

/// Nothing of a batch shows here until it was committed, so that one that fails leaves no trace.
#[derive(Default)]
pub(super) struct ParkedUnits {
    committed: Units<Position>,
    /// Some of what is committed, at most [`PARKED_SHOWN`], by position.
    shown: Vec<Parked>,
    /// By the batch under way.
    parking: Units<Parked>,
    lifting: Units<()>,
    changed: bool,
}

struct Units<T> {
    rows: HashMap<RowKey, T>,
    streams: HashMap<String, T>,
}

impl<T> Default for Units<T> {
    fn default() -> Self {
        Self { rows: HashMap::new(), streams: HashMap::new() }
    }
}

impl<T> Units<T> {
    fn get(&self, unit: &ParkedUnit) -> Option<&T> {
        match unit {
            ParkedUnit::Row(key) => self.rows.get(key),
            ParkedUnit::Stream(stream) => self.streams.get(stream),
        }
    }

    fn insert(&mut self, unit: ParkedUnit, value: T) {
        match unit {
            ParkedUnit::Row(key) => self.rows.insert(key, value),
            ParkedUnit::Stream(stream) => self.streams.insert(stream, value),
        };
    }

    fn remove(&mut self, unit: &ParkedUnit) -> Option<T> {
        match unit {
            ParkedUnit::Row(key) => self.rows.remove(key),
            ParkedUnit::Stream(stream) => self.streams.remove(stream),
        }
    }

    fn len(&self) -> usize {
        self.rows.len() + self.streams.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.streams.clear();
    }

    fn units(&self) -> impl Iterator<Item = ParkedUnit> {
        let streams = self.streams.keys().cloned().map(ParkedUnit::Stream);
        self.rows.keys().copied().map(ParkedUnit::Row).chain(streams)
    }
}

impl ParkedUnits {
    pub fn new(parked: Vec<Parked>) -> Self {
        let mut units = Self::default();
        for parked in parked {
            units.note(parked);
        }
        units.changed = false;
        units
    }

    /// Whether an event at the position comes too late for the row.
    pub fn has_row(&self, key: RowKey, at: Position) -> bool {
        self.is_parked(at, &self.committed.rows, &self.parking.rows, &key)
    }

    /// Whether an event of the stream at the position comes too late.
    pub fn has_stream(&self, stream: &str, at: Position) -> bool {
        self.is_parked(at, &self.committed.streams, &self.parking.streams, stream)
    }

    fn is_parked<K, Q>(
        &self,
        at: Position,
        committed: &HashMap<K, Position>,
        parking: &HashMap<K, Parked>,
        key: &Q,
    ) -> bool
    where
        K: std::borrow::Borrow<Q> + Eq + std::hash::Hash,
        Q: Eq + std::hash::Hash + ?Sized,
    {
        // Mostly nothing at all is parked.
        (!committed.is_empty() && committed.get(key).is_some_and(|since| *since <= at))
            || (!parking.is_empty() && parking.get(key).is_some_and(|parked| parked.position <= at))
    }

    /// From which event on the unit is parked, as committed.
    pub fn since(&self, unit: &ParkedUnit) -> Option<Position> {
        self.committed.get(unit).copied()
    }

    /// Parks the unit, unless it is already, by the same event or one before it. Gives whether that is news.
    pub fn park(&mut self, parked: Parked) -> bool {
        let since = match self.lifting.get(&parked.unit) {
            None => self.since(&parked.unit),
            Some(()) => None,
        };
        let since = self.parking.get(&parked.unit).map(|known| known.position).or(since);
        if since.is_some_and(|since| since <= parked.position) {
            return false;
        }
        self.parking.insert(parked.unit.clone(), parked);
        true
    }

    /// It can be folded again, if it was parked.
    pub fn lift(&mut self, unit: &ParkedUnit) {
        if self.committed.get(unit).is_some() {
            self.lifting.insert(unit.clone(), ());
        }
    }

    /// Whether the unit is parked once the batch is committed.
    pub fn stays(&self, unit: &ParkedUnit) -> bool {
        let is_lifted = self.lifting.get(unit).is_some();
        self.parking.get(unit).is_some() || (self.since(unit).is_some() && !is_lifted)
    }

    /// What the batch parks, in the order of positions.
    pub fn parking(&self) -> Vec<Parked> {
        let rows = self.parking.rows.values();
        let mut parking: Vec<Parked> = rows.chain(self.parking.streams.values()).cloned().collect();
        parking.sort_by_key(|parked| parked.position);
        parking
    }

    pub fn lifting(&self) -> Vec<ParkedUnit> {
        self.lifting.units().collect()
    }

    pub fn committed(&mut self) {
        if self.parking.is_empty() && self.lifting.is_empty() {
            return;
        }
        for unit in self.lifting() {
            self.committed.remove(&unit);
            self.shown.retain(|parked| parked.unit != unit);
        }
        for parked in self.parking() {
            self.note(parked);
        }
        self.changed = true;
        self.abandon();
    }

    pub fn abandon(&mut self) {
        self.parking.clear();
        self.lifting.clear();
    }

    fn note(&mut self, parked: Parked) {
        self.committed.insert(parked.unit.clone(), parked.position);
        if self.shown.len() < PARKED_SHOWN {
            let place = self.shown.partition_point(|known| known.position <= parked.position);
            self.shown.insert(place, parked);
        }
    }

    pub fn count(&self) -> u64 {
        self.committed.len() as u64
    }

    pub fn shown(&self) -> &[Parked] {
        &self.shown
    }

    /// Whether something else is parked than when it was last asked.
    pub fn changed_since(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}
