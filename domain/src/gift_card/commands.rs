//! What may be asked of a gift card.

use crate::ids::*;
use crate::{Cents, Currency};

#[derive(Clone, Debug)]
pub enum GiftCardCommand {
    /// Issued already with the same content (a repeat): no event.
    Issue(IssueGiftCard),
    /// Spends what it can of `due`, once per invoice: the first answer stands, and a repeat gives no event.
    Spend { invoice_id: InvoiceId, due: Cents },
    /// The invoice failed. It spent nothing, or is reversed already: no event.
    Reverse { invoice_id: InvoiceId },
    /// Voided already: no event.
    Void,
}

#[derive(Clone, Debug)]
pub struct IssueGiftCard {
    pub gift_card_id: GiftCardId,
    pub store_id: StoreId,
    pub gifter_customer_id: CustomerId,
    pub gifter_currency: Currency,
    pub recipient_customer_id: CustomerId,
    pub recipient_currency: Currency,
    /// Above 0.
    pub amount_in_cents: Cents,
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
