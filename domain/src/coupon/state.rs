//! The fold of a coupon's stream.

use super::events::{CouponRedeemed, CouponRefusal, CouponStyle};
use crate::GivenUp;
use crate::billing::CouponUse;
use crate::ids::*;
use crate::past::{Fact, PastQuestion};
use crate::recent::Recent;
use crate::{AmountOutOfRange, Cents, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Coupon {
    #[default]
    None,
    /// Not created, and these claims must not be named by whoever creates it.
    Awaited {
        given_up: GivenUp,
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
    /// What each invoice was told. Stands for ever; the newest are kept here.
    pub answers: Recent<InvoiceId, CouponAnswer>,
    /// Those whose answer was not kept any more when it was reversed.
    pub(super) reversed_late: Recent<InvoiceId, ()>,
    #[serde(skip)]
    pub(super) uses: ToldUses,
    pub given_up: GivenUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CouponAnswer {
    Redeemed { redemption_id: CouponRedemptionId, customer_id: CustomerId, amount_in_cents: Cents, reversed: bool },
    Refused(CouponRefusal),
}

/// Uses of customers, once not all answers are kept: what the index said, and what came since. Not part of the state.
#[derive(Clone, Debug, Default)]
pub(super) struct ToldUses {
    told: HashMap<CustomerId, u64>,
    since: HashMap<CustomerId, i64>,
}

impl PartialEq for ToldUses {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ToldUses {}

impl CouponAnswer {
    pub(crate) fn of(event: &CouponRedeemed) -> Self {
        Self::Redeemed {
            redemption_id: event.redemption_id,
            customer_id: event.customer_id,
            amount_in_cents: event.amount_in_cents,
            reversed: false,
        }
    }

    /// The answer once its use was given back; `None`: there is none to give back.
    pub(crate) fn reversed(self) -> Option<Self> {
        match self {
            Self::Redeemed { redemption_id, customer_id, amount_in_cents, reversed: false } => {
                Some(Self::Redeemed { redemption_id, customer_id, amount_in_cents, reversed: true })
            }
            Self::Redeemed { reversed: true, .. } | Self::Refused(_) => None,
        }
    }

    /// Whether it is a use of the customer's that counts.
    fn counts_for(&self, customer: CustomerId) -> bool {
        matches!(self, Self::Redeemed { customer_id, reversed: false, .. } if *customer_id == customer)
    }
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
        if !self.in_force(now) {
            Some(CouponRefusal::NotInForce)
        } else if self.usage_limit.is_some_and(|limit| self.redemption_count >= limit) {
            Some(CouponRefusal::UsedUp)
        } else if self.usage_limit_per_customer.is_some_and(|limit| self.uses_of(customer_id) >= limit) {
            Some(CouponRefusal::UsedUpForCustomer)
        } else if self.minimum_amount_in_cents.is_some_and(|minimum| items_total < minimum) {
            Some(CouponRefusal::MinimumNotReached)
        } else {
            None
        }
    }

    /// The customer's uses that count, as far as they are known here (see [`Self::asks`]).
    fn uses_of(&self, customer: CustomerId) -> u64 {
        if self.answers.is_complete() {
            return self.answers.values().filter(|answer| answer.counts_for(customer)).count() as u64;
        }
        let told = self.uses.told.get(&customer).copied().unwrap_or(0);
        told.saturating_add_signed(self.uses.since.get(&customer).copied().unwrap_or(0))
    }

    /// What must be asked before the invoice can be answered, or give its use back.
    pub(super) fn asks(&self, invoice_id: InvoiceId, by: Option<CustomerId>) -> Option<PastQuestion> {
        let coupon_id = self.coupon_id;
        if self.answers.must_ask(&invoice_id) {
            return Some(PastQuestion::CouponAnswer { coupon_id, invoice_id });
        }
        let customer_id = by.filter(|_| self.usage_limit_per_customer.is_some())?;
        let is_known = self.answers.is_complete()
            || self.answers.contains_key(&invoice_id)
            || self.uses.told.contains_key(&customer_id);
        (!is_known).then_some(PastQuestion::CouponUses { coupon_id, customer_id })
    }

    pub(super) fn told(&mut self, asked: &PastQuestion, fact: Option<Fact>) {
        match (asked, fact) {
            (PastQuestion::CouponAnswer { invoice_id, .. }, Some(Fact::CouponAnswer(answer))) => {
                self.answers.tell(*invoice_id, Some(answer));
            }
            (PastQuestion::CouponAnswer { invoice_id, .. }, _) => self.answers.tell(*invoice_id, None),
            (PastQuestion::CouponUses { customer_id, .. }, Some(Fact::CouponUses(uses))) => {
                self.uses.told.insert(*customer_id, uses);
            }
            (PastQuestion::CouponUses { customer_id, .. }, _) => {
                self.uses.told.insert(*customer_id, 0);
            }
            (_, _) => {}
        }
    }

    pub(super) fn forget_told(&mut self) {
        self.answers.forget_told();
        self.uses = ToldUses::default();
    }

    /// Takes note that one more use of the customer's counts, or one less: it may not be in what was told.
    pub(super) fn note_use(&mut self, customer: CustomerId, change: i64) {
        if self.uses.told.contains_key(&customer) {
            *self.uses.since.entry(customer).or_default() += change;
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
