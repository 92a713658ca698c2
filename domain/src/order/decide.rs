//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

type Decision = Result<Vec<OrderEvent>, OrderRejection>;

impl Decider for Order {
    const CATEGORY: Category = Category::Order;

    type Id = crate::OrderId;
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Rejection = OrderRejection;

    fn decide(&self, command: &OrderCommand, _context: &Context<'_>) -> Decision {
        match command {
            OrderCommand::Place(command) => self.place(command),
            OrderCommand::Ship => self.ship(),
            OrderCommand::Deliver => self.deliver(),
            OrderCommand::Cancel { reason } => self.cancel(*reason),
            OrderCommand::CancelIfPending { reason } => self.cancel_if_pending(*reason),
        }
    }

    fn evolve(&mut self, event: &OrderEvent, at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event, at)
    }

    fn event(event: crate::Event) -> Option<OrderEvent> {
        match event {
            crate::Event::Order(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        self.known().map(|order| order.store_id)
    }
}

impl Order {
    fn place(&self, command: &OrderPlaced) -> Decision {
        if self.known().is_some() {
            return Ok(Vec::new());
        }
        Ok(vec![command.clone().into()])
    }

    fn ship(&self) -> Decision {
        match self.status()? {
            OrderStatus::Pending => Ok(vec![OrderShipped {}.into()]),
            OrderStatus::Shipped => Ok(Vec::new()),
            status @ (OrderStatus::Delivered | OrderStatus::Canceled) => Err(OrderRejection::OrderIs { status }),
        }
    }

    fn deliver(&self) -> Decision {
        match self.status()? {
            OrderStatus::Pending => Ok(vec![OrderDelivered { was_shipped: false }.into()]),
            OrderStatus::Shipped => Ok(vec![OrderDelivered { was_shipped: true }.into()]),
            OrderStatus::Delivered => Ok(Vec::new()),
            status @ OrderStatus::Canceled => Err(OrderRejection::OrderIs { status }),
        }
    }

    fn cancel(&self, reason: CancelReason) -> Decision {
        match self.status()? {
            OrderStatus::Pending => Ok(vec![OrderCanceled { reason }.into()]),
            OrderStatus::Canceled => Ok(Vec::new()),
            status @ (OrderStatus::Shipped | OrderStatus::Delivered) => Err(OrderRejection::OrderIs { status }),
        }
    }

    /// An order that is not placed yet is refused, not passed over: it would be placed after all, and stay.
    fn cancel_if_pending(&self, reason: CancelReason) -> Decision {
        match self.status()? {
            OrderStatus::Pending => Ok(vec![OrderCanceled { reason }.into()]),
            OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Canceled => Ok(Vec::new()),
        }
    }

    fn status(&self) -> Result<OrderStatus, OrderRejection> {
        self.known().map(|order| order.status).ok_or(OrderRejection::OrderNotFound)
    }
}
