//! A view of whatever rows, as those see it that fill and answer all of them.

use crate::fill::{Project, Projector};
use crate::slots::{AnySlot, Slot, Slots};
use crate::store::{Parked, Table, ViewDeclaration};
use crate::view::View;

/// What is known of a view where its rows' type is not.
#[derive(Clone, Copy)]
pub struct AnyView {
    pub(crate) declaration: &'static ViewDeclaration,
    /// How much of the memory for rows it gets, against others.
    pub(crate) cache_share: u64,
    slot: fn() -> Box<dyn AnySlot>,
    projector: fn(Table, Vec<Parked>, u64) -> Box<dyn Project>,
}

impl AnyView {
    pub const fn of<V: View>() -> Self {
        Self {
            declaration: &V::DECLARATION,
            cache_share: V::CACHE_SHARE,
            slot: || Box::new(Slot::<V>::default()),
            projector: |table, parked, cache_bytes| Box::new(Projector::<V>::new(table, parked, cache_bytes)),
        }
    }

    /// The same folds and rows under another declaration, such as another version.
    #[must_use]
    pub const fn declared(self, declaration: &'static ViewDeclaration) -> Self {
        Self { declaration, ..self }
    }

    /// What fills a generation of it, with so many bytes for its rows in memory.
    pub(crate) fn projector(&self, table: Table, parked: Vec<Parked>, cache_bytes: u64) -> Box<dyn Project> {
        (self.projector)(table, parked, cache_bytes)
    }
}

/// A slot for each of the views.
pub(crate) fn slots(views: &[AnyView]) -> Slots {
    Slots::of(views.iter().map(|view| (view.declaration.name, (view.slot)())))
}

impl std::fmt::Debug for AnyView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.declaration.name, self.declaration.version)
    }
}
