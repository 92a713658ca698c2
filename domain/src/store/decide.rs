//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for Store {
    const CATEGORY: Category = Category::Store;

    type Id = crate::StoreId;
    type Command = StoreCommand;
    type Event = StoreEvent;
    type Rejection = StoreRejection;

    fn decide(&self, _command: &StoreCommand, _context: &Context<'_>) -> Result<Vec<StoreEvent>, StoreRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &StoreEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<StoreEvent> {
        match event {
            crate::Event::Store(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
