//! Carts: the open one of each customer, and all that were closed or billed.

use super::{CREATED, STORE};
use crate::at::{ListAt, ViewsAt};
use crate::store::{Column, Index, KeyKind, List, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, Page, PageRequest, ReadError, RowKey, Source, View, Views};
use domain::cart::{Cart, CartEvent, CartItemAdded, CloseReason};
use domain::{
    CartId, CartItemId, Category, Cents, CustomerId, Decider, Event, InvoiceId, ProductId, StoreId, Timestamp,
};
use eventlog::StreamName;
use futures::FutureExt;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A cart (api.md §5). Today's prices are joined when it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CartRow {
    pub cart_id: CartId,
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub state: CartState,
    /// In the order of their first add.
    pub items: Vec<CartItemRow>,
    pub created_at: Timestamp,
    pub last_item_added_at: Option<Timestamp>,
    /// When it was billed.
    pub invoice_created_at: Option<Timestamp>,
    pub invoice_id: Option<InvoiceId>,
    pub closed_at: Option<Timestamp>,
    pub close_reason: Option<CloseReason>,
    pub revision: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartState {
    Open,
    Closed,
    Billed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CartItemRow {
    pub cart_item_id: CartItemId,
    pub product_id: ProductId,
    /// Title, vendor and type as they were at the last add.
    pub product_title: String,
    pub product_vendor: String,
    pub product_type: String,
    pub quantity: u32,
    /// The price at the last add.
    pub unit_amount_in_cents: Cents,
    /// When it was first added.
    pub added_at: Timestamp,
}

pub struct Carts;

const BY_CUSTOMER: Index =
    Index { name: "by_customer", equal: &["store_id", "customer_id"], sort: Some("created_at"), covering: &[] };
const BY_STATE: Index =
    Index { name: "by_state", equal: &["store_id", "customer_id", "state"], sort: Some("created_at"), covering: &[] };

impl View for Carts {
    type Row = CartRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "carts",
        version: 1,
        key: KeyKind::Id,
        stores: false,
        columns: &[STORE, CREATED, Column::id("customer_id"), Column::integer("state")],
        indexes: &[BY_CUSTOMER, BY_STATE],
        labels: None,
        search: None,
    };
    /// The carts of a customer share a stream.
    const SOURCE: Source = Source::Streams(&[Category::Cart]);
    const CACHE_SHARE: u64 = 8;

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        match &envelope.event {
            // An event that no client sees changes nothing here either; the cart it names may not even be.
            Event::Cart(event) if Cart::changes_representation(event) => event.cart_id().map(|cart| cart.0).into(),
            _ => Keys::None,
        }
    }

    fn begins(envelope: &Envelope) -> bool {
        matches!(&envelope.event, Event::Cart(CartEvent::CartOpened(_)))
    }

    fn apply(row: &mut Option<CartRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Cart(event) = &envelope.event else {
            return Err(Misfit("the event is not a cart's"));
        };
        let at = envelope.metadata.occurred_at;
        if let CartEvent::CartOpened(event) = event {
            return create(
                row,
                CartRow {
                    cart_id: event.cart_id,
                    customer_id: event.customer_id,
                    store_id: event.store_id,
                    state: CartState::Open,
                    items: Vec::new(),
                    created_at: at,
                    last_item_added_at: None,
                    invoice_created_at: None,
                    invoice_id: None,
                    closed_at: None,
                    close_reason: None,
                    revision: envelope.revision,
                },
            );
        }
        changed(existing(row)?, event, envelope)
    }

    fn columns(row: &CartRow) -> Vec<Value> {
        vec![row.store_id.0.into(), row.created_at.into(), row.customer_id.0.into(), state_code(row.state).into()]
    }
}

/// Stable: stands in a column.
fn state_code(state: CartState) -> i64 {
    match state {
        CartState::Open => 0,
        CartState::Closed => 1,
        CartState::Billed => 2,
    }
}

fn changed(row: &mut CartRow, event: &CartEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let at = envelope.metadata.occurred_at;
    match event {
        CartEvent::CartOpened(_) => return Err(Misfit("the row exists already")),
        CartEvent::CartItemAdded(event) => {
            item_added(row, event, at);
            row.last_item_added_at = Some(at);
        }
        CartEvent::CartItemQuantitySet(event) => {
            let mut items = row.items.iter_mut();
            let item = items.find(|item| item.cart_item_id == event.cart_item_id);
            item.ok_or(Misfit("the cart has no such item"))?.quantity = event.line_quantity;
        }
        CartEvent::CartItemRemoved(event) => {
            row.items.retain(|item| item.cart_item_id != event.cart_item_id);
        }
        CartEvent::CartClosed(event) => {
            row.state = CartState::Closed;
            row.closed_at = Some(at);
            row.close_reason = Some(event.reason);
        }
        CartEvent::CartBilled(event) => {
            row.state = CartState::Billed;
            row.invoice_created_at = Some(at);
            row.invoice_id = Some(event.invoice_id);
        }
        CartEvent::CartItemsRefused(_)
        | CartEvent::CartHoldsRevoked(_)
        | CartEvent::CartBillingStarted(_)
        | CartEvent::CartBillingRefused(_)
        | CartEvent::CartStreamShut(_) => {}
    }
    if Cart::changes_representation(event) {
        row.revision = envelope.revision;
    }
    Ok(())
}

