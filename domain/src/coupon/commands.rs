//! What may be asked of a coupon code.

use super::events::CouponStyle;
use crate::ids::*;
use crate::{AmountOutOfRange, Cents, Timestamp};

#[derive(Clone, Debug)]
pub enum CouponCommand {
    Create(CreateCoupon),
    /// Asks once per invoice: the first answer stands, and a repeat gives no event.
    Redeem {
        invoice_id: InvoiceId,
        customer_id: CustomerId,
        items_total: Cents,
    },
    /// The invoice failed. Not redeemed by it, or reversed already: no event.
    Reverse {
        invoice_id: InvoiceId,
    },
    /// Voided already: no event.
    Void,
    /// Also before the coupon exists. Given up already, or named by the coupon, and so not to be given up: no event.
    GiveUpClaim {
        claim_id: ClaimId,
    },
}

#[derive(Clone, Debug)]
pub struct CreateCoupon {
    pub coupon_id: CouponId,
    pub store_id: StoreId,
    pub claim_id: ClaimId,
    pub code: String,
    pub style: CouponStyle,
    /// Cents, or 0–100 percent.
    pub amount: i64,
    pub starts_at: Option<Timestamp>,
    /// After `starts_at`. `None`: 30 days from then, or from now where it has started.
    pub expires_at: Option<Timestamp>,
    pub usage_limit: Option<u64>,
    pub usage_limit_per_customer: Option<u64>,
    pub minimum_amount_in_cents: Option<Cents>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CouponRejection {
    #[error("there is no such coupon")]
    CouponNotFound,
    #[error("the coupon exists already")]
    CouponExists,
    #[error("claim {claim_id} was given up")]
    ClaimGivenUp { claim_id: ClaimId },
    #[error("a percentage must be within 0 to 100")]
    PercentOutOfRange,
    #[error(transparent)]
    Amount(#[from] AmountOutOfRange),
    #[error("must be after 'starts_at'")]
    EndsBeforeItStarts,
}
