//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for Invoice {
    const CATEGORY: Category = Category::Invoice;

    type Id = crate::InvoiceId;
    type Command = InvoiceCommand;
    type Event = InvoiceEvent;
    type Rejection = InvoiceRejection;

    fn decide(&self, _command: &InvoiceCommand, _context: &Context<'_>) -> Result<Vec<InvoiceEvent>, InvoiceRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &InvoiceEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<InvoiceEvent> {
        match event {
            crate::Event::Invoice(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
