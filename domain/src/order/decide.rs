//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for Order {
    const CATEGORY: Category = Category::Order;

    type Id = crate::OrderId;
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Rejection = OrderRejection;

    fn decide(&self, _command: &OrderCommand, _context: &Context<'_>) -> Result<Vec<OrderEvent>, OrderRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &OrderEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<OrderEvent> {
        match event {
            crate::Event::Order(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
