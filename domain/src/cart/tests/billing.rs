//! Billing a cart: once, for what is in it, with a coupon or without.

use super::fixtures::*;
use super::*;
use crate::billing::tests::cents;

#[test]
fn a_cart_is_billed_once() {
    let terms = terms_of(&shopping().state);
    let billed = billed(1, 1, terms.clone(), None);
    let done = shopping().when(bill(1, terms.clone())).then([billed]).and_a_repeat_gives_nothing();
    // As another invoice there is no cart left to bill.
    done.clone().when(bill(2, terms.clone())).then_rejected(CartRejection::NoCartIsOpen);
    // And an invoice's id never bills a second cart.
    let next = done.and([opened(2), added(2, 1, 1, 1)]);
    let of_next = terms_of(&next.state);
    next.clone().when(bill(1, of_next.clone())).then_nothing();
    next.clone().when(start_billing(1, of_next.clone())).then_nothing();
    next.is_impossible(fixtures::billed(2, 1, of_next, None));
}

#[test]
fn only_what_is_in_the_cart_is_billed() {
    let exact = || terms_of(&shopping().state);
    let (mut more, mut less, mut other, mut reordered) = (exact(), exact(), exact(), exact());
    more.items[0].quantity += 1;
    less.items.pop();
    other.items[1].product_id = product_id(9);
    reordered.items.reverse();
    for terms in [more, less, other, reordered] {
        shopping().when(bill(1, terms.clone())).then_rejected(CartRejection::CartHasChanged);
        shopping().when(start_billing(1, terms)).then_rejected(CartRejection::CartHasChanged);
    }
}

#[test]
fn a_billing_whose_amounts_leave_the_range_never_begins() {
    let mut terms = terms_of(&shopping().state);
    terms.items[0].unit_amount_in_cents = Cents::MAX;
    let out_of_range = CartRejection::Amount(AmountOutOfRange);
    shopping().when(bill(1, terms.clone())).then_rejected(out_of_range.clone());
    shopping().when(start_billing(1, terms)).then_rejected(out_of_range);
}

#[test]
fn with_a_coupon_the_cart_waits_for_its_answer() {
    let terms = terms_of(&shopping().state);
    let started = billing_started(1, 1, terms.clone());
    let waits = shopping().when(start_billing(1, terms.clone())).then([started]).so();
    let under_way = CartRejection::BillingUnderWay { invoice_id: invoice_id(1) };
    waits.clone().when(start_billing(1, terms.clone())).then_rejected(under_way);
    waits.when(finish_billing(1, true)).then([billed(1, 1, terms, Some(coupon_use(1)))]).and_a_repeat_gives_nothing();
}

#[test]
fn when_the_coupon_says_no_the_cart_is_open_as_before() {
    let after = waiting().when(finish_billing(1, false)).then([billing_refused(1, 1)]).and_a_repeat_gives_nothing();
    assert_eq!(after.state, shopping().state);
    // The answer of the first time stands: a yes that comes later, from wherever, bills nothing.
    after.when(finish_billing(1, true)).then_nothing();
}

#[test]
fn an_answer_to_another_billing_or_to_none_changes_nothing() {
    for state in [nothing::<Cart>(), shopping(), done(), given::<Cart>([stream_shut()])] {
        state.clone().when(finish_billing(1, true)).then_nothing();
        state.when(finish_billing(1, false)).then_nothing();
    }
    waiting().when(finish_billing(2, true)).then_nothing();
}

#[test]
fn a_discount_of_more_than_the_items_bills_nothing() {
    let all = terms_of(&shopping().state).items_total().unwrap();
    let finish = |amount: Cents| CartCommand::FinishBilling {
        invoice_id: invoice_id(1),
        answer: Ok(coupon_use(amount.get())),
        longest_title: None,
    };
    let more = all.plus(cents(1)).unwrap();
    waiting().when(finish(more)).then_rejected(CartRejection::Amount(AmountOutOfRange));
    let terms = terms_of(&shopping().state);
    waiting().when(finish(all)).then([billed(1, 1, terms, Some(coupon_use(all.get())))]);
}

#[test]
fn revisions_may_move_while_a_billing_waits() {
    let terms = terms_of(&shopping().state);
    let moved = waiting().when(refuse(1)).then([refused(1)]).so().when(revoke(2)).then([revoked(2)]).so();
    moved.when(finish_billing(1, true)).then([billed(1, 1, terms, Some(coupon_use(1)))]);
}

#[test]
fn a_billing_that_no_history_can_contain_is_impossible() {
    let terms = || terms_of(&shopping().state);
    shopping().is_impossible(billed(2, 1, terms(), None));
    shopping().is_impossible(billed(1, 1, terms(), Some(coupon_use(1))));
    shopping().is_impossible(billing_refused(1, 1));
    waiting().is_impossible(billing_refused(1, 2));
    waiting().is_impossible(billed(1, 2, terms(), Some(coupon_use(1))));
    waiting().is_impossible(billing_started(1, 2, terms()));
    done().is_impossible(billed(1, 1, terms(), None));
}

#[test]
fn what_a_client_does_not_see_changes_no_revision() {
    let hidden = [refused(1), revoked(1), billing_started(1, 1, terms_of(&Cart::None)), billing_refused(1, 1)];
    assert!(hidden.iter().all(|event| !Cart::changes_representation(event)));
    let seen = [opened(1), added(1, 1, 1, 1), closed(1, CloseReason::Closed, &[]), stream_shut()];
    assert!(seen.iter().all(Cart::changes_representation));
}

#[test]
fn an_invoice_is_paid_with_the_first_balances_alone_also_where_more_were_fixed() {
    use crate::billing::WalletRef;
    let balances = |count| (0..count).map(|number| WalletRef::Credit(crate::CreditId(id(number)))).collect::<Vec<_>>();
    let with = |count| crate::billing::BillingTerms { wallet: balances(count), ..terms_of(&shopping().state) };
    shopping().when(bill(1, with(251))).then([billed(1, 1, with(250), None)]);
    shopping().when(start_billing(1, with(251))).then([billing_started(1, 1, with(250))]);
    // Begun by a version that fixed all of them.
    let begun = shopping().and([billing_started(1, 1, with(251))]);
    begun.when(finish_billing(1, true)).then([billed(1, 1, with(250), Some(coupon_use(1)))]);
}
