//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for Cart {
    const CATEGORY: Category = Category::Cart;

    type Id = crate::CustomerId;
    type Command = CartCommand;
    type Event = CartEvent;
    type Rejection = CartRejection;

    fn decide(&self, _command: &CartCommand, _context: &Context<'_>) -> Result<Vec<CartEvent>, CartRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &CartEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<CartEvent> {
        match event {
            crate::Event::Cart(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
