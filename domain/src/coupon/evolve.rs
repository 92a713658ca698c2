//! The fold: what each event makes of the state. An answer that follows another to the same invoice is [`Impossible`].

use super::*;
use crate::GivenUp;
use crate::recent::Recent;
use crate::{ClaimId, Impossible, InvoiceId, Timestamp};

pub(super) fn evolve(state: &mut Coupon, event: &CouponEvent, _at: Timestamp) -> Result<(), Impossible> {
    let impossible = Impossible { event: event.event_type(), state: word(state) };
    let folded = match event {
        CouponEvent::CouponCreated(event) => created(state, event),
        CouponEvent::CouponRedeemed(event) => known(state).and_then(|coupon| redeemed(coupon, event)),
        CouponEvent::CouponRefused(event) => {
            known(state).and_then(|coupon| answer(coupon, event.invoice_id, CouponAnswer::Refused(event.reason)))
        }
        CouponEvent::CouponRedemptionReversed(event) => known(state).and_then(|coupon| reversed(coupon, event)),
        CouponEvent::CouponVoided(_) => known(state).and_then(voided),
        CouponEvent::CouponClaimGivenUp(event) => claim_given_up(state, event.claim_id),
    };
    folded.ok_or(impossible)
}

fn created(state: &mut Coupon, event: &CouponCreated) -> Option<()> {
    let given_up = match state {
        Coupon::None => GivenUp::default(),
        Coupon::Awaited { given_up } if given_up.forbids(&event.claim_id) => return None,
        Coupon::Awaited { given_up } => std::mem::take(given_up),
        Coupon::Known(_) => return None,
    };
    *state = Coupon::Known(Box::new(KnownCoupon {
        coupon_id: event.coupon_id,
        store_id: event.store_id,
        claim_id: event.claim_id,
        code: event.code.clone(),
        style: event.style,
        amount: event.amount,
        starts_at: event.starts_at,
        expires_at: event.expires_at,
        usage_limit: event.usage_limit,
        usage_limit_per_customer: event.usage_limit_per_customer,
        minimum_amount_in_cents: event.minimum_amount_in_cents,
        voided: false,
        redemption_count: 0,
        answers: Recent::default(),
        reversed_late: Recent::default(),
        uses: Default::default(),
        given_up,
    }));
    Some(())
}

fn redeemed(coupon: &mut KnownCoupon, event: &CouponRedeemed) -> Option<()> {
    answer(coupon, event.invoice_id, CouponAnswer::of(event))?;
    coupon.redemption_count += 1;
    coupon.note_use(event.customer_id, 1);
    Some(())
}

/// The first answer to an invoice stands.
fn answer(coupon: &mut KnownCoupon, invoice_id: InvoiceId, answer: CouponAnswer) -> Option<()> {
    if coupon.answers.kept(&invoice_id).is_some() {
        return None;
    }
    coupon.answers.insert(invoice_id, answer);
    Some(())
}

fn reversed(coupon: &mut KnownCoupon, event: &CouponRedemptionReversed) -> Option<()> {
    let left = coupon.redemption_count.checked_sub(1)?;
    match coupon.answers.kept(&event.invoice_id).copied() {
        Some(answer @ CouponAnswer::Redeemed { redemption_id, customer_id, .. })
            if redemption_id == event.redemption_id =>
        {
            coupon.answers.insert(event.invoice_id, answer.reversed()?);
            coupon.note_use(customer_id, -1);
        }
        Some(_) => return None,
        // Whoever decided it asked the index.
        None if !coupon.answers.is_complete() && !coupon.reversed_late.contains_key(&event.invoice_id) => {
            coupon.reversed_late.insert(event.invoice_id, ());
        }
        None => return None,
    }
    coupon.redemption_count = left;
    Some(())
}

fn voided(coupon: &mut KnownCoupon) -> Option<()> {
    let first = !coupon.voided;
    coupon.voided = true;
    first.then_some(())
}

fn claim_given_up(state: &mut Coupon, claim_id: ClaimId) -> Option<()> {
    match state {
        Coupon::None => *state = Coupon::Awaited { given_up: claim_id.into() },
        Coupon::Awaited { given_up } => return given_up.insert(claim_id).then_some(()),
        Coupon::Known(coupon) if coupon.claim_id == claim_id => return None,
        Coupon::Known(coupon) => return coupon.given_up.insert(claim_id).then_some(()),
    }
    Some(())
}

fn known(state: &mut Coupon) -> Option<&mut KnownCoupon> {
    match state {
        Coupon::Known(coupon) => Some(coupon),
        Coupon::None | Coupon::Awaited { .. } => None,
    }
}

fn word(state: &Coupon) -> &'static str {
    match state {
        Coupon::None => "none",
        Coupon::Awaited { .. } => "awaited",
        Coupon::Known(coupon) if coupon.voided => "voided",
        Coupon::Known(_) => "in use",
    }
}
