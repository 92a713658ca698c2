//! What a customer's carts say of the customer. Folded from the cart stream, whose id is the customer's.

use crate::reader::{ReadError, Views};
use crate::store::{Column, Index, List, Value, ViewDeclaration};
use crate::range::TimeRange;
use crate::view::{Keys, Misfit, Source, View};
use domain::cart::CartEvent;
use domain::{CartId, Category, CustomerId, Event, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A customer as a shopper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopperRow {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    /// The cart that is open.
    pub open_cart_id: Option<CartId>,
    pub last_cart_created_at: Option<Timestamp>,
    pub last_cart_activity_at: Option<Timestamp>,
}

/// Shoppers by customer.
pub struct Shoppers;

/// Open carts by the time that nobody touched them.
const IDLE: Index = Index { name: "idle", equal: &["store_id", "open"], sort: Some("last_activity"), covering: &[] };

impl View for Shoppers {
    type Row = ShopperRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "shoppers",
        version: 1,
        columns: &[Column::id("store_id"), Column::integer("open"), Column::integer("last_activity")],
        indexes: &[IDLE],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Cart);

    fn keys(envelope: &Envelope) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<ShopperRow>, key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Cart(event) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        let row = row.get_or_insert_with(|| ShopperRow {
            customer_id: CustomerId(key),
            store_id: envelope.metadata.store_id,
            open_cart_id: None,
            last_cart_created_at: None,
            last_cart_activity_at: None,
        });
        match event {
            CartEvent::CartOpened(opened) => {
                row.open_cart_id = Some(opened.cart_id);
                row.last_cart_created_at = Some(at);
                row.last_cart_activity_at = Some(at);
            }
            CartEvent::CartItemAdded(_) | CartEvent::CartItemQuantitySet(_) | CartEvent::CartItemRemoved(_) => {
                row.last_cart_activity_at = Some(at);
            }
            CartEvent::CartBilled(_) => {
                row.open_cart_id = None;
                row.last_cart_activity_at = Some(at);
            }
            CartEvent::CartClosed(_) => row.open_cart_id = None,
            CartEvent::CartItemsRefused(_)
            | CartEvent::CartHoldsRevoked(_)
            | CartEvent::CartBillingStarted(_)
            | CartEvent::CartBillingRefused(_)
            | CartEvent::CartStreamShut(_) => {}
        }
        Ok(())
    }

    fn columns(row: &ShopperRow) -> Vec<Value> {
        vec![row.store_id.0.into(), row.open_cart_id.is_some().into(), row.last_cart_activity_at.unwrap_or_default().into()]
    }
}

impl Views {
    /// The customer as a shopper; `None` before the first cart.
    pub async fn shopper(&self, store: StoreId, customer: CustomerId) -> Result<Option<ShopperRow>, ReadError> {
        let row = self.get::<Shoppers>(customer.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// Up to `limit` customers of the store whose open cart nobody touched since `idle_since`, the longest idle first.
    pub async fn carts_due(&self, store: StoreId, idle_since: Timestamp, limit: u32) -> Result<Vec<CustomerId>, ReadError> {
        let until = Timestamp::from_millis(idle_since.as_millis().saturating_add(1));
        let list = List::through(&IDLE, vec![store.0.into(), true.into()])
            .range(TimeRange { from: None, until: Some(until) })
            .ascending()
            .limit(limit);
        Ok(self.keys::<Shoppers>(list).await?.into_iter().map(CustomerId).collect())
    }
}
