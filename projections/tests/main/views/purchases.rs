//! What a customer bought (api.md §4): what was spent by currency, `last_order_date`, the products of the snapshot.

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

fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

/// As collections were written at first.
fn collected_of_old(cents: i64) -> InvoiceCollected {
    InvoiceCollected { currency: None, ..collected(CUSTOMER, cents, &[]) }
}

fn issued(invoice: u128, code: &str) -> InvoiceIssued {
    InvoiceIssued {
        invoice_id: InvoiceId(id(invoice)),
        store_id: STORE,
        customer_id: CUSTOMER,
        cart_id: CartId(id(2)),
        currency: currency(code),
        lines: Vec::new(),
        coupon: None,
        gift_card_spends: Vec::new(),
        credit_redemptions: Vec::new(),
        total_amount_in_cents: Cents::ZERO,
        discount_amount_in_cents: Cents::ZERO,
        tax_amount_in_cents: Cents::ZERO,
        gift_card_used_amount_in_cents: Cents::ZERO,
        credit_used_amount_in_cents: Cents::ZERO,
        amount_due_in_cents: Cents::ZERO,
        issued_on: None,
    }
}

fn stream(invoice: u128) -> String {
    format!("invoice-{}", id(invoice))
}

fn collected(customer_id: CustomerId, cents: i64, items: &[(u128, u32)]) -> InvoiceCollected {
    let item = |&(number, quantity): &(u128, u32)| ProductQuantity { product_id: product(number), quantity };
    InvoiceCollected {
        order_id: OrderId(id(1)),
        customer_id,
        cart_id: CartId(id(2)),
        amount_in_cents: Cents::new(cents).expect("cents"),
        currency: Some(currency("EUR")),
        items: items.iter().map(item).collect(),
    }
}

fn bought_twice() -> Story<Purchases, InvoiceEvent> {
    Story::of(CUSTOMER.0, stream(101))
        .then(
            collected(CUSTOMER, 1_234, &[(30, 2), (31, 1)]),
            json!({
                "customer_id": CUSTOMER, "store_id": STORE, "spent_in_cents": {"EUR": 1_234}, "last_order_date": at(0),
                "products": {id(30).to_string(): 2, id(31).to_string(): 1},
                "usual_currency": null,
            }),
        )
        .in_stream(stream(102))
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
        issued_on: None,
    };
    bought_twice()
        .passing_by(refund)
        .passing_by(RefundsClosed { refund_ids: vec![RefundId(id(5))] })
        .in_stream(stream(103))
        .then(InvoiceFailed { customer_id: CUSTOMER, cart_id: CartId(id(2)) }, json!({}))
        .passing_by(collected(CustomerId(id(12)), 10, &[]))
        .then(collected(CUSTOMER, 66, &[]), json!({"spent_in_cents": {"EUR": 1_300}, "last_order_date": at(6)}));
}

/// Most bought first; of equals the smaller id.
#[test]
fn top_products_are_those_that_were_bought_most() {
    let story = bought_twice().then(
        collected(CUSTOMER, 1, &[(33, 2), (32, 1)]),
        json!({
            "spent_in_cents": {"EUR": 1_235}, "last_order_date": at(2),
            "products": {id(30).to_string(): 2, id(31).to_string(): 5, id(32).to_string(): 1, id(33).to_string(): 2},
        }),
    );
    let top = |n| story.row().top_products(n);
    assert_eq!(top(10), [(product(31), 5), (product(30), 2), (product(33), 2), (product(32), 1)]);
    assert_eq!(top(2), [(product(31), 5), (product(30), 2)]);
}

