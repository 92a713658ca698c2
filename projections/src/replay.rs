//! Rows folded from events that are given, by the view's own code: an object as it was, without a store.

use crate::view::touched;
use crate::{Misfit, RowKey, View};
use journal::Envelope;
use serde_json::Value;

/// Rows of a view, folded as far as events were given. For views that keep nothing of stores.
pub struct Replay<V: View<Store = ()>> {
    /// Those that were touched last, the newest at the end.
    rows: Vec<(RowKey, Option<V::Row>)>,
}

/// Rows that are kept: a stream may hold many rows' events, as that of a customer's carts does, of which only the last are still changed.
const KEPT: usize = 4;

impl<V: View<Store = ()>> Default for Replay<V> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<V: View<Store = ()>> Replay<V> {
    /// Folds the event into the rows that it touches.
    ///
    /// # Errors
    /// It does not fit what was folded so far: that row is left as it was.
    pub fn apply(&mut self, envelope: &Envelope) -> Result<(), Misfit> {
        touched::<V>(envelope, &()).as_slice().iter().try_for_each(|key| {
            let place = self.rows.iter().position(|(known, _)| known == key);
            let (key, mut row) = place.map_or((*key, None), |place| self.rows.remove(place));
            let folded = V::apply(&mut row, key, envelope, &());
            if self.rows.len() == KEPT {
                self.rows.remove(0);
            }
            self.rows.push((key, row));
            folded
        })
    }

    /// The row that the event touches, as it is now; of several the first.
    pub fn row(&self, envelope: &Envelope) -> Option<&V::Row> {
        let key = *touched::<V>(envelope, &()).as_slice().first()?;
        self.rows.iter().find(|(known, _)| *known == key)?.1.as_ref()
    }
}

/// The same, where the rows' type does not matter.
pub trait AnyReplay: Send + Sync {
    /// As [`Replay::apply`].
    ///
    /// # Errors
    /// As there.
    fn apply(&mut self, envelope: &Envelope) -> Result<(), Misfit>;

    /// As [`Replay::row`], as the view stores it; null: there is none.
    ///
    /// # Errors
    /// It can't be written.
    fn shown(&self, envelope: &Envelope) -> serde_json::Result<Value>;
}

impl<V: View<Store = ()>> AnyReplay for Replay<V> {
    fn apply(&mut self, envelope: &Envelope) -> Result<(), Misfit> {
        Replay::apply(self, envelope)
    }

    fn shown(&self, envelope: &Envelope) -> serde_json::Result<Value> {
        self.row(envelope).map_or(Ok(Value::Null), serde_json::to_value)
    }
}
