//! What a customer's carts say of the customer: which one is open, and when something last happened to it.

use super::STORE;
use crate::at::ViewsAt;
use crate::store::{Column, Hit, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::existing;
use crate::view::id_of;
use crate::{Keys, Misfit, ReadError, RowKey, Source, TimeRange, View, Views};
use domain::cart::CartEvent;
use domain::{CartId, Category, CustomerId, Event, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// A customer who opened a cart at least once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShopperRow {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub open_cart: Option<CartId>,
    pub last_cart_created_at: Timestamp,
    /// The last time that a cart was opened or its items changed.
    pub last_cart_activity_at: Timestamp,
}

pub struct Shoppers;

/// Customers with an open cart, the longest idle first.
const IDLE: Index = Index { name: "idle", equal: &["store_id"], sort: Some("idle_since_minute"), covering: &[] };
const MINUTE_IN_MS: i64 = 60_000;

impl View for Shoppers {
    type Row = ShopperRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "shoppers",
        version: 1,
        key: KeyKind::Id,
        stores: false,
        // In minutes, so that the index is not rewritten with every item that is added; null while no cart is open.
        columns: &[STORE, Column::integer("idle_since_minute").or_null()],
        indexes: &[IDLE],
        labels: None,
        search: None,
    };
    /// The id of a cart stream is its customer's.
    const SOURCE: Source = Source::OwnStream(Category::Cart);
    const CACHE_SHARE: u64 = 3;

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        match &envelope.event {
            Event::Cart(event) if concerns(event) => Keys::of_stream(envelope),
            _ => Keys::None,
        }
    }

    fn apply(row: &mut Option<ShopperRow>, key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Cart(event) = &envelope.event else {
            return Err(Misfit("the event is not a cart's"));
        };
        let at = envelope.metadata.occurred_at;
        match event {
            CartEvent::CartOpened(event) => {
                *row = Some(ShopperRow {
                    customer_id: CustomerId(id_of(key)?),
                    store_id: event.store_id,
                    open_cart: Some(event.cart_id),
                    last_cart_created_at: at,
                    last_cart_activity_at: at,
                });
            }
            CartEvent::CartItemAdded(_) | CartEvent::CartItemQuantitySet(_) | CartEvent::CartItemRemoved(_) => {
                existing(row)?.last_cart_activity_at = at
            }
            CartEvent::CartClosed(_) | CartEvent::CartBilled(_) => existing(row)?.open_cart = None,
            CartEvent::CartItemsRefused(_)
            | CartEvent::CartHoldsRevoked(_)
            | CartEvent::CartBillingStarted(_)
            | CartEvent::CartBillingRefused(_)
            | CartEvent::CartStreamShut(_) => {}
        }
        Ok(())
    }

    fn columns(row: &ShopperRow) -> Vec<Value> {
        let idle_since = minute_of(row.last_cart_activity_at);
        vec![row.store_id.0.into(), row.open_cart.map(|_| idle_since).into()]
    }
}

/// Whether the event changes the row.
fn concerns(event: &CartEvent) -> bool {
    match event {
        CartEvent::CartOpened(_)
        | CartEvent::CartItemAdded(_)
        | CartEvent::CartItemQuantitySet(_)
        | CartEvent::CartItemRemoved(_)
        | CartEvent::CartClosed(_)
        | CartEvent::CartBilled(_) => true,
        CartEvent::CartItemsRefused(_)
        | CartEvent::CartHoldsRevoked(_)
        | CartEvent::CartBillingStarted(_)
        | CartEvent::CartBillingRefused(_)
        | CartEvent::CartStreamShut(_) => false,
    }
}

impl Views {
    /// What the customer's carts say of the customer; `None` without a first cart.
    pub async fn shopper(&self, store: StoreId, customer: CustomerId) -> Result<Option<Arc<ShopperRow>>, ReadError> {
        let row = self.of::<Shoppers>()?.get(customer.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// As [`Self::shopper`] for several customers, in their order.
    pub async fn shoppers_by_ids(
        &self,
        store: StoreId,
        customers: &[CustomerId],
    ) -> Result<Vec<Option<Arc<ShopperRow>>>, ReadError> {
        let keys: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
        let rows = self.of::<Shoppers>()?.get_many(&keys).await?;
        Ok(rows.into_iter().map(|row| row.filter(|row| row.store_id == store)).collect())
    }

    /// Of up to `limit` carts of the store to which nothing happened since `idle_since` (at or before it) the customers, the longest
    /// idle first, after that place; and where to go on, if there may be more.
    pub async fn carts_due(
        &self,
        store: StoreId,
        idle_since: Timestamp,
        after: Option<IdlePlace>,
        limit: u32,
    ) -> Result<(Vec<CustomerId>, Option<IdlePlace>), ReadError> {
        let minute = minute_of(idle_since);
        let up_to = TimeRange {
            // What has no open cart has no minute, and is in no range.
            from: Some(Timestamp::from_millis(i64::MIN)),
            until: Some(Timestamp::from_millis(minute.saturating_add(1))),
        };
        let mut list = List::through(&IDLE, vec![store.0.into()]).range(up_to).ascending().limit(limit);
        list.after = after.map(|after| Hit { sort: after.minute, key: after.customer.0.into() });
        let (rows, last) = self.of::<Shoppers>()?.list_and_last(list).await?;
        let next = last.filter(|_| rows.len() >= limit as usize);
        let next = next.and_then(|last| Some(IdlePlace { minute: last.sort, customer: CustomerId(last.key.id()?) }));
        // Of the last minute, some may have been active after the very moment; and a cart may have gone since it was found.
        let due =
            rows.iter().flatten().filter(|row| row.open_cart.is_some() && row.last_cart_activity_at <= idle_since);
        Ok((due.map(|row| row.customer_id).collect(), next))
    }
}

/// A place in the list of a store's open carts by their last activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdlePlace {
    pub minute: i64,
    pub customer: CustomerId,
}

fn minute_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(MINUTE_IN_MS)
}

impl ViewsAt {
    /// As [`Views::shopper`].
    pub async fn shopper(&self, store: StoreId, customer: CustomerId) -> Result<Option<Arc<ShopperRow>>, ReadError> {
        Ok(self.row::<Shoppers>(customer.0).await?.filter(|row| row.store_id == store))
    }
}
