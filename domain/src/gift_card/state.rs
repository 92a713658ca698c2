//! The fold of a gift card's stream.

use super::events::{GiftCardIssued, GiftCardSource};
use crate::balance::Balance;
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
    pub issued: GiftCardIssued,
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
    /// Whether the command repeats the one that issued this card. The currency is not compared: it is the
    /// recipient's of the moment, which may have changed since, and a repeat must find its card all the same. Nor is
    /// the source of a card that was issued before events said it.
    pub fn was_issued_by(&self, command: &GiftCardIssued) -> bool {
        let source = match self.issued.source {
            GiftCardSource::Unstated => GiftCardSource::Unstated,
            GiftCardSource::Sold | GiftCardSource::Given => command.source,
        };
        self.issued == GiftCardIssued { currency: self.issued.currency, source, ..command.clone() }
    }
}
