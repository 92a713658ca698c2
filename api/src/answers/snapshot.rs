//! A customer with all that belongs to it (api.md §4).

use super::cart::Cart;
use super::credit::Credit;
use super::customer::Customer;
use super::gift_card::GiftCard;
use super::invoice::Invoice;
use super::one;
use super::order::Order;
use super::product::OrderedProduct;
use serde::Serialize;
use utoipa::ToSchema;

/// The customer with what belongs to it; all six are always there.
#[derive(Serialize, ToSchema)]
pub struct Snapshot {
    #[serde(flatten)]
    pub customer: Customer,
    /// The open one.
    pub cart: Option<Cart>,
    pub last_10_invoices: Vec<Invoice>,
    pub last_10_orders: Vec<Order>,
    /// Received, with a balance left.
    pub active_giftcards: Vec<GiftCard>,
    /// With a balance left.
    pub active_credits: Vec<Credit>,
    /// By pieces in collected invoices, most first.
    pub top_10_ordered_products: Vec<OrderedProduct>,
}

one! {
    /// The customer with all that belongs to it.
    SnapshotAnswer { customer: Snapshot }
}
