//! What is stored of a coupon code.

use crate::ids::*;
use crate::macros::events;
use crate::{Cents, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponStyle {
    /// `amount` is in cents.
    #[default]
    DollarsOff,
    /// `amount` is 0–100 % of the items.
    PercentOff,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponCreated {
    pub coupon_id: CouponId,
    pub store_id: StoreId,
    /// The claim on the code, which is compared without regard to case.
    pub claim_id: ClaimId,
    /// As given.
    pub code: String,
    pub style: CouponStyle,
    pub amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    pub expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_limit: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_limit_per_customer: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_amount_in_cents: Option<Cents>,
}

/// The invoice may use the coupon. This answer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponRedeemed {
    pub redemption_id: CouponRedemptionId,
    pub invoice_id: InvoiceId,
    pub customer_id: CustomerId,
    pub amount_in_cents: Cents,
}

/// Why a coupon can't be used: the first rule that forbids it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CouponRefusal {
    #[error("there is no such coupon in force")]
    NotInForce,
    #[error("the coupon is used up")]
    UsedUp,
    #[error("the customer has used the coupon as often as allowed")]
    UsedUpForCustomer,
    #[error("the items are below the coupon's minimum")]
    MinimumNotReached,
}

/// The invoice may not use the coupon. This answer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponRefused {
    pub invoice_id: InvoiceId,
    pub reason: CouponRefusal,
}

/// The invoice failed: its use does not count any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponRedemptionReversed {
    pub redemption_id: CouponRedemptionId,
    pub invoice_id: InvoiceId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponVoided {}

/// The claim is given up: this stream must not name it any more, so that a slow creator conflicts and starts again
/// with a new one. May be the stream's first event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponClaimGivenUp {
    pub claim_id: ClaimId,
}

events! {
    /// The events of a coupon's stream.
    pub enum CouponEvent {
        CouponCreated = 1, CouponRedeemed = 1, CouponRefused = 1, CouponRedemptionReversed = 1, CouponVoided = 1,
        CouponClaimGivenUp = 1,
    }
}
