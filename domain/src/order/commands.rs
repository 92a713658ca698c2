//! What may be asked of an order.

use super::events::{CancelReason, OrderPlaced};
use super::state::OrderStatus;

#[derive(Clone, Debug)]
pub enum OrderCommand {
    /// Placed already: no event.
    Place(OrderPlaced),
    /// Shipped already: no event.
    Ship,
    /// Delivered already: no event.
    Deliver,
    /// Canceled already: no event.
    Cancel { reason: CancelReason },
    /// Cancels the order if it is pending; else no event. Not placed yet: `OrderNotFound`, so that it is asked again.
    CancelIfPending { reason: CancelReason },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderRejection {
    #[error("there is no such order")]
    OrderNotFound,
    #[error("the order is {status}")]
    OrderIs { status: OrderStatus },
}
