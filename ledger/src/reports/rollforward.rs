//! How a balance that is owed came from what it was to what it is: gift cards and credits alike.

use super::period::Place;
use crate::MoneyEvent;

/// In minor units; none is below zero where entries come from events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rollforward {
    pub opening: i128,
    pub issued: i128,
    pub spent: i128,
    pub returned: i128,
    pub voided: i128,
}

impl Rollforward {
    /// A posting to the account of the balance: `owed` more of it, or, below zero, less.
    pub fn add(&mut self, place: Place, event: MoneyEvent, owed: i128) {
        match (place, event) {
            (Place::After, _) => {}
            (Place::Before, _) => self.opening += owed,
            (Place::Within, MoneyEvent::GiftCardIssued | MoneyEvent::CreditIssued) => self.issued += owed,
            (Place::Within, MoneyEvent::GiftCardSpent | MoneyEvent::CreditSpent) => self.spent -= owed,
            (Place::Within, MoneyEvent::GiftCardSpendReversed | MoneyEvent::CreditSpendReversed) => {
                self.returned += owed
            }
            (Place::Within, MoneyEvent::GiftCardVoided | MoneyEvent::CreditVoided) => self.voided -= owed,
            // None of them posts to such an account; one that did would show as a control that disagrees.
            (
                Place::Within,
                MoneyEvent::InvoiceIssued
                | MoneyEvent::InvoiceCollected
                | MoneyEvent::InvoiceFailed
                | MoneyEvent::RefundIssued
                | MoneyEvent::RefundsClosed,
            ) => {}
        }
    }

    pub fn closing(&self) -> i128 {
        self.opening + self.issued - self.spent + self.returned - self.voided
    }
}
