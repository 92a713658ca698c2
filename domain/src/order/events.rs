//! What is stored of an order.

use crate::ids::*;
use crate::macros::events;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderPlaced {
    pub order_id: OrderId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub invoice_id: InvoiceId,
    /// The cart whose stock the order holds.
    pub cart_id: CartId,
    pub lines: Vec<OrderLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderLine {
    pub order_line_item_id: OrderLineItemId,
    pub invoice_line_item_id: InvoiceLineItemId,
    pub product_id: ProductId,
    pub product_title: String,
    pub quantity: u32,
}

/// The stock it held is gone for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderShipped {}

/// From pending: the stock it held is gone for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderDelivered {
    pub was_shipped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    Requested,
    /// Its invoice was refunded in full.
    Refunded,
}

/// Its stock goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderCanceled {
    pub reason: CancelReason,
}

events! {
    /// The events of an order's stream.
    pub enum OrderEvent { OrderPlaced = 1, OrderShipped = 1, OrderDelivered = 1, OrderCanceled = 1 }
}
