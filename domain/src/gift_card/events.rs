//! What is stored of a gift card.

use crate::ids::*;
use crate::macros::events;
use crate::{Cents, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a gift card came to be: whether somebody owes the store money for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GiftCardSource {
    /// The gifter pays the store for it.
    Sold,
    /// The store gives it away.
    Given,
    /// Issued before events said: nobody knows from the log.
    #[default]
    Unstated,
}

impl GiftCardSource {
    fn is_unstated(&self) -> bool {
        *self == Self::Unstated
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GiftCardIssued {
    pub gift_card_id: GiftCardId,
    pub store_id: StoreId,
    pub gifter_customer_id: CustomerId,
    pub recipient_customer_id: CustomerId,
    /// The recipient's at issue.
    pub currency: Currency,
    pub amount_in_cents: Cents,
    /// Events from before this field have none.
    #[serde(default, skip_serializing_if = "GiftCardSource::is_unstated")]
    pub source: GiftCardSource,
}

/// This much was spent on the invoice. The answer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GiftCardSpent {
    pub gift_card_spend_id: GiftCardSpendId,
    pub invoice_id: InvoiceId,
    pub amount_in_cents: Cents,
    pub remaining_balance_in_cents: Cents,
}

/// Nothing could be spent on the invoice: empty or voided. The answer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GiftCardSpendDeclined {
    pub invoice_id: InvoiceId,
}

/// The invoice failed: what it spent is back, unless the gift card was voided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GiftCardSpendReversed {
    pub gift_card_spend_id: GiftCardSpendId,
    pub invoice_id: InvoiceId,
    pub amount_in_cents: Cents,
    pub remaining_balance_in_cents: Cents,
}

/// The balance is 0 from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GiftCardVoided {}

events! {
    /// The events of a gift card's stream.
    pub enum GiftCardEvent {
        GiftCardIssued = 1, GiftCardSpent = 1, GiftCardSpendDeclined = 1, GiftCardSpendReversed = 1, GiftCardVoided = 1,
    }
}
