//! The fold of a gift card's stream.

use super::commands::IssueGiftCard;
use crate::Currency;
use crate::balance::Balance;
use crate::ids::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GiftCard {
    #[default]
    None,
    Known(Box<KnownGiftCard>),
}

/// A gift card, also once voided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownGiftCard {
    pub gift_card_id: GiftCardId,
    pub store_id: StoreId,
    pub gifter_customer_id: CustomerId,
    pub recipient_customer_id: CustomerId,
    pub currency: Currency,
    pub balance: Balance,
}

impl GiftCard {
    pub fn known(&self) -> Option<&KnownGiftCard> {
        match self {
            GiftCard::Known(card) => Some(card),
            GiftCard::None => None,
        }
    }
}

impl KnownGiftCard {
    /// Whether the command repeats the one that issued this card. The currencies are not compared: they are the
    /// customers' of the moment, which may have changed since, and a repeat must find its card all the same.
    pub fn was_issued_by(&self, command: &IssueGiftCard) -> bool {
        self.gift_card_id == command.gift_card_id
            && self.store_id == command.store_id
            && self.gifter_customer_id == command.gifter_customer_id
            && self.recipient_customer_id == command.recipient_customer_id
            && self.balance.original == command.amount_in_cents
    }
}
