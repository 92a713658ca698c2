//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for Customer {
    const CATEGORY: Category = Category::Customer;
    const SNAPSHOTS: bool = false;

    type Id = crate::CustomerId;
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Rejection = CustomerRejection;

    fn decide(&self, _command: &CustomerCommand, _context: &Context<'_>) -> Result<Vec<CustomerEvent>, CustomerRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &CustomerEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<CustomerEvent> {
        match event {
            crate::Event::Customer(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
