//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for Claim {
    const CATEGORY: Category = Category::Claim;

    type Id = super::ClaimKey;
    type Command = ClaimCommand;
    type Event = ClaimEvent;
    type Rejection = ClaimRejection;

    fn decide(&self, _command: &ClaimCommand, _context: &Context<'_>) -> Result<Vec<ClaimEvent>, ClaimRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &ClaimEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<ClaimEvent> {
        match event {
            crate::Event::Claim(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
