//! What a coupon answers: the rules one by one, their precedence, and random histories against its limits.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::testing::{Given, History, NOW, decide, given, id, new_id, nothing};
use crate::{
    AmountOutOfRange, Cents, ClaimId, CouponId, CouponRedemptionId, CustomerId, Decider, InvoiceId, StoreId, Timestamp,
};
use chrono::TimeDelta;

mod histories;
mod rules;

fn cents(cents: i64) -> Cents {
    Cents::new(cents).unwrap()
}

fn customer(number: u8) -> CustomerId {
    CustomerId(id(0x100 + u128::from(number)))
}

fn invoice(number: u8) -> InvoiceId {
    InvoiceId(id(0x200 + u128::from(number)))
}

fn claim(number: u8) -> ClaimId {
    ClaimId(id(0x300 + u128::from(number)))
}

/// 10 % off, in force for an hour, without limits.
fn ten_percent() -> CouponCreated {
    CouponCreated {
        coupon_id: CouponId(id(1)),
        store_id: StoreId(id(2)),
        claim_id: claim(1),
        code: "Save10".to_owned(),
        style: CouponStyle::PercentOff,
        amount: 10,
        starts_at: None,
        expires_at: NOW.plus(TimeDelta::hours(1)),
        usage_limit: None,
        usage_limit_per_customer: None,
        minimum_amount_in_cents: None,
    }
}

fn create(coupon: CouponCreated) -> CouponCommand {
    CouponCommand::Create(CreateCoupon {
        coupon_id: coupon.coupon_id,
        store_id: coupon.store_id,
        claim_id: coupon.claim_id,
        code: coupon.code,
        style: coupon.style,
        amount: coupon.amount,
        starts_at: coupon.starts_at,
        expires_at: Some(coupon.expires_at),
        usage_limit: coupon.usage_limit,
        usage_limit_per_customer: coupon.usage_limit_per_customer,
        minimum_amount_in_cents: coupon.minimum_amount_in_cents,
    })
}

/// Customer 1 asks for items of that total.
fn redeem(number: u8, items_total: i64) -> CouponCommand {
    redeem_by(1, number, items_total)
}

fn redeem_by(by: u8, number: u8, items_total: i64) -> CouponCommand {
    CouponCommand::Redeem { invoice_id: invoice(number), customer_id: customer(by), items_total: cents(items_total) }
}

fn reverse(number: u8) -> CouponCommand {
    CouponCommand::Reverse { invoice_id: invoice(number) }
}

/// Customer 1's, with the first id that a decision is given.
fn redeemed(number: u8, amount: i64) -> CouponEvent {
    CouponRedeemed {
        redemption_id: CouponRedemptionId(new_id(0)),
        invoice_id: invoice(number),
        customer_id: customer(1),
        amount_in_cents: cents(amount),
    }
    .into()
}

fn refused(number: u8, reason: CouponRefusal) -> CouponEvent {
    CouponRefused { invoice_id: invoice(number), reason }.into()
}

fn reversed(number: u8) -> CouponEvent {
    CouponRedemptionReversed { redemption_id: CouponRedemptionId(new_id(0)), invoice_id: invoice(number) }.into()
}
