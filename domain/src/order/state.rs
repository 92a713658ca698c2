//! The fold of an order's stream.

use crate::cart::ProductQuantity;
use crate::ids::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    #[default]
    None,
    Known(Box<KnownOrder>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownOrder {
    pub order_id: OrderId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub invoice_id: InvoiceId,
    pub cart_id: CartId,
    pub items: Vec<ProductQuantity>,
    pub status: OrderStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Pending,
    Shipped,
    Delivered,
    Canceled,
}

impl std::fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            OrderStatus::Pending => "pending",
            OrderStatus::Shipped => "shipped",
            OrderStatus::Delivered => "delivered",
            OrderStatus::Canceled => "canceled",
        })
    }
}

impl Order {
    pub fn known(&self) -> Option<&KnownOrder> {
        match self {
            Order::Known(order) => Some(order),
            Order::None => None,
        }
    }
}
