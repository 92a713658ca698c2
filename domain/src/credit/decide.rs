//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for Credit {
    const CATEGORY: Category = Category::Credit;

    type Id = crate::CreditId;
    type Command = CreditCommand;
    type Event = CreditEvent;
    type Rejection = CreditRejection;

    fn decide(&self, _command: &CreditCommand, _context: &Context<'_>) -> Result<Vec<CreditEvent>, CreditRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &CreditEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<CreditEvent> {
        match event {
            crate::Event::Credit(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
