//! A cart as clients see it (api.md §5).

use super::{Time, list, one};
use crate::wire::list::Link;
use domain::Cents;
use domain::cart::CloseReason;
use projections::views::{CartItemRow, CartRow, CartState, OfferRow, ProductRow};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A cart.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cart {
    pub cart_id: Uuid,
    pub customer_id: Uuid,
    pub store_id: Uuid,
    /// Whether it is open, was closed, or was billed.
    pub state: State,
    pub items: Vec<CartItem>,
    pub created_at: Time,
    pub last_item_added_at: Option<Time>,
    /// When it was billed.
    pub invoice_created_at: Option<Time>,
    pub closed_at: Option<Time>,
    /// Why it was closed; null: it was not.
    pub close_reason: Option<Reason>,
    /// When the customer was deleted, if that closed it.
    pub deleted_at: Option<Time>,
    pub links: Vec<Link>,
}

/// Whether it is open, was closed, or was billed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CartState)]
pub enum State {
    Open,
    Closed,
    Billed,
}

/// Why it was closed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CartCloseReason)]
pub enum Reason {
    Replaced,
    Closed,
    Expired,
    #[serde(rename = "customer deleted")]
    CustomerDeleted,
}

/// One line of a cart.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CartItem {
    pub cart_item_id: Uuid,
    pub cart_id: Uuid,
    pub product_id: Uuid,
    pub product_title: String,
    pub product_vendor: String,
    pub product_type: String,
    pub quantity: u32,
    /// Today's price of one piece, in minor units.
    pub unit_amount_in_cents: i64,
    pub added_at: Time,
    pub links: Vec<Link>,
}

one! {
    /// The cart.
    CartAnswer { cart: Cart }
}
list! {
    /// One page of carts, newest first.
    CartList { carts: Cart }
}

/// The links of a cart.
pub fn links(customer_id: Uuid, open: bool) -> Vec<Link> {
    let cart = format!("/customer/{customer_id}/cart");
    let own = if open { cart.clone() } else { format!("/customer/{customer_id}/carts") };
    vec![
        Link::new("self", own),
        Link::new("customer", format!("/customer/{customer_id}")),
        Link::new("history", cart + "/history"),
    ]
}

/// The links of a line.
pub fn item_links(customer_id: Uuid, product_id: Uuid) -> Vec<Link> {
    vec![
        Link::new("self", format!("/customer/{customer_id}/cart/item/{product_id}")),
        Link::new("product", format!("/product/{product_id}")),
    ]
}

/// What a product is called and costs.
#[derive(Clone, Copy)]
pub struct Offer<'p> {
    title: &'p str,
    vendor: &'p str,
    product_type: &'p str,
    price: Cents,
}

impl<'p> Offer<'p> {
    pub fn of_today(row: &'p ProductRow) -> Self {
        let price = row.sale_price_in_cents;
        Self { title: &row.title, vendor: &row.vendor, product_type: &row.product_type, price }
    }

    pub fn of_then(row: &'p OfferRow) -> Self {
        let price = row.sale_price_in_cents;
        Self { title: &row.title, vendor: &row.vendor, product_type: &row.product_type, price }
    }

    /// As it was when the line was added.
    fn of_line(item: &'p CartItemRow) -> Self {
        let price = item.unit_amount_in_cents;
        Self { title: &item.product_title, vendor: &item.product_vendor, product_type: &item.product_type, price }
    }
}

impl Cart {
    /// From its row; `offer` is what a line's product is called and costs today. Where there is none the line is as it was when it was added.
    pub fn new<'p>(row: &CartRow, offer: impl Fn(&CartItemRow) -> Option<Offer<'p>>) -> Self {
        let customer_id = row.customer_id.0;
        let item = |item: &CartItemRow| {
            let Offer { title, vendor, product_type, price } = offer(item).unwrap_or_else(|| Offer::of_line(item));
            CartItem {
                cart_item_id: item.cart_item_id.0,
                cart_id: row.cart_id.0,
                product_id: item.product_id.0,
                product_title: title.to_owned(),
                product_vendor: vendor.to_owned(),
                product_type: product_type.to_owned(),
                quantity: item.quantity,
                unit_amount_in_cents: price.get(),
                added_at: item.added_at.into(),
                links: item_links(customer_id, item.product_id.0),
            }
        };
        let deleted = row.close_reason.is_some_and(|reason| matches!(reason, CloseReason::CustomerDeleted));
        Self {
            cart_id: row.cart_id.0,
            customer_id,
            store_id: row.store_id.0,
            state: match row.state {
                CartState::Open => State::Open,
                CartState::Closed => State::Closed,
                CartState::Billed => State::Billed,
            },
            items: row.items.iter().map(item).collect(),
            created_at: row.created_at.into(),
            last_item_added_at: row.last_item_added_at.map(Time::from),
            invoice_created_at: row.invoice_created_at.map(Time::from),
            closed_at: row.closed_at.map(Time::from),
            close_reason: row.close_reason.map(|reason| match reason {
                CloseReason::Replaced => Reason::Replaced,
                CloseReason::Closed => Reason::Closed,
                CloseReason::Expired => Reason::Expired,
                CloseReason::CustomerDeleted => Reason::CustomerDeleted,
            }),
            deleted_at: row.closed_at.filter(|_| deleted).map(Time::from),
            links: links(customer_id, matches!(row.state, CartState::Open)),
        }
    }
}
