//! Opening, filling and ending a cart.

use super::fixtures::*;
use super::*;
use crate::CartItemId;
use crate::limits::{MAX_CART_LINES, MAX_LINE_QUANTITY};
use chrono::TimeDelta;

#[test]
fn a_new_cart_closes_the_open_one_and_gives_its_stock_back() {
    nothing::<Cart>().when(open(1)).then([opened(1)]).and_a_repeat_gives_nothing();
    let replaced = closed(1, CloseReason::Replaced, &[(1, 2), (2, 3)]);
    shopping().when(open(2)).then([replaced, opened(2)]).and_a_repeat_gives_nothing();
}

#[test]
fn a_cart_never_opens_twice_under_its_id() {
    let ended = shopping().and([closed(1, CloseReason::Closed, &[])]);
    ended.clone().when(open(1)).then_nothing();
    ended.clone().when(add(1, &[(1, 1)])).then_rejected(CartRejection::CartHasEnded { cart_id: cart_id(1) });
    ended.is_impossible(opened(1));
    // Also not when others were opened since.
    let later = ended.and([opened(2), closed(2, CloseReason::Closed, &[]), opened(3)]);
    later.clone().when(open(1)).then_nothing();
    later.and([closed(3, CloseReason::Closed, &[])]).when(open(2)).then_nothing();
}

#[test]
fn adding_opens_a_cart_once_and_adds_up_a_product_that_is_named_twice() {
    let first = CartItemId(new_id(0));
    let second = CartItemId(new_id(1));
    nothing::<Cart>()
        .when(add(1, &[(7, 2), (8, 1), (7, 3)]))
        .then([opened(1), added_as(1, first, 7, 5, 5), added_as(1, second, 8, 1, 1)])
        .so()
        .when(add(1, &[(7, 1), (7, 1)]))
        .then([added_as(1, first, 7, 2, 7)]);
}

#[test]
fn adding_nothing_opens_nothing() {
    nothing::<Cart>().when(add(1, &[])).then_nothing();
    shopping().when(add(1, &[])).then_nothing();
}

#[test]
fn a_lines_quantity_stays_within_its_limits_after_the_change() {
    let out_of_range = || CartRejection::QuantityOutOfRange { product_id: product_id(1) };
    shopping().when(add(1, &[(1, MAX_LINE_QUANTITY - 2)])).then([added(1, 1, 9_998, MAX_LINE_QUANTITY)]);
    shopping().when(add(1, &[(1, MAX_LINE_QUANTITY - 1)])).then_rejected(out_of_range());
    shopping().when(add(1, &[(1, 5_000), (2, 1), (1, 5_000)])).then_rejected(out_of_range());
    shopping().when(add(1, &[(1, u32::MAX), (1, u32::MAX)])).then_rejected(out_of_range());
    shopping().when(add(1, &[(2, 1), (1, 0)])).then_rejected(out_of_range());
    shopping().when(set(1, 0)).then_rejected(out_of_range());
    shopping().when(set(1, MAX_LINE_QUANTITY + 1)).then_rejected(out_of_range());
    shopping().when(set(1, MAX_LINE_QUANTITY)).then([quantity_set(1, 1, MAX_LINE_QUANTITY, 2)]);
}

#[test]
fn a_cart_has_room_for_a_thousand_lines_and_more_of_what_is_in_it() {
    let full = given::<Cart>(std::iter::once(opened(1)).chain((0..MAX_CART_LINES).map(line)));
    full.clone().when(add(1, &[(9, 1)])).then_rejected(CartRejection::CartIsFull);
    let more = match add(1, &[(0, 1)]) {
        CartCommand::AddItems { cart_id, customer_id, store_id, mut items } => {
            items[0].product_id = ProductId(id(0x9000));
            CartCommand::AddItems { cart_id, customer_id, store_id, items }
        }
        other => other,
    };
    assert!(crate::testing::decide(&full.state, &more, NOW).is_ok());
}

fn line(number: usize) -> CartEvent {
    let number = 0x9000 + number as u128;
    match added(1, 0, 1, 1) {
        CartEvent::CartItemAdded(event) => CartEvent::CartItemAdded(CartItemAdded {
            product_id: ProductId(id(number)),
            cart_item_id: CartItemId(id(number)),
            ..event
        }),
        other => other,
    }
}

