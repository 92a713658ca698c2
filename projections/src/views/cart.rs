//! Carts. All of a customer's stand in one stream, so each row keeps which events are its own.

use crate::reader::{ReadError, Views};
use crate::page::{Page, PageRequest};
use crate::store::{Column, Filter, Index, List, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::cart::{CartEvent, CloseReason};
use domain::{CartId, CartItemId, Category, CustomerId, Decider, Event, InvoiceId, ProductId, StoreId, Timestamp};
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartState {
    Open,
    Closed,
    Billed,
}

impl CartState {
    fn as_str(self) -> &'static str {
        match self {
            CartState::Open => "open",
            CartState::Closed => "closed",
            CartState::Billed => "billed",
        }
    }
}

/// A cart. Today's prices are not its own: they are joined when answering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartRow {
    pub cart_id: CartId,
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    /// In the customer's cart stream, of the last event that changed what a client sees of this cart.
    pub revision: u64,
    pub state: CartState,
    /// In the order of their first add.
    pub items: Vec<CartItemRow>,
    pub created_at: Timestamp,
    pub last_item_added_at: Option<Timestamp>,
    pub invoice_id: Option<InvoiceId>,
    pub invoice_created_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub close_reason: Option<CloseReason>,
    pub deleted_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartItemRow {
    pub cart_item_id: CartItemId,
    pub product_id: ProductId,
    pub product_title: String,
    pub product_vendor: String,
    pub product_type: String,
    pub quantity: u32,
    pub added_at: Timestamp,
}

/// Carts by id.
pub struct Carts;

const OF_CUSTOMER: Index =
    Index { name: "of_customer", equal: &["customer_id"], sort: Some("created_at"), covering: &["store_id", "state"] };

impl View for Carts {
    type Row = CartRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "carts",
        version: 1,
        columns: &[Column::id("store_id"), Column::id("customer_id"), Column::text("state"), Column::integer("created_at")],
        indexes: &[OF_CUSTOMER],
        labels: None,
        search: None,
    };
    const SOURCE: Source = Source::Streams(&[Category::Cart]);

    fn keys(envelope: &Envelope) -> Keys {
        match &envelope.event {
            Event::Cart(CartEvent::CartItemsRefused(_) | CartEvent::CartHoldsRevoked(_)) => Keys::None,
            Event::Cart(event) => event.cart_id().map(|cart| cart.0).into(),
            _ => Keys::None,
        }
    }

    fn begins(envelope: &Envelope) -> bool {
        matches!(envelope.event, Event::Cart(CartEvent::CartOpened(_)))
    }

    fn apply(row: &mut Option<CartRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Cart(event) = &envelope.event else { return Ok(()) };
        let at = envelope.metadata.occurred_at;
        if let CartEvent::CartOpened(opened) = event {
            let new = CartRow {
                cart_id: opened.cart_id,
                customer_id: opened.customer_id,
                store_id: opened.store_id,
                revision: envelope.revision,
                state: CartState::Open,
                items: Vec::new(),
                created_at: at,
                last_item_added_at: None,
                invoice_id: None,
                invoice_created_at: None,
                closed_at: None,
                close_reason: None,
                deleted_at: None,
            };
            return create(row, new);
        }
        let row = existing(row)?;
        change(row, event, at)?;
        if domain::cart::Cart::changes_representation(event) {
            row.revision = envelope.revision;
        }
        Ok(())
    }

    fn columns(row: &CartRow) -> Vec<Value> {
        vec![row.store_id.0.into(), row.customer_id.0.into(), row.state.as_str().to_owned().into(), row.created_at.into()]
    }
}

fn change(row: &mut CartRow, event: &CartEvent, at: Timestamp) -> Result<(), Misfit> {
    match event {
        CartEvent::CartItemAdded(added) => {
            row.last_item_added_at = Some(at);
            match row.items.iter_mut().find(|item| item.product_id == added.product_id) {
                Some(item) => item.quantity = added.line_quantity,
                None => row.items.push(CartItemRow {
                    cart_item_id: added.cart_item_id,
                    product_id: added.product_id,
                    product_title: added.product_title.clone(),
                    product_vendor: added.product_vendor.clone(),
                    product_type: added.product_type.clone(),
                    quantity: added.line_quantity,
                    added_at: at,
                }),
            }
        }
        CartEvent::CartItemQuantitySet(set) => {
            let item = row.items.iter_mut().find(|item| item.product_id == set.product_id);
            item.ok_or(Misfit("there is no such item"))?.quantity = set.line_quantity;
        }
        CartEvent::CartItemRemoved(removed) => row.items.retain(|item| item.product_id != removed.product_id),
        CartEvent::CartClosed(closed) => {
            row.state = CartState::Closed;
            row.closed_at = Some(at);
            row.close_reason = Some(closed.reason);
            if closed.reason == CloseReason::CustomerDeleted {
                row.deleted_at = Some(at);
            }
        }
        CartEvent::CartBilled(billed) => {
            row.state = CartState::Billed;
            row.invoice_id = Some(billed.invoice_id);
            row.invoice_created_at = Some(at);
        }
        CartEvent::CartOpened(_)
        | CartEvent::CartItemsRefused(_)
        | CartEvent::CartHoldsRevoked(_)
        | CartEvent::CartBillingStarted(_)
        | CartEvent::CartBillingRefused(_)
        | CartEvent::CartStreamShut(_) => {}
    }
    Ok(())
}

impl Views {
    pub async fn cart(&self, store: StoreId, cart: CartId) -> Result<Option<CartRow>, ReadError> {
        let row = self.get::<Carts>(cart.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The customer's open cart.
    pub async fn open_cart(&self, store: StoreId, customer: CustomerId) -> Result<Option<CartRow>, ReadError> {
        match self.shopper(store, customer).await?.and_then(|shopper| shopper.open_cart_id) {
            Some(cart) => self.cart(store, cart).await,
            None => Ok(None),
        }
    }

    /// The customer's carts, newest first; of one state, or of any.
    pub async fn carts(
        &self,
        store: StoreId,
        customer: CustomerId,
        state: Option<CartState>,
        page: &PageRequest,
    ) -> Result<Page<CartRow>, ReadError> {
        let mut list = List::through(&OF_CUSTOMER, vec![customer.0.into()]).filter(Filter::Equal("store_id", store.0.into()));
        if let Some(state) = state {
            list = list.filter(Filter::Equal("state", state.as_str().to_owned().into()));
        }
        self.page::<Carts>("carts", &[store.0, customer.0], list, page).await
    }
}