fn item_added(row: &mut CartRow, event: &CartItemAdded, at: Timestamp) {
    let mut items = row.items.iter_mut();
    match items.find(|item| item.cart_item_id == event.cart_item_id) {
        Some(item) => {
            item.quantity = event.line_quantity;
            item.unit_amount_in_cents = event.unit_amount_in_cents;
            item.product_title.clone_from(&event.product_title);
            item.product_vendor.clone_from(&event.product_vendor);
            item.product_type.clone_from(&event.product_type);
        }
        None => row.items.push(CartItemRow {
            cart_item_id: event.cart_item_id,
            product_id: event.product_id,
            product_title: event.product_title.clone(),
            product_vendor: event.product_vendor.clone(),
            product_type: event.product_type.clone(),
            quantity: event.line_quantity,
            unit_amount_in_cents: event.unit_amount_in_cents,
            added_at: at,
        }),
    }
}

fn of_customer(store: StoreId, customer: CustomerId, state: Option<CartState>) -> List {
    let mut equal = vec![store.0.into(), customer.0.into()];
    match state {
        None => List::through(&BY_CUSTOMER, equal),
        Some(state) => {
            equal.push(state_code(state).into());
            List::through(&BY_STATE, equal)
        }
    }
}

impl Views {
    pub async fn cart(&self, store: StoreId, cart: CartId) -> Result<Option<Arc<CartRow>>, ReadError> {
        let row = self.of::<Carts>()?.get(cart.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The customer's open cart. One that is being billed with a coupon is still open.
    pub async fn open_cart(&self, store: StoreId, customer: CustomerId) -> Result<Option<Arc<CartRow>>, ReadError> {
        let shopper = self.shopper(store, customer).await?;
        match shopper.and_then(|shopper| shopper.open_cart) {
            Some(cart) => {
                let cart = self.cart(store, cart).await?;
                // Between the two reads it may have ended.
                Ok(cart.filter(|cart| cart.state == CartState::Open))
            }
            None => Ok(None),
        }
    }

    /// The customer's carts, all or those in one state, newest first.
    pub async fn carts(
        &self,
        store: StoreId,
        customer: CustomerId,
        state: Option<CartState>,
        page: &PageRequest,
    ) -> Result<Page<Arc<CartRow>>, ReadError> {
        let list = of_customer(store, customer, state);
        self.of::<Carts>()?.page("carts", &[store.0, customer.0], list, page).await
    }
}

impl ViewsAt {
    /// As [`Views::cart`].
    pub async fn cart(&self, store: StoreId, cart: CartId) -> Result<Option<Arc<CartRow>>, ReadError> {
        let Some(now) = self.views.cart(store, cart).await? else { return Ok(None) };
        Ok(self.carts_as_they_were(vec![now]).await?.pop().flatten())
    }

    /// As [`Views::open_cart`].
    pub async fn open_cart(&self, store: StoreId, customer: CustomerId) -> Result<Option<Arc<CartRow>>, ReadError> {
        match self.shopper(store, customer).await?.and_then(|shopper| shopper.open_cart) {
            Some(cart) => self.cart(store, cart).await,
            None => Ok(None),
        }
    }

    /// As [`Views::carts`].
    pub async fn carts(
        &self,
        store: StoreId,
        customer: CustomerId,
        state: Option<CartState>,
        page: &PageRequest,
    ) -> Result<Page<Arc<CartRow>>, ReadError> {
        let (scope, among) = ([store.0, customer.0], of_customer(store, customer, None));
        let list = ListAt { name: "carts", scope: &scope, among, wanted: of_customer(store, customer, state) };
        self.page::<Carts>(list, page, &|now| self.carts_as_they_were(now).boxed()).await
    }

    /// Carts of one customer, whose stream is read once for all of them.
    async fn carts_as_they_were(&self, now: Vec<Arc<CartRow>>) -> Result<Vec<Option<Arc<CartRow>>>, ReadError> {
        let Some(first) = now.first() else { return Ok(Vec::new()) };
        let stream = StreamName::new(Category::Cart.stream(first.customer_id.0));
        let keys: Vec<RowKey> = now.iter().map(|row| row.cart_id.0.into()).collect();
        let mut then = self.rows_in::<Carts>(&stream, &keys).await?;
        Ok(keys.iter().map(|key| then.remove(key)).collect())
    }
}
