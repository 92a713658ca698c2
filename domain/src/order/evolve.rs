//! The fold: what each event makes of the state.

use super::*;
use crate::cart::ProductQuantity;
use crate::{Impossible, Timestamp};

pub(super) fn evolve(state: &mut Order, event: &OrderEvent, _at: Timestamp) -> Result<(), Impossible> {
    let impossible = Impossible { event: event.event_type(), state: word(state) };
    let folded = match event {
        OrderEvent::OrderPlaced(event) => placed(state, event),
        OrderEvent::OrderShipped(_) => step(state, OrderStatus::Pending, OrderStatus::Shipped),
        OrderEvent::OrderDelivered(event) => {
            let from = if event.was_shipped { OrderStatus::Shipped } else { OrderStatus::Pending };
            step(state, from, OrderStatus::Delivered)
        }
        OrderEvent::OrderCanceled(_) => step(state, OrderStatus::Pending, OrderStatus::Canceled),
    };
    folded.ok_or(impossible)
}

fn placed(state: &mut Order, event: &OrderPlaced) -> Option<()> {
    if state.known().is_some() {
        return None;
    }
    let held = |line: &OrderLine| ProductQuantity { product_id: line.product_id, quantity: line.quantity };
    *state = Order::Known(Box::new(KnownOrder {
        order_id: event.order_id,
        store_id: event.store_id,
        customer_id: event.customer_id,
        invoice_id: event.invoice_id,
        cart_id: event.cart_id,
        items: event.lines.iter().map(held).collect(),
        status: OrderStatus::Pending,
    }));
    Some(())
}

/// `None` when the order is not where the step begins.
fn step(state: &mut Order, from: OrderStatus, to: OrderStatus) -> Option<()> {
    match state {
        Order::Known(order) if order.status == from => {
            order.status = to;
            Some(())
        }
        Order::Known(_) | Order::None => None,
    }
}

fn word(state: &Order) -> &'static str {
    match state.known().map(|order| order.status) {
        None => "none",
        Some(OrderStatus::Pending) => "pending",
        Some(OrderStatus::Shipped) => "shipped",
        Some(OrderStatus::Delivered) => "delivered",
        Some(OrderStatus::Canceled) => "canceled",
    }
}
