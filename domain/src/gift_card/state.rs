//! The fold of a gift card's stream.

use crate::Currency;
use crate::balance::Balance;
use crate::ids::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum GiftCard {
    #[default]
    None,
    Known(Box<KnownGiftCard>),
}

/// A gift card, also once voided.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
