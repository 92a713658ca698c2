//! Folding rows alone, each from its own events: those that are parked, and a row as it was at a position.

use super::alone::{Alone, Events, FoldError};
use super::projector::{Projector, misfit_of, unreadable_in};
use crate::RowKey;
use crate::store::{Parked, ParkedUnit, Table};
use crate::view::{Source, View, touched};
use eventlog::{Position, StreamName};
use std::collections::BTreeMap;

/// A row as far as it can be folded.
pub(crate) struct Folded<R> {
    pub row: Option<R>,
    /// What it can't be folded beyond.
    pub stuck: Option<Parked>,
    /// The rows that follow from its events.
    pub follow: Vec<(RowKey, R)>,
}

impl<V: View> Projector<V> {
    /// See [`super::Project::retry`]. Streams come first: what they add to a row must be there when the row is folded.
    pub(super) async fn retry_units(&mut self, alone: &Alone<'_>, units: &[ParkedUnit]) -> Result<(), FoldError> {
        // Each row once, with those of its events that the store has no note of yet.
        let mut rows: BTreeMap<RowKey, Vec<Position>> = BTreeMap::new();
        for unit in units {
            match unit {
                ParkedUnit::Row(key) => {
                    rows.entry(*key).or_default();
                }
                ParkedUnit::Stream(stream) => self.retry_stream(alone, stream, &mut rows).await?,
            }
        }
        for (key, more) in rows {
            let folded = alone.fold::<V>(self.table, key, &more).await?;
            self.set_row(key, folded.row);
            folded.follow.into_iter().for_each(|(key, row)| self.set_row(key, Some(row)));
            self.settle(ParkedUnit::Row(key), folded.stuck);
        }
        Ok(())
    }

    /// Finds the rows that the stream's events touch, as far as these can be read.
    async fn retry_stream(
        &mut self,
        alone: &Alone<'_>,
        stream: &str,
        rows: &mut BTreeMap<RowKey, Vec<Position>>,
    ) -> Result<(), FoldError> {
        let Events { read, unreadable } = alone.stream(&StreamName::new(stream)).await?;
        for envelope in &read {
            for key in touched::<V>(envelope, &V::Store::default()).as_slice() {
                rows.entry(*key).or_default().push(envelope.position);
                self.history.push((*key, envelope.position));
            }
        }
        let unit = ParkedUnit::Stream(stream.to_owned());
        let stuck = unreadable.map(|unreadable| unreadable_in(unit.clone(), &unreadable));
        self.settle(unit, stuck);
        Ok(())
    }

    /// From now on the unit is parked by this event; `None`: by none.
    fn settle(&mut self, unit: ParkedUnit, stuck: Option<Parked>) {
        match stuck {
            Some(parked) if self.parked.since(&unit) == Some(parked.position) => {}
            Some(parked) => {
                self.parked.lift(&unit);
                self.park(parked);
            }
            None => self.parked.lift(&unit),
        }
    }
}

impl Alone<'_> {
    /// Folds the row from its own events up to the position: those that the store has a note of, and `more`.
    pub(crate) async fn fold<V: View>(
        &self,
        table: Table,
        key: RowKey,
        more: &[Position],
    ) -> Result<Folded<V::Row>, FoldError> {
        let events = match (V::SOURCE, key.id()) {
            (Source::OwnStream(category), Some(id)) => self.stream(&StreamName::new(category.stream(id))).await?,
            // No stream has a row by such a key.
            (Source::OwnStream(_), None) => Events::default(),
            (Source::Streams(_), _) => self.at(key, &self.history(table, key, more).await?).await?,
        };
        // Of a view that keeps nothing of stores: of others no row is folded alone.
        let store = V::Store::default();
        let (mut row, mut follow) = (None, Vec::new());
        for envelope in events.read.iter().filter(|envelope| touched::<V>(envelope, &store).as_slice().contains(&key)) {
            match V::fold(&mut row, key, envelope, &store, &mut V::Store::default()) {
                Ok(more) => follow.extend(more),
                Err(misfit) => return Ok(Folded { row, stuck: Some(misfit_of(key, envelope, misfit)), follow }),
            }
        }
        let stuck = events.unreadable.map(|unreadable| unreadable_in(ParkedUnit::Row(key), &unreadable));
        Ok(Folded { row, stuck, follow })
    }
}
