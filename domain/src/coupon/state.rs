//! The fold of a coupon's stream.

use super::events::{CouponRefusal, CouponStyle};
use crate::ids::*;
use crate::{Cents, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Coupon {
    #[default]
    None,
    /// Not created, and these claims must not be named by whoever creates it.
    Awaited { given_up: BTreeSet<ClaimId> },
    Known(Box<KnownCoupon>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KnownCoupon {
    pub coupon_id: CouponId,
    pub store_id: StoreId,
    pub claim_id: ClaimId,
    pub code: String,
    pub style: CouponStyle,
    pub amount: i64,
    pub starts_at: Option<Timestamp>,
    pub expires_at: Timestamp,
    pub usage_limit: Option<u64>,
    pub usage_limit_per_customer: Option<u64>,
    pub minimum_amount_in_cents: Option<Cents>,
    pub voided: bool,
    /// Uses that count.
    pub redemption_count: u64,
    /// Uses that count, of each customer.
    pub per_customer: HashMap<CustomerId, u64>,
    /// What each invoice was told. Stands for ever.
    pub answers: HashMap<InvoiceId, CouponAnswer>,
    pub given_up: BTreeSet<ClaimId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CouponAnswer {
    Redeemed { redemption_id: CouponRedemptionId, customer_id: CustomerId, amount_in_cents: Cents, reversed: bool },
    Refused(CouponRefusal),
}

impl Coupon {
    pub fn known(&self) -> Option<&KnownCoupon> {
        match self {
            Coupon::Known(coupon) => Some(coupon),
            Coupon::None | Coupon::Awaited { .. } => None,
        }
    }

    /// Whether the coupon names the claim, voided or not: its code stays taken.
    pub fn names_claim(&self, claim_id: ClaimId) -> bool {
        self.known().is_some_and(|coupon| coupon.claim_id == claim_id)
    }
}
