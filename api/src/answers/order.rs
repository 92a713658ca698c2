//! An order as clients see it (api.md §7).

use super::{Time, list, one};
use crate::wire::list::Link;
use domain::order::OrderStatus;
use projections::views::OrderRow;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Order {
    pub order_id: Uuid,
    pub store_id: Uuid,
    pub customer_id: Uuid,
    pub invoice_id: Uuid,
    pub status: AnsweredStatus,
    pub order_line_items: Vec<OrderLineItem>,
    pub created_at: Time,
    pub shipped_at: Option<Time>,
    pub delivered_at: Option<Time>,
    pub canceled_at: Option<Time>,
    pub links: Vec<Link>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = OrderStatus)]
pub enum AnsweredStatus {
    Pending,
    Shipped,
    Delivered,
    Canceled,
}

/// One line of an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderLineItem {
    pub order_line_item_id: Uuid,
    pub order_id: Uuid,
    pub invoice_line_item_id: Uuid,
    pub product_id: Uuid,
    pub product_title: String,
    pub quantity: u32,
}

one! {
    /// The order.
    OrderAnswer { order: Order }
}
list! {
    /// One page of orders, newest first.
    OrderList { orders: Order }
}

/// The links of an order.
pub fn links(order_id: Uuid, invoice_id: Uuid, customer_id: Uuid) -> Vec<Link> {
    vec![
        Link::new("self", format!("/order/{order_id}")),
        Link::new("invoice", format!("/invoice/{invoice_id}")),
        Link::new("customer", format!("/customer/{customer_id}")),
        Link::new("history", format!("/order/{order_id}/history")),
    ]
}

impl From<&OrderRow> for Order {
    fn from(row: &OrderRow) -> Self {
        let lines = row.lines.iter().map(|line| OrderLineItem {
            order_line_item_id: line.order_line_item_id.0,
            order_id: row.order_id.0,
            invoice_line_item_id: line.invoice_line_item_id.0,
            product_id: line.product_id.0,
            product_title: line.product_title.clone(),
            quantity: line.quantity,
        });
        Self {
            order_id: row.order_id.0,
            store_id: row.store_id.0,
            customer_id: row.customer_id.0,
            invoice_id: row.invoice_id.0,
            status: match row.status {
                OrderStatus::Pending => AnsweredStatus::Pending,
                OrderStatus::Shipped => AnsweredStatus::Shipped,
                OrderStatus::Delivered => AnsweredStatus::Delivered,
                OrderStatus::Canceled => AnsweredStatus::Canceled,
            },
            order_line_items: lines.collect(),
            created_at: row.created_at.into(),
            shipped_at: row.shipped_at.map(Time::from),
            delivered_at: row.delivered_at.map(Time::from),
            canceled_at: row.canceled_at.map(Time::from),
            links: links(row.order_id.0, row.invoice_id.0, row.customer_id.0),
        }
    }
}
