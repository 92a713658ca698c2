//! The list of all views, and the generation of each that answers.

use crate::fill::{Project, Projector};
use crate::reader::Live;
use crate::store::{Parked, Table, ViewDeclaration};
use crate::view::View;
use crate::views::{
    Carts, Coupons, Creations, Credits, Customers, GiftCards, Invoices, Jobs, Orders, Past, Products, Purchases,
    Refunds, Shoppers, Stores,
};
use parking_lot::RwLock;
use std::sync::Arc;

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

/// A view that has a slot.
pub(crate) trait Answering: View + Sized {
    fn slot(slots: &Slots) -> &Slot<Self>;
}

/// Declares the slots, one a view. A new view is added here and nowhere else.
macro_rules! slots {
    ($($view:ident in $field:ident),+ $(,)?) => {
        #[derive(Default)]
        pub(crate) struct Slots { $($field: Slot<$view>),+ }

        $(impl Answering for $view {
            fn slot(slots: &Slots) -> &Slot<Self> { &slots.$field }
        })+

        /// From now on this generation of the view answers, `None`: none does; its rows are read where they are kept.
        #[cfg(feature = "postgres")]
        pub(crate) fn answer_from(slots: &Slots, view: &'static ViewDeclaration, generation: Option<u32>) {
            $(if view.name == <$view as View>::DECLARATION.name {
                let live = generation.map(|generation| Arc::new(Live::new(Table { view, generation }, None)));
                slots.$field.set(live);
            })+
        }

        /// From now on no view answers from rows in memory.
        #[cfg(feature = "postgres")]
        pub(crate) fn forget_rows(slots: &Slots) {
            $(if let Some(live) = slots.$field.get() {
                slots.$field.set(Some(Arc::new(Live::new(live.table, None))));
            })+
        }

        /// The generations that answer.
        pub(crate) fn answering(slots: &Slots) -> Vec<Table> {
            let mut tables = Vec::with_capacity(DECLARATIONS.len());
            $(tables.extend(slots.$field.get().map(|live| live.table));)+
            tables
        }

        /// What every view declares.
        pub(crate) const DECLARATIONS: &[&ViewDeclaration] = &[$(&<$view as View>::DECLARATION),+];

        /// All views together have so many shares of the memory for rows.
        const SHARES: u64 = 0 $(+ <$view as View>::CACHE_SHARE)+;

        /// Fills a generation; `None` for a view that is not in the list.
        pub(crate) fn projector(table: Table, parked: Vec<Parked>, cache_bytes: u64) -> Option<Box<dyn Project>> {
            $(if table.view.name == <$view as View>::DECLARATION.name {
                let share = cache_bytes / SHARES * <$view as View>::CACHE_SHARE;
                return Some(Box::new(Projector::<$view>::new(table, parked, share)));
            })+
            None
        }
    };
}

slots!(
    Stores in stores,
    Products in products,
    Customers in customers,
    Shoppers in shoppers,
    Carts in carts,
    Invoices in invoices,
    Orders in orders,
    GiftCards in gift_cards,
    Credits in credits,
    Coupons in coupons,
    Jobs in jobs,
    Purchases in purchases,
    Creations in creations,
    Refunds in refunds,
    Past in past,
);
