//! What is stored of a store credit.

use crate::ids::*;
use crate::macros::events;
use crate::{Cents, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a credit came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum CreditSource {
    Issued,
    Refund { invoice_id: InvoiceId, refund_id: RefundId },
    Batch { job_id: JobId },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditIssued {
    pub credit_id: CreditId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub amount_in_cents: Cents,
    #[serde(flatten)]
    pub source: CreditSource,
}

/// This much was spent on the invoice. The answer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditSpent {
    pub credit_redemption_id: CreditRedemptionId,
    pub invoice_id: InvoiceId,
    pub amount_in_cents: Cents,
    pub remaining_balance_in_cents: Cents,
}

/// Nothing could be spent on the invoice: empty or voided. The answer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditSpendDeclined {
    pub invoice_id: InvoiceId,
}

/// The invoice failed: what it spent is back, unless the credit was voided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditSpendReversed {
    pub credit_redemption_id: CreditRedemptionId,
    pub invoice_id: InvoiceId,
    pub amount_in_cents: Cents,
    pub remaining_balance_in_cents: Cents,
}

/// The balance is 0 from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditVoided {}

events! {
    /// The events of a credit's stream.
    pub enum CreditEvent {
        CreditIssued = 1, CreditSpent = 1, CreditSpendDeclined = 1, CreditSpendReversed = 1, CreditVoided = 1,
    }
}
