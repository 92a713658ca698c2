//! How what states don't keep of the past follows from events: it can be filled again from the log alone.
//!
//! What can be asked, and under which key an index keeps it, stands in `facts`. Where the index is, doesn't.

use crate::Cents;
use crate::Event;
use crate::cart::CartEvent;
use crate::coupon::{CouponAnswer, CouponEvent};
use crate::credit::CreditEvent;
use crate::customer::CustomerEvent;
pub use crate::facts::{Fact, PastQuestion, SpendAnswer};
use crate::gift_card::GiftCardEvent;
use crate::ids::*;
use crate::invoice::InvoiceEvent;
use uuid::Uuid;

impl PastQuestion {
    /// What an event of the stream that ends with this id tells of.
    pub fn answered_by(stream: Uuid, event: &Event) -> Vec<PastQuestion> {
        let spend = |invoice_id: InvoiceId| vec![PastQuestion::Spend { balance: stream, invoice_id }];
        let coupon =
            |invoice_id: InvoiceId| vec![PastQuestion::CouponAnswer { coupon_id: CouponId(stream), invoice_id }];
        match event {
            Event::Cart(CartEvent::CartClosed(event)) => vec![PastQuestion::EndedCart { cart_id: event.cart_id }],
            Event::Cart(CartEvent::CartBilled(event)) => {
                vec![
                    PastQuestion::EndedCart { cart_id: event.cart_id },
                    PastQuestion::BilledCart { invoice_id: event.invoice_id },
                ]
            }
            Event::Coupon(CouponEvent::CouponRedeemed(event)) => coupon(event.invoice_id),
            Event::Coupon(CouponEvent::CouponRefused(event)) => coupon(event.invoice_id),
            Event::Coupon(CouponEvent::CouponRedemptionReversed(event)) => coupon(event.invoice_id),
            Event::GiftCard(GiftCardEvent::GiftCardSpent(event)) => spend(event.invoice_id),
            Event::GiftCard(GiftCardEvent::GiftCardSpendDeclined(event)) => spend(event.invoice_id),
            Event::GiftCard(GiftCardEvent::GiftCardSpendReversed(event)) => spend(event.invoice_id),
            Event::Credit(CreditEvent::CreditSpent(event)) => spend(event.invoice_id),
            Event::Credit(CreditEvent::CreditSpendDeclined(event)) => spend(event.invoice_id),
            Event::Credit(CreditEvent::CreditSpendReversed(event)) => spend(event.invoice_id),
            Event::Invoice(InvoiceEvent::RefundIssued(event)) => {
                vec![PastQuestion::Refund { refund_id: event.refund_id }]
            }
            Event::Customer(CustomerEvent::CustomerCreated(event)) => {
                vec![PastQuestion::AddedEmail { claim_id: event.claim_id }]
            }
            Event::Customer(CustomerEvent::CustomerEmailAdded(event)) => {
                vec![PastQuestion::AddedEmail { claim_id: event.claim_id }]
            }
            _ => Vec::new(),
        }
    }
}

impl Fact {
    /// The fact asked for, after an event at that revision of its stream; `None` where the event can't follow.
    pub fn after(before: Option<Fact>, asked: &PastQuestion, event: &Event, revision: u64) -> Option<Fact> {
        match (before, asked) {
            (None, PastQuestion::EndedCart { .. }) => ended_cart(event, revision),
            (None, PastQuestion::BilledCart { .. }) => match event {
                Event::Cart(CartEvent::CartBilled(event)) => Some(Fact::BilledCart { cart_id: event.cart_id }),
                _ => None,
            },
            (None, PastQuestion::Refund { .. }) => Some(Fact::Refund),
            (None, PastQuestion::AddedEmail { .. }) => Some(Fact::AddedEmail { revision }),
            (None, PastQuestion::CouponAnswer { .. }) => first_coupon_answer(event),
            (Some(Fact::CouponAnswer(answer)), PastQuestion::CouponAnswer { .. }) => coupon_reversed(answer, event),
            (None, PastQuestion::Spend { .. }) => first_spend(event),
            (Some(Fact::Spend(spend)), PastQuestion::Spend { .. }) => spend_reversed(spend, event),
            (Some(_), _) | (None, PastQuestion::CouponUses { .. }) => None,
        }
    }
}

fn ended_cart(event: &Event, revision: u64) -> Option<Fact> {
    match event {
        Event::Cart(CartEvent::CartClosed(_)) => Some(Fact::EndedCart { invoice_id: None, revision }),
        Event::Cart(CartEvent::CartBilled(event)) => {
            Some(Fact::EndedCart { invoice_id: Some(event.invoice_id), revision })
        }
        _ => None,
    }
}

fn first_coupon_answer(event: &Event) -> Option<Fact> {
    let Event::Coupon(event) = event else { return None };
    match event {
        CouponEvent::CouponRedeemed(event) => Some(Fact::CouponAnswer(CouponAnswer::of(event))),
        CouponEvent::CouponRefused(event) => Some(Fact::CouponAnswer(CouponAnswer::Refused(event.reason))),
        CouponEvent::CouponCreated(_)
        | CouponEvent::CouponRedemptionReversed(_)
        | CouponEvent::CouponVoided(_)
        | CouponEvent::CouponClaimGivenUp(_) => None,
    }
}

fn coupon_reversed(answer: CouponAnswer, event: &Event) -> Option<Fact> {
    let Event::Coupon(CouponEvent::CouponRedemptionReversed(_)) = event else { return None };
    answer.reversed().map(Fact::CouponAnswer)
}

fn first_spend(event: &Event) -> Option<Fact> {
    let spent = |spend_id, amount, remaining| SpendAnswer { spend_id, amount, remaining, reversed: false };
    // What a balance had left that gave nothing, nobody asks.
    let declined = spent(Uuid::nil(), Cents::ZERO, Cents::ZERO);
    Some(Fact::Spend(match event {
        Event::GiftCard(GiftCardEvent::GiftCardSpent(event)) => {
            spent(event.gift_card_spend_id.0, event.amount_in_cents, event.remaining_balance_in_cents)
        }
        Event::Credit(CreditEvent::CreditSpent(event)) => {
            spent(event.credit_redemption_id.0, event.amount_in_cents, event.remaining_balance_in_cents)
        }
        Event::GiftCard(GiftCardEvent::GiftCardSpendDeclined(_))
        | Event::Credit(CreditEvent::CreditSpendDeclined(_)) => declined,
        _ => return None,
    }))
}

fn spend_reversed(spend: SpendAnswer, event: &Event) -> Option<Fact> {
    match event {
        Event::GiftCard(GiftCardEvent::GiftCardSpendReversed(_))
        | Event::Credit(CreditEvent::CreditSpendReversed(_))
            if !spend.reversed =>
        {
            Some(Fact::Spend(SpendAnswer { reversed: true, ..spend }))
        }
        _ => None,
    }
}
