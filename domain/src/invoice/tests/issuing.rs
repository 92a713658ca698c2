//! Issuing an invoice, and its two ends.

use super::*;
use crate::cart::ProductQuantity;
use crate::{OrderId, ProductId};

/// 2 × 10.00 and 1 × 5.01 at 10 %, shipping 3.00, 20 % off.
fn everything() -> Bill {
    let terms = with_shipping(terms(&[(2, 1_000), (1, 501)], 1_000), 300);
    Bill { terms, discount: Some(cents(500)), gift_card: 700, credit: 800 }
}

#[test]
fn the_amounts_of_an_invoice_add_up() {
    let issued = issued(&everything());
    assert_eq!(issued.total_amount_in_cents, cents(2_801));
    assert_eq!(issued.discount_amount_in_cents, cents(500));
    // 2000 − 400 = 1600: 160; 501 − 100 = 401: 40.1.
    assert_eq!(issued.tax_amount_in_cents, cents(200));
    assert_eq!(issued.gift_card_used_amount_in_cents, cents(700));
    assert_eq!(issued.credit_used_amount_in_cents, cents(800));
    assert_eq!(issued.amount_due_in_cents, cents(2_801 - 500 + 200 - 700 - 800));
    assert!(issued.adds_up());
}

#[test]
fn an_invoice_is_issued_once() {
    let bill = everything();
    nothing::<Invoice>().when(issue(&bill)).then([issued(&bill)]).and_a_repeat_gives_nothing();
    collected(&bill).when(issue(&bill)).then_nothing();
}

#[test]
fn an_invoice_that_does_not_add_up_is_not_issued() {
    let bill = everything();
    let due = bill.terms.lines(cents(500)).unwrap().iter().map(|line| line.gross().unwrap().get()).sum::<i64>();
    let overpaid = Bill { gift_card: due, credit: 1, ..bill.clone() };
    nothing::<Invoice>().when(issue(&overpaid)).then_rejected(InvoiceRejection::DoesNotAddUp);
    let overdiscounted = Bill { discount: Some(cents(2_502)), gift_card: 0, credit: 0, ..bill.clone() };
    nothing::<Invoice>().when(issue(&overdiscounted)).then_rejected(InvoiceRejection::DoesNotAddUp);
    let spoil: [fn(&mut InvoiceIssued); 6] = [
        |issued| issued.total_amount_in_cents = cents(2_802),
        |issued| issued.tax_amount_in_cents = cents(199),
        |issued| issued.amount_due_in_cents = cents(1_002),
        |issued| issued.credit_redemptions.clear(),
        |issued| issued.coupon = None,
        |issued| issued.lines[0].discount_amount_in_cents = cents(399),
    ];
    for spoil in spoil {
        let mut spoilt = issued(&bill);
        spoil(&mut spoilt);
        assert!(!spoilt.adds_up());
        nothing::<Invoice>().is_impossible(spoilt);
    }
}

#[test]
fn collecting_orders_the_items_but_not_the_shipping() {
    let bill = everything();
    let item = |number: u128, quantity| ProductQuantity { product_id: ProductId(id(0x3000 + number)), quantity };
    let collected = InvoiceCollected {
        order_id: OrderId::of_invoice(InvoiceId(id(1))),
        customer_id: CustomerId(id(3)),
        cart_id: CartId(id(4)),
        amount_in_cents: cents(1_001),
        currency: Some("EUR".parse().unwrap()),
        items: vec![item(0, 2), item(1, 1)],
    };
    let not_open = InvoiceRejection::InvoiceIsNotOpen;
    open(&bill).when(InvoiceCommand::Collect).then([collected]).and_a_repeat_is_rejected(not_open.clone());
    super::collected(&bill).when(InvoiceCommand::Fail).then_rejected(not_open);
}

#[test]
fn an_invoice_with_nothing_to_collect_stays_open_until_it_is_collected() {
    let free = Bill { discount: Some(cents(1_000)), ..bill(terms(&[(1, 1_000)], 1_900)) };
    let invoice = open(&free);
    assert_eq!(invoice.state.known().unwrap().status, InvoiceStatus::Open);
    let collected = invoice.when(InvoiceCommand::Collect);
    let status = collected.then(decide(&open(&free).state, &InvoiceCommand::Collect, NOW).unwrap()).so();
    assert_eq!(status.state.known().unwrap().status, InvoiceStatus::Collected);
}

#[test]
fn an_invoice_fails_once_and_only_from_open() {
    let failed = InvoiceFailed { customer_id: CustomerId(id(3)), cart_id: CartId(id(4)) };
    let failed = open(&everything()).when(InvoiceCommand::Fail).then([failed]).and_a_repeat_gives_nothing();
    failed.clone().when(InvoiceCommand::Collect).then_rejected(InvoiceRejection::InvoiceIsNotOpen);
    failed.when(refund(1, RefundRequest::Full)).then_rejected(InvoiceRejection::InvoiceIsNotCollected);
}

#[test]
fn what_no_history_can_contain_is_impossible() {
    let bill = everything();
    let failed = || InvoiceFailed { customer_id: CustomerId(id(3)), cart_id: CartId(id(4)) };
    nothing::<Invoice>().is_impossible(failed());
    open(&bill).is_impossible(issued(&bill));
    open(&bill).and([failed()]).is_impossible(failed());
    collected(&bill).is_impossible(failed());
    collected(&bill).is_impossible(RefundsClosed { refund_ids: vec![refund_id(1)] });
}
