//! What an invoice does: its amounts, its ends, its refunds, and random histories that never give back too much.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::billing::tests::{any_terms, cents, terms, with_shipping};
use crate::billing::{BillingTerms, CouponUse};
use crate::testing::{Given, History, NOW, decide, given, id, new_id, nothing};
use crate::{
    AmountOutOfRange, CartId, Cents, CouponId, CouponRedemptionId, CreditId, CreditRedemptionId, CustomerId,
    GiftCardId, GiftCardSpendId, InvoiceId, InvoiceLineItemId, RefundId, RefundLineItemId, StoreId,
};
use chrono::NaiveDate;

mod histories;
mod issuing;
mod precedence;
mod refunds;

/// What to issue: terms, what a coupon takes off, what a gift card and a credit pay.
#[derive(Clone, Debug)]
struct Bill {
    terms: BillingTerms,
    discount: Option<Cents>,
    gift_card: i64,
    credit: i64,
}

/// Paid with money alone.
fn bill(terms: BillingTerms) -> Bill {
    Bill { terms, discount: None, gift_card: 0, credit: 0 }
}

fn issue(bill: &Bill) -> InvoiceCommand {
    let coupon = bill.discount.map(|amount_in_cents| CouponUse {
        coupon_id: CouponId(id(10)),
        code: "SAVE".to_owned(),
        redemption_id: CouponRedemptionId(id(11)),
        amount_in_cents,
    });
    let gift_card = GiftCardSpend {
        gift_card_spend_id: GiftCardSpendId(id(12)),
        gift_card_id: GiftCardId(id(13)),
        amount_in_cents: cents(bill.gift_card),
        remaining_balance_in_cents: Cents::ZERO,
    };
    let credit = CreditRedemption {
        credit_redemption_id: CreditRedemptionId(id(14)),
        credit_id: CreditId(id(15)),
        amount_in_cents: cents(bill.credit),
        remaining_balance_in_cents: Cents::ZERO,
    };
    InvoiceCommand::Issue(Box::new(IssueInvoice {
        invoice_id: InvoiceId(id(1)),
        store_id: StoreId(id(2)),
        customer_id: CustomerId(id(3)),
        cart_id: CartId(id(4)),
        terms: bill.terms.clone(),
        coupon,
        gift_card_spends: (bill.gift_card > 0).then_some(gift_card).into_iter().collect(),
        credit_redemptions: (bill.credit > 0).then_some(credit).into_iter().collect(),
        issued_on: day(),
    }))
}

fn issued(bill: &Bill) -> InvoiceIssued {
    let events = decide(&Invoice::None, &issue(bill), NOW).unwrap();
    match events.into_iter().next() {
        Some(InvoiceEvent::InvoiceIssued(event)) => event,
        other => panic!("no invoice was issued but {other:?}"),
    }
}

fn open(bill: &Bill) -> Given<Invoice> {
    given::<Invoice>([issued(bill)])
}

fn collected(bill: &Bill) -> Given<Invoice> {
    let open = open(bill);
    let events = decide(&open.state, &InvoiceCommand::Collect, NOW).unwrap();
    open.and(events)
}

/// The line of the terms' item with that number.
fn line(number: u8) -> InvoiceLineItemId {
    InvoiceLineItemId(id(0x1000 + u128::from(number)))
}

/// On which all is issued.
fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day")
}

fn refund_id(number: u8) -> RefundId {
    RefundId(id(0x500 + u128::from(number)))
}

fn refund(number: u8, what: RefundRequest) -> InvoiceCommand {
    InvoiceCommand::Refund(IssueRefund { refund_id: refund_id(number), what, as_credit: false, issued_on: day() })
}

fn amount(amount: i64) -> RefundRequest {
    RefundRequest::Amount(cents(amount))
}

fn lines(lines: &[(u8, Option<i64>)]) -> RefundRequest {
    RefundRequest::Lines(lines.iter().map(|(number, amount)| (line(*number), amount.map(cents))).collect())
}

fn exceeds(left: i64, asked: i64) -> InvoiceRejection {
    InvoiceRejection::RefundExceedsRemainder { left: cents(left), asked: cents(asked) }
}
