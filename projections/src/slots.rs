//! Where the answering generation of each view is found.

use crate::cache::RowCache;
use crate::store::Table;
use crate::view::View;
use parking_lot::RwLock;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The generation of a view that answers, and its rows in memory. A rebuild puts another one in its place; the old tables
/// stay until the last query on them is done.
pub(crate) struct Live<V: View> {
    pub table: Table,
    /// `None` where another process writes the rows: what is in memory here could be older than the position.
    pub cache: Option<Arc<RowCache<V::Row>>>,
    /// Cancelled once no query on it is left.
    pub gone: CancellationToken,
    pub _in_use: DropGuard,
}

impl<V: View> Live<V> {
    pub fn new(table: Table, cache: Option<Arc<RowCache<V::Row>>>) -> Self {
        let gone = CancellationToken::new();
        Self { table, cache, gone: gone.clone(), _in_use: gone.drop_guard() }
    }
}

/// Where the answering generation of a view is found.
pub(crate) struct Slot<V: View>(RwLock<Option<Arc<Live<V>>>>);

impl<V: View> Default for Slot<V> {
    fn default() -> Self {
        Self(RwLock::new(None))
    }
}

impl<V: View> Slot<V> {
    pub fn get(&self) -> Option<Arc<Live<V>>> {
        self.0.read().clone()
    }

    /// From now on this one answers; `None`: none does. The one before lives on in the queries that have it.
    pub fn set(&self, live: Option<Arc<Live<V>>>) -> Option<Arc<Live<V>>> {
        std::mem::replace(&mut *self.0.write(), live)
    }
}

/// The slot of whichever view.
pub(crate) trait AnySlot: Any + Send + Sync {
    /// The generation that answers.
    fn answering(&self) -> Option<Table>;

    /// From now on this generation answers, `None`: none does; its rows are read where they are kept.
    #[cfg(feature = "postgres")]
    fn answer_from(&self, table: Option<Table>);
}

impl<V: View> AnySlot for Slot<V> {
    fn answering(&self) -> Option<Table> {
        self.get().map(|live| live.table)
    }

    #[cfg(feature = "postgres")]
    fn answer_from(&self, table: Option<Table>) {
        self.set(table.map(|table| Arc::new(Live::new(table, None))));
    }
}

/// The slots of all views, by their names.
pub(crate) struct Slots(BTreeMap<&'static str, Box<dyn AnySlot>>);

impl Slots {
    /// By the views' names.
    pub fn of(slots: impl Iterator<Item = (&'static str, Box<dyn AnySlot>)>) -> Self {
        Self(slots.collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// `None`: the view is not among them.
    pub fn get<V: View>(&self) -> Option<&Slot<V>> {
        let slot: &dyn Any = self.0.get(V::DECLARATION.name)?.as_ref();
        slot.downcast_ref()
    }

    /// The generations that answer.
    pub fn answering(&self) -> Vec<Table> {
        self.0.values().filter_map(|slot| slot.answering()).collect()
    }

    /// From now on this generation of the view answers, `None`: none does.
    #[cfg(feature = "postgres")]
    pub fn answer_from(&self, view: &str, table: Option<Table>) {
        if let Some(slot) = self.0.get(view) {
            slot.answer_from(table);
        }
    }

    /// From now on no view answers from rows in memory.
    #[cfg(feature = "postgres")]
    pub fn forget_rows(&self) {
        self.0.values().for_each(|slot| slot.answer_from(slot.answering()));
    }
}
