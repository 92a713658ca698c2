//! What may be asked of an order.

use super::events::{CancelReason, OrderLine};
use super::state::OrderStatus;
use crate::ids::*;

#[derive(Clone, Debug)]
pub enum OrderCommand {
    /// Placed already: no event.
    Place(PlaceOrder),
    /// Shipped already: no event.
    Ship,
    /// Delivered already: no event.
    Deliver,
    /// Canceled already: no event.
    Cancel { reason: CancelReason },
    /// Cancels the order if it is pending; else no event. Not placed yet: `OrderNotFound`, so that it is asked again.
    CancelIfPending { reason: CancelReason },
}

#[derive(Clone, Debug)]
pub struct PlaceOrder {
    pub order_id: OrderId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub invoice_id: InvoiceId,
    pub cart_id: CartId,
    pub lines: Vec<OrderLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderRejection {
    #[error("there is no such order")]
    OrderNotFound,
    #[error("the order is {status}")]
    OrderIs { status: OrderStatus },
}
