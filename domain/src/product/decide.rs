//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for Product {
    const CATEGORY: Category = Category::Product;

    type Id = crate::ProductId;
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Rejection = ProductRejection;

    fn decide(&self, _command: &ProductCommand, _context: &Context<'_>) -> Result<Vec<ProductEvent>, ProductRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &ProductEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<ProductEvent> {
        match event {
            crate::Event::Product(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
