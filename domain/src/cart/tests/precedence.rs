//! Which rule speaks first where several are broken, and what each command may do in each state.

use super::fixtures::*;
use super::*;
use crate::limits::MAX_CART_LINES;

/// Each command breaks the rule it is refused by and as many later ones as it can.
#[test]
fn the_rejections_come_in_the_order_they_are_declared_in() {
    let shopping = || shopping().state;
    let ended = || shopping_ended().state;
    let mut overpriced = terms_of(&shopping());
    overpriced.items[0].unit_amount_in_cents = Cents::MAX;
    let mut changed = overpriced.clone();
    changed.items[0].quantity += 1;
    let table = [
        (shut_state(), bill(2, changed.clone()), CartRejection::CustomerDeleted),
        (waiting().state, bill(2, changed.clone()), CartRejection::BillingUnderWay { invoice_id: invoice_id(1) }),
        (ended(), set(9, 0), CartRejection::NoCartIsOpen),
        (ended_and_open(), add(1, &[(9, 0)]), CartRejection::AnotherCartIsOpen),
        (ended(), add(1, &[(9, 0)]), CartRejection::CartHasEnded { cart_id: cart_id(1) }),
        (shopping(), set(9, 0), CartRejection::ProductNotInCart { product_id: product_id(9) }),
        (full(), add(1, &[(9, 1), (8, 0)]), CartRejection::QuantityOutOfRange { product_id: product_id(8) }),
        (full(), add(1, &[(9, 1)]), CartRejection::CartIsFull),
        (given::<Cart>([opened(1)]).state, bill(2, changed.clone()), CartRejection::CartIsEmpty),
        (shopping(), bill(2, changed), CartRejection::CartHasChanged),
        (shopping(), bill(2, overpriced), CartRejection::Amount(AmountOutOfRange)),
    ];
    let mut ranks = Vec::new();
    for (state, command, expected) in table {
        let refused = crate::testing::decide(&state, &command, NOW);
        ranks.push(rank(&expected));
        assert_eq!(refused, Err(expected), "{command:?}");
    }
    assert_eq!(ranks, (0..ranks.len()).collect::<Vec<_>>(), "the table names every rule, in order");
}

/// The order of declaration: a new rule does not compile until it is placed.
fn rank(rejection: &CartRejection) -> usize {
    match rejection {
        CartRejection::CustomerDeleted => 0,
        CartRejection::BillingUnderWay { .. } => 1,
        CartRejection::NoCartIsOpen => 2,
        CartRejection::AnotherCartIsOpen => 3,
        CartRejection::CartHasEnded { .. } => 4,
        CartRejection::ProductNotInCart { .. } => 5,
        CartRejection::QuantityOutOfRange { .. } => 6,
        CartRejection::CartIsFull => 7,
        CartRejection::CartIsEmpty => 8,
        CartRejection::CartHasChanged => 9,
        CartRejection::Amount(_) => 10,
    }
}

/// `+`: events, `.`: accepted without an event, `d`: deleted, `b`: billing under way, `n`: no cart is open.
#[test]
fn every_command_has_its_answer_in_every_state() {
    let states = [Cart::None, done().state, shopping().state, waiting().state, shut_state()];
    let terms = || terms_of(&shopping().state);
    let rows: [(&str, CartCommand, &str); 12] = [
        ("Open", open(5), "+++bd"),
        ("AddItems", in_the_open_cart_or_a_new_one(), "+a+bd"),
        ("SetQuantity", set(1, 7), "nn+bd"),
        ("RemoveItems", remove(&[1]), "nn+bd"),
        ("Close", close(), "nn+bd"),
        ("Expire", CartCommand::Expire { idle_since: NOW }, "..+b."),
        ("RefuseItems", refuse(1), "++++d"),
        ("RevokeHolds", revoke(1), "++++d"),
        ("Bill", bill(2, terms()), "nn+bd"),
        ("StartBilling", start_billing(2, terms()), "nn+bd"),
        ("FinishBilling", finish_billing(1, true), "...+."),
        ("Shut", shut(), "+++b."),
    ];
    for (name, command, expected) in rows {
        let answers: String = states.iter().map(|state| letter(state, &command)).collect();
        assert_eq!(answers, expected, "{name}");
    }
}

fn letter(state: &Cart, command: &CartCommand) -> char {
    match crate::testing::decide(state, command, NOW) {
        Ok(events) if events.is_empty() => '.',
        Ok(_) => '+',
        Err(CartRejection::CustomerDeleted) => 'd',
        Err(CartRejection::BillingUnderWay { .. }) => 'b',
        Err(CartRejection::NoCartIsOpen) => 'n',
        Err(CartRejection::CartHasEnded { .. }) => 'a',
        Err(other) => panic!("{other}"),
    }
}

/// Cart 1: open while shopping, ended once it is billed.
fn in_the_open_cart_or_a_new_one() -> CartCommand {
    add(1, &[(1, 1)])
}

fn shut_state() -> Cart {
    given::<Cart>([stream_shut()]).state
}

fn shopping_ended() -> Given<Cart> {
    shopping().and([closed(1, CloseReason::Closed, &[])])
}

fn ended_and_open() -> Cart {
    shopping_ended().and([opened(2)]).state
}

/// Cart 1 with as many lines as it may have, none of them of a product of the fixtures.
fn full() -> Cart {
    let Cart::Open(mut cart) = given::<Cart>([opened(1)]).state else { panic!("the cart is open") };
    cart.items = (0..MAX_CART_LINES as u128)
        .map(|number| CartItem {
            cart_item_id: crate::CartItemId(id(0x9000 + number)),
            product_id: ProductId(id(0x9000 + number)),
            quantity: 1,
        })
        .collect();
    Cart::Open(cart)
}
