//! The fold of a coupon's stream.

use super::events::{CouponRefusal, CouponStyle};
use crate::billing::CouponUse;
use crate::ids::*;
use crate::{AmountOutOfRange, Cents, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Coupon {
    #[default]
    None,
    /// Not created, and these claims must not be named by whoever creates it.
    Awaited {
        given_up: BTreeSet<ClaimId>,
    },
    Known(Box<KnownCoupon>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Whether the claim must not be named any more.
    pub fn has_given_up(&self, claim_id: ClaimId) -> bool {
        match self {
            Coupon::None => false,
            Coupon::Awaited { given_up } => given_up.contains(&claim_id),
            Coupon::Known(coupon) => coupon.given_up.contains(&claim_id),
        }
    }
}

impl KnownCoupon {
    /// What the invoice was told, as a use of this coupon; reversed or not. `None`: it never asked.
    pub fn answer(&self, invoice_id: InvoiceId) -> Option<Result<CouponUse, CouponRefusal>> {
        Some(match self.answers.get(&invoice_id)? {
            CouponAnswer::Refused(reason) => Err(*reason),
            CouponAnswer::Redeemed { redemption_id, amount_in_cents, .. } => Ok(CouponUse {
                coupon_id: self.coupon_id,
                code: self.code.clone(),
                redemption_id: *redemption_id,
                amount_in_cents: *amount_in_cents,
            }),
        })
    }

    /// The first rule that forbids the customer to use the coupon now, for items of that total.
    pub fn refusal(&self, customer_id: CustomerId, items_total: Cents, now: Timestamp) -> Option<CouponRefusal> {
        let uses_of_customer = self.per_customer.get(&customer_id).copied().unwrap_or(0);
        if !self.in_force(now) {
            Some(CouponRefusal::NotInForce)
        } else if self.usage_limit.is_some_and(|limit| self.redemption_count >= limit) {
            Some(CouponRefusal::UsedUp)
        } else if self.usage_limit_per_customer.is_some_and(|limit| uses_of_customer >= limit) {
            Some(CouponRefusal::UsedUpForCustomer)
        } else if self.minimum_amount_in_cents.is_some_and(|minimum| items_total < minimum) {
            Some(CouponRefusal::MinimumNotReached)
        } else {
            None
        }
    }

    /// Neither voided nor expired, and begun: `starts_at` is the first instant in, `expires_at` the first one out.
    pub fn in_force(&self, now: Timestamp) -> bool {
        !self.voided && now < self.expires_at && self.starts_at.is_none_or(|start| start <= now)
    }

    /// What the coupon takes off items of that total: never more than they cost (api.md §6, 2).
    pub fn discount(&self, items_total: Cents) -> Result<Cents, AmountOutOfRange> {
        match self.style {
            CouponStyle::DollarsOff => Cents::new(self.amount).map(|amount| amount.min(items_total)),
            CouponStyle::PercentOff => {
                let percent = u32::try_from(self.amount).map_err(|_| AmountOutOfRange)?;
                items_total.percent(percent.min(100))
            }
        }
    }
}