#[test]
fn setting_a_quantity_to_what_it_is_changes_nothing() {
    shopping().when(set(1, 2)).then_nothing();
    shopping().when(set(1, 5)).then([quantity_set(1, 1, 5, 2)]).and_a_repeat_gives_nothing();
}

#[test]
fn removing_takes_all_or_none_and_a_product_that_is_named_twice_once() {
    let missing = CartRejection::ProductNotInCart { product_id: product_id(9) };
    shopping().when(remove(&[1, 9])).then_rejected(missing);
    shopping().when(remove(&[2, 1, 2])).then([removed(1, 2, 3), removed(1, 1, 2)]);
    shopping().when(remove(&[])).then_nothing();
}

#[test]
fn closing_gives_back_all_that_the_cart_holds() {
    let gives_back = closed(1, CloseReason::Closed, &[(1, 2), (2, 3)]);
    shopping().when(close()).then([gives_back]).and_a_repeat_is_rejected(CartRejection::NoCartIsOpen);
}

#[test]
fn a_cart_expires_when_it_was_left_alone_since_the_moment_named() {
    let minute = TimeDelta::minutes(1);
    let expire = |idle_since| CartCommand::Expire { idle_since };
    let expired = || closed(1, CloseReason::Expired, &[(1, 2), (2, 3)]);
    shopping().when(expire(NOW)).then([expired()]).and_a_repeat_gives_nothing();
    shopping().when(expire(NOW.minus(TimeDelta::milliseconds(1)))).then_nothing();
    // Each of these is activity; a refused add is not.
    for event in [added(1, 1, 1, 3), quantity_set(1, 1, 9, 2), removed(1, 1, 2)] {
        shopping().later(minute).and([event]).when(expire(NOW)).then_nothing();
    }
    shopping().later(minute).and([refused(1), revoked(1)]).when(expire(NOW)).then([expired()]);
    nothing::<Cart>().when(expire(NOW)).then_nothing();
}

#[test]
fn the_revision_moves_in_every_state_but_shut_and_nothing_else_does() {
    for before in [nothing::<Cart>(), shopping(), waiting(), done()] {
        let after = before.clone().when(refuse(9)).then([refused(9)]).so().when(revoke(9)).then([revoked(9)]).so();
        assert_eq!(after.state, before.state);
    }
    let shut = given::<Cart>([stream_shut()]);
    shut.clone().when(refuse(9)).then_rejected(CartRejection::CustomerDeleted);
    shut.when(revoke(9)).then_rejected(CartRejection::CustomerDeleted);
}

#[test]
fn a_deleted_customers_stream_is_shut_with_or_without_a_cart() {
    nothing::<Cart>().when(shut()).then([stream_shut()]).and_a_repeat_gives_nothing();
    done().when(shut()).then([stream_shut()]).and_a_repeat_gives_nothing();
    let gives_back = closed(1, CloseReason::CustomerDeleted, &[(1, 2), (2, 3)]);
    shopping().when(shut()).then([gives_back, stream_shut()]).and_a_repeat_gives_nothing();
    let under_way = CartRejection::BillingUnderWay { invoice_id: invoice_id(1) };
    waiting().when(shut()).then_rejected(under_way);
}

#[test]
fn what_no_history_can_contain_is_impossible() {
    nothing::<Cart>().is_impossible(added(1, 1, 1, 1));
    nothing::<Cart>().is_impossible(closed(1, CloseReason::Closed, &[]));
    shopping().is_impossible(opened(2));
    shopping().is_impossible(added(2, 1, 1, 1));
    shopping().is_impossible(removed(1, 9, 1));
    shopping().is_impossible(quantity_set(1, 9, 1, 1));
    shopping().is_impossible(stream_shut());
    waiting().is_impossible(added(1, 1, 1, 3));
    for event in [opened(9), refused(9), revoked(9), stream_shut()] {
        given::<Cart>([stream_shut()]).is_impossible(event);
    }
}
