//! What may be asked of a gift card.

use super::events::GiftCardIssued;
use crate::ids::*;
use crate::{Cents, Currency};

#[derive(Clone, Debug)]
pub enum GiftCardCommand {
    /// Of an amount above 0, in the recipient's currency, which must be the gifter's too. Issued already with the same content (a
    /// repeat): no event.
    Issue { issued: GiftCardIssued, gifter_currency: Currency },
    /// Spends what it can of `due`, once per invoice: the first answer stands, and a repeat gives no event.
    Spend { invoice_id: InvoiceId, due: Cents },
    /// The invoice failed. It spent nothing, or is reversed already: no event.
    Reverse { invoice_id: InvoiceId },
    /// Voided already: no event.
    Void,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GiftCardRejection {
    #[error("there is no such gift card")]
    GiftCardNotFound,
    #[error("the gift card exists already")]
    GiftCardExists,
    #[error("the gifter pays in {gifter}, the recipient in {recipient}")]
    CurrencyMismatch { gifter: Currency, recipient: Currency },
}
