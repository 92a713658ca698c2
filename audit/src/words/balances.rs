//! Gift cards, credits and coupons.

use super::super::amounts::Amounts;
use domain::Cents;
use domain::coupon::{CouponEvent, CouponStyle};
use domain::credit::{CreditEvent, CreditSource};
use domain::gift_card::{GiftCardEvent, GiftCardSource};

pub fn gift_card(event: &GiftCardEvent, amounts: Amounts) -> String {
    match event {
        GiftCardEvent::GiftCardIssued(event) => {
            let how = match event.source {
                GiftCardSource::Sold => ", sold",
                GiftCardSource::Given => ", given by the store",
                GiftCardSource::Unstated => "",
            };
            format!(
                "gift card of {} issued by customer {} to customer {}{how}",
                amounts.show(event.amount_in_cents),
                event.gifter_customer_id,
                event.recipient_customer_id
            )
        }
        GiftCardEvent::GiftCardSpent(event) => format!(
            "{} spent on invoice {}, {} left",
            amounts.show(event.amount_in_cents),
            event.invoice_id,
            amounts.show(event.remaining_balance_in_cents)
        ),
        GiftCardEvent::GiftCardSpendDeclined(event) => format!("nothing to spend on invoice {}", event.invoice_id),
        GiftCardEvent::GiftCardSpendReversed(event) => format!(
            "{} back from failed invoice {}, {} left",
            amounts.show(event.amount_in_cents),
            event.invoice_id,
            amounts.show(event.remaining_balance_in_cents)
        ),
        GiftCardEvent::GiftCardVoided(_) => "voided: the balance is 0".to_owned(),
    }
}

pub fn credit(event: &CreditEvent, amounts: Amounts) -> String {
    match event {
        CreditEvent::CreditIssued(event) => {
            let why = match event.source {
                CreditSource::Issued => String::new(),
                CreditSource::Refund { invoice_id, refund_id } => {
                    format!(" for refund {refund_id} of invoice {invoice_id}")
                }
                CreditSource::Batch { job_id } => format!(" by job {job_id} for every customer"),
            };
            format!("credit of {} issued to customer {}{why}", amounts.show(event.amount_in_cents), event.customer_id)
        }
        CreditEvent::CreditSpent(event) => format!(
            "{} spent on invoice {}, {} left",
            amounts.show(event.amount_in_cents),
            event.invoice_id,
            amounts.show(event.remaining_balance_in_cents)
        ),
        CreditEvent::CreditSpendDeclined(event) => format!("nothing to spend on invoice {}", event.invoice_id),
        CreditEvent::CreditSpendReversed(event) => format!(
            "{} back from failed invoice {}, {} left",
            amounts.show(event.amount_in_cents),
            event.invoice_id,
            amounts.show(event.remaining_balance_in_cents)
        ),
        CreditEvent::CreditVoided(_) => "voided: the balance is 0".to_owned(),
    }
}

pub fn coupon(event: &CouponEvent, amounts: Amounts) -> String {
    match event {
        CouponEvent::CouponCreated(event) => {
            let off = match event.style {
                CouponStyle::DollarsOff => {
                    Cents::new(event.amount).map_or(event.amount.to_string(), |cents| amounts.show(cents))
                }
                CouponStyle::PercentOff => format!("{} %", event.amount),
            };
            format!("coupon '{}' created: {off} off, until {}", event.code, event.expires_at)
        }
        CouponEvent::CouponRedeemed(event) => format!(
            "used by customer {} on invoice {}: {} off",
            event.customer_id,
            event.invoice_id,
            amounts.show(event.amount_in_cents)
        ),
        CouponEvent::CouponRefused(event) => format!("refused to invoice {}: {}", event.invoice_id, event.reason),
        CouponEvent::CouponRedemptionReversed(event) => {
            format!("use on failed invoice {} taken back", event.invoice_id)
        }
        CouponEvent::CouponVoided(_) => "voided".to_owned(),
        CouponEvent::CouponClaimGivenUp(event) => {
            format!("an attempt to create the coupon given up (claim {})", event.claim_id)
        }
    }
}
