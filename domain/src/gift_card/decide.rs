//! The rules.

use super::*;
use crate::{Category, Context, Decider, Impossible, StoreId, Timestamp};

impl Decider for GiftCard {
    const CATEGORY: Category = Category::GiftCard;

    type Id = crate::GiftCardId;
    type Command = GiftCardCommand;
    type Event = GiftCardEvent;
    type Rejection = GiftCardRejection;

    fn decide(&self, _command: &GiftCardCommand, _context: &Context<'_>) -> Result<Vec<GiftCardEvent>, GiftCardRejection> {
        todo!()
    }

    fn evolve(&mut self, _event: &GiftCardEvent, _at: Timestamp) -> Result<(), Impossible> {
        todo!()
    }

    fn event(event: crate::Event) -> Option<GiftCardEvent> {
        match event {
            crate::Event::GiftCard(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        todo!()
    }
}
