//! Gift cards, from one customer to another.

use crate::{CommandError, Commands, Done, Request};
use domain::{Cents, CustomerId, GiftCardId};

#[derive(Clone, Debug)]
pub struct NewGiftCard {
    pub gifter_customer_id: CustomerId,
    pub recipient_customer_id: CustomerId,
    /// Above 0.
    pub original_amount: Cents,
}

impl Commands {
    pub async fn issue_gift_card(&self, request: &Request, new: NewGiftCard) -> Result<Done<GiftCardId>, CommandError> {
        todo!()
    }

    /// Voids it: its balance is 0. Voided already: nothing changes.
    pub async fn void_gift_card(
        &self,
        request: &Request,
        gift_card: GiftCardId,
    ) -> Result<Done<GiftCardId>, CommandError> {
        todo!()
    }
}
