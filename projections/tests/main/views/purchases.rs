//! What a customer bought (api.md §4): `total_spent_in_cents`, `last_order_date`, the products of the snapshot.

use super::story::{STORE, Story, at, id};
use cartlog_projections::views::Purchases;
use domain::cart::ProductQuantity;
use domain::invoice::*;
use domain::*;
use serde_json::json;

const CUSTOMER: CustomerId = CustomerId(id(11));

fn product(number: u128) -> ProductId {
    ProductId(id(number))
}

fn collected(customer_id: CustomerId, cents: i64, items: &[(u128, u32)]) -> InvoiceCollected {
    let item = |&(number, quantity): &(u128, u32)| ProductQuantity { product_id: product(number), quantity };
    InvoiceCollected {
        order_id: OrderId(id(1)),
        customer_id,
        cart_id: CartId(id(2)),
        amount_in_cents: Cents::new(cents).expect("cents"),
        items: items.iter().map(item).collect(),
    }
}

fn bought_twice() -> Story<Purchases, InvoiceEvent> {
    Story::of(CUSTOMER.0, "invoice-1")
        .then(
            collected(CUSTOMER, 1_234, &[(30, 2), (31, 1)]),
            json!({
                "customer_id": CUSTOMER, "store_id": STORE, "total_spent_in_cents": 1_234, "last_order_date": at(0),
                "products": {id(30).to_string(): 2, id(31).to_string(): 1},
            }),
        )
        .in_stream("invoice-2")
        .then(
            collected(CUSTOMER, 0, &[(31, 4)]),
            json!({"last_order_date": at(1), "products": {id(30).to_string(): 2, id(31).to_string(): 5}}),
        )
}

/// What was paid after gift cards and credits, of collected invoices alone: neither refunds nor failures change it.
#[test]
fn what_was_collected_adds_up_over_all_invoices() {
    let refund = RefundIssued {
        refund_id: RefundId(id(5)),
        customer_id: CUSTOMER,
        lines: Vec::new(),
        total_amount_in_cents: Cents::new(1_234).expect("cents"),
        credit_amount_in_cents: Cents::ZERO,
        credit_id: None,
        nothing_left: true,
    };
    bought_twice()
        .passing_by(refund)
        .passing_by(RefundsClosed { refund_ids: vec![RefundId(id(5))] })
        .in_stream("invoice-3")
        .passing_by(InvoiceFailed { customer_id: CUSTOMER, cart_id: CartId(id(2)) })
        .passing_by(collected(CustomerId(id(12)), 10, &[]))
        .then(collected(CUSTOMER, 66, &[]), json!({"total_spent_in_cents": 1_300, "last_order_date": at(6)}));
}

/// Most bought first; of equals the smaller id.
#[test]
fn top_products_are_those_that_were_bought_most() {
    let story = bought_twice().then(
        collected(CUSTOMER, 1, &[(33, 2), (32, 1)]),
        json!({
            "total_spent_in_cents": 1_235, "last_order_date": at(2),
            "products": {id(30).to_string(): 2, id(31).to_string(): 5, id(32).to_string(): 1, id(33).to_string(): 2},
        }),
    );
    let top = |n| story.row().top_products(n);
    assert_eq!(top(10), [(product(31), 5), (product(30), 2), (product(33), 2), (product(32), 1)]);
    assert_eq!(top(2), [(product(31), 5), (product(30), 2)]);
}
