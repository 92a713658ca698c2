//! Events that can't follow what is known: an error that says why, and nothing is changed (`then` looks).

use crate::events::*;
use domain::credit::{CreditEvent, CreditSource};
use domain::gift_card::{GiftCardEvent, GiftCardSource};
use domain::invoice::InvoiceEvent;
use domain::{Currency, Event, InvoiceLineItemId, RefundId};
use ledger::{Document, Misfit};

fn card() -> GiftCardEvent {
    card_issued(GiftCardSource::Sold, 100).into()
}

fn credit() -> CreditEvent {
    credit_issued(CreditSource::Issued, 100).into()
}

#[track_caller]
fn misfits(
    before: &Option<Document>,
    events: impl IntoIterator<Item = Event>,
    wanted: impl Fn(&'static str) -> Misfit,
) {
    for event in events {
        assert_eq!(then(before, event.clone()), Err(wanted(event.event_type())), "{event:?}");
    }
}

#[test]
fn nothing_follows_what_was_never_issued() {
    let events = [
        card_spent(1, 99).into(),
        card_reversed(1, 100).into(),
        card_voided().into(),
        credit_spent(1, 99).into(),
        credit_reversed(1, 100).into(),
        credit_voided().into(),
        collected(2_042).into(),
        failed().into(),
        refunded(60, &[(ITEM, 1, 0)], 0).into(),
        closed(&[60]).into(),
    ];
    misfits(&None, events, |event| Misfit::NotIssued { event });
    misfits(&after([Event::from(billed())]), [collected(2_042).into()], |event| Misfit::NotIssued { event });
}

#[test]
fn nothing_is_issued_twice() {
    let repeat = |event: Event| misfits(&after([event.clone()]), [event], |event| Misfit::IssuedAlready { event });
    repeat(card().into());
    repeat(credit().into());
    repeat(invoice().into());
    repeat(billed().into());
    misfits(&after([invoice()]), [billed().into()], |event| Misfit::IssuedAlready { event });
}

#[test]
fn an_event_of_another_kind_of_object_does_not_fit() {
    let kind = |event| Misfit::OtherKind { event };
    misfits(&after([card()]), [credit_voided().into(), failed().into(), invoice().into(), billed().into()], kind);
    misfits(&after([credit()]), [card_voided().into(), closed(&[60]).into()], kind);
    misfits(&after([invoice()]), [card_voided().into(), credit_spent(1, 99).into()], kind);
}

#[test]
fn balances_are_held_to() {
    let differs = |event| Misfit::Differs { event };
    let voided = |event| Misfit::State { event, state: "voided" };
    let wrong = [card_spent(101, 0), card_spent(30, 71), card_reversed(30, 100)].map(Event::from);
    misfits(&after([card()]), wrong, differs);
    misfits(&after([card(), card_voided()]), [card_spent(1, 99).into(), card_reversed(1, 1).into()], differs);
    misfits(&after([card(), card_voided()]), [card_voided().into()], voided);
    let wrong = [credit_spent(101, 0), credit_spent(30, 71), credit_reversed(30, 100)].map(Event::from);
    misfits(&after([credit()]), wrong, differs);
    misfits(&after([credit(), credit_voided()]), [credit_voided().into()], voided);
}

#[test]
fn an_invoice_is_collected_or_fails_once_and_for_what_is_due() {
    let differs = |event| Misfit::Differs { event };
    let open = after([invoice()]);
    misfits(&open, [collected(2_041).into()], differs);
    let mut other_currency = collected(2_042);
    if let InvoiceEvent::InvoiceCollected(event) = &mut other_currency {
        event.currency = "USD".parse::<Currency>().ok();
    }
    misfits(&open, [other_currency.into()], differs);
    let refund = || refunded(60, &[(ITEM, 1, 0)], 0);
    let state = |state| move |event| Misfit::State { event, state };
    misfits(&open, [refund().into(), closed(&[60]).into()], state("open"));
    let paid = after([invoice(), collected(2_042)]);
    misfits(&paid, [collected(2_042).into(), failed().into()], state("collected"));
    let gone = after([invoice(), failed()]);
    misfits(&gone, [collected(2_042).into(), failed().into(), refund().into(), closed(&[60]).into()], state("failed"));
    let mut uneven = issued([None, None]);
    uneven.amount_due_in_cents = crate::shop::cents(1);
    misfits(&None, [InvoiceEvent::from(uneven).into()], differs);
}

#[test]
fn no_more_is_refunded_than_there_is_and_only_of_its_lines() {
    let differs = |event| Misfit::Differs { event };
    let paid = after([invoice(), collected(2_042)]);
    // More than was sold, more money than came in, more as a credit than in all, a sum that isn't one.
    let too_much = [
        refunded(60, &[(ITEM, 2_643, 0)], 2_643),
        refunded(60, &[(ITEM, 2_142, 342)], 0),
        refunded(60, &[(ITEM, 100, 0)], 101),
    ];
    misfits(&paid, too_much.map(Event::from), differs);
    let mut uneven = refunded(60, &[(ITEM, 100, 0)], 0);
    if let InvoiceEvent::RefundIssued(event) = &mut uneven {
        event.total_amount_in_cents = crate::shop::cents(99);
    }
    misfits(&paid, [uneven.into()], differs);
    let line = InvoiceLineItemId(id(99));
    misfits(&paid, [refunded(60, &[(line, 100, 0)], 0).into()], |_| Misfit::NoSuchLine { line });
    assert!(matches!(then(&paid, refunded(60, &[(ITEM, 1, 2)], 0)), Err(Misfit::Amount(_))), "more tax than in all");
    let all = refunded(60, &[(ITEM, 2_142, 342), (SHIPPING, 500, 0)], 600);
    let whole = after([invoice(), collected(2_042), all]);
    misfits(&whole, [refunded(61, &[(ITEM, 1, 0)], 1).into()], differs);
}

#[test]
fn a_refund_is_open_once_and_closed_once() {
    let open = after([invoice(), collected(2_042), refunded(60, &[(ITEM, 100, 16)], 0)]);
    let refund = RefundId(id(60));
    misfits(&open, [refunded(60, &[(ITEM, 1, 0)], 0).into()], |_| Misfit::RefundOpenAlready { refund });
    misfits(&open, [closed(&[60, 60]).into()], |_| Misfit::RefundNotOpen { refund });
    misfits(&open, [closed(&[61]).into()], |_| Misfit::RefundNotOpen { refund: RefundId(id(61)) });
    let done = after([invoice(), collected(2_042), refunded(60, &[(ITEM, 100, 16)], 0), closed(&[60])]);
    misfits(&done, [closed(&[60]).into()], |_| Misfit::RefundNotOpen { refund });
}