/// A row does not grow for ever: of more than a thousand products those bought least are forgotten, but for what was bought last.
#[test]
fn of_very_many_products_those_bought_most_and_last_are_counted() {
    let few: Vec<_> = (1_000..2_000).map(|number| (number, 1)).collect();
    let all_but = |gone: std::ops::Range<u128>| -> serde_json::Value {
        let kept =
            (1_000..2_000).filter(|number| !gone.contains(number)).map(|number| (id(number).to_string(), json!(1)));
        kept.collect::<serde_json::Map<_, _>>().into()
    };
    let mut products = all_but(1_999..2_000);
    products[id(5_000).to_string()] = json!(1);
    let mut later = all_but(1_998..2_000);
    for (number, ordered) in [(1_000, 2), (6_000, 1), (6_001, 1)] {
        later[id(number).to_string()] = json!(ordered);
    }
    Story::<Purchases, InvoiceEvent>::of(CUSTOMER.0, stream(101))
        .then(
            collected(CUSTOMER, 1, &few),
            json!({
                "customer_id": CUSTOMER, "store_id": STORE, "spent_in_cents": {"EUR": 1}, "last_order_date": at(0),
                "products": all_but(0..0), "usual_currency": null,
            }),
        )
        .in_stream(stream(102))
        .then(
            collected(CUSTOMER, 1, &[(5_000, 1)]),
            json!({"spent_in_cents": {"EUR": 2}, "last_order_date": at(1), "products": products}),
        )
        .in_stream(stream(103))
        .then(
            collected(CUSTOMER, 1, &[(1_000, 1), (6_000, 1), (6_001, 1)]),
            json!({"spent_in_cents": {"EUR": 3}, "last_order_date": at(2), "products": later}),
        );
}

/// A customer whose currency changes spends in both: nothing is added up over currencies.
#[test]
fn what_was_collected_is_kept_by_currency() {
    let dollars = InvoiceCollected { currency: Some(currency("USD")), ..collected(CUSTOMER, 700, &[]) };
    let yen = InvoiceCollected { currency: Some(currency("JPY")), ..collected(CUSTOMER, 1_000, &[]) };
    let story = Story::<Purchases, InvoiceEvent>::of(CUSTOMER.0, stream(101));
    let story = story
        .then(issued(101, "EUR"), first_invoice())
        .then(collected(CUSTOMER, 300, &[]), json!({"spent_in_cents": {"EUR": 300}, "last_order_date": at(1)}));
    let story = story
        .in_stream(stream(102))
        .then(dollars, json!({"spent_in_cents": {"EUR": 300, "USD": 700}, "last_order_date": at(2)}))
        .in_stream(stream(103))
        .then(yen, json!({"spent_in_cents": {"EUR": 300, "JPY": 1_000, "USD": 700}, "last_order_date": at(3)}));
    let spent = |code| story.row().spent(currency(code));
    assert_eq!([spent("EUR"), spent("USD"), spent("JPY"), spent("GBP")], [300, 700, 1_000, 0]);
}

/// Collections that don't say their currency have that of their invoice, also where the customer's changed in between.
#[test]
fn a_collection_of_old_is_in_the_currency_of_its_invoice() {
    let failed = || InvoiceFailed { customer_id: CUSTOMER, cart_id: CartId(id(2)) };
    let others = |invoices: &[u128]| json!({ "other_currencies": invoices.iter().map(|&invoice| json!([id(invoice), "USD"])).collect::<Vec<_>>() });
    Story::<Purchases, InvoiceEvent>::of(CUSTOMER.0, stream(101))
        .then(issued(101, "EUR"), first_invoice())
        .in_stream(stream(102))
        .then(issued(102, "USD"), others(&[102]))
        .in_stream(stream(103))
        .then(issued(103, "USD"), others(&[102, 103]))
        .then(failed(), others(&[102]))
        .in_stream(stream(101))
        .then(collected_of_old(5), json!({"spent_in_cents": {"EUR": 5}, "last_order_date": at(4)}))
        .in_stream(stream(102))
        .then(collected_of_old(7), json!({"spent_in_cents": {"EUR": 5, "USD": 7}, "last_order_date": at(5)}));
}

/// Rather none than one that may be wrong.
#[test]
fn a_collection_whose_currency_nothing_says_does_not_fit() {
    let story = Story::<Purchases, InvoiceEvent>::of(CUSTOMER.0, stream(101)).unfit(collected_of_old(5));
    story.then(issued(101, "EUR"), first_invoice());
}

fn first_invoice() -> serde_json::Value {
    json!({
        "customer_id": CUSTOMER, "store_id": STORE, "spent_in_cents": {}, "last_order_date": null, "products": {},
        "usual_currency": "EUR",
    })
}
