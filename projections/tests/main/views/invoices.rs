//! Invoices and their refunds (api.md §6).

use super::lists::{all, before, between, letters, since};
use super::story::{STORE, Story, at, id};
use crate::world::World;
use cartlog_projections::TimeRange;
use cartlog_projections::views::{InvoiceFilter, Invoices};
use domain::billing::{CouponUse, InvoiceLine, LineKind};
use domain::invoice::*;
use domain::*;
use serde_json::{Value, json};

const INVOICE: InvoiceId = InvoiceId(id(10));
const CUSTOMER: CustomerId = CustomerId(id(11));
const CART: CartId = CartId(id(12));

fn cents(amount: i64) -> Cents {
    Cents::new(amount).expect("cents")
}

/// Two tables at 10.00 less 10 %, with 19 % of tax, and 5.00 of shipping; paid by a gift card and a credit but for 20.42.
fn issued() -> InvoiceIssued {
    let item = InvoiceLine {
        invoice_line_item_id: InvoiceLineItemId(id(20)),
        kind: LineKind::Item,
        cart_item_id: Some(CartItemId(id(21))),
        product_id: Some(ProductId(id(22))),
        product_title: Some("Table".to_owned()),
        quantity: 2,
        unit_amount_in_cents: cents(1_000),
        total_amount_in_cents: cents(2_000),
        discount_amount_in_cents: cents(200),
        tax_amount_in_cents: cents(342),
        tax_rate_in_basis_points: Some(1_900),
    };
    let shipping = InvoiceLine {
        invoice_line_item_id: InvoiceLineItemId(id(30)),
        kind: LineKind::Shipping,
        cart_item_id: None,
        product_id: None,
        product_title: None,
        quantity: 1,
        unit_amount_in_cents: cents(500),
        total_amount_in_cents: cents(500),
        discount_amount_in_cents: Cents::ZERO,
        tax_amount_in_cents: Cents::ZERO,
        tax_rate_in_basis_points: Some(0),
    };
    let coupon = CouponUse {
        coupon_id: CouponId(id(40)),
        code: "Save-10".to_owned(),
        redemption_id: CouponRedemptionId(id(41)),
        amount_in_cents: cents(200),
    };
    let gift_card = GiftCardSpend {
        gift_card_spend_id: GiftCardSpendId(id(50)),
        gift_card_id: GiftCardId(id(51)),
        amount_in_cents: cents(500),
        remaining_balance_in_cents: Cents::ZERO,
    };
    let credit = CreditRedemption {
        credit_redemption_id: CreditRedemptionId(id(60)),
        credit_id: CreditId(id(61)),
        amount_in_cents: cents(100),
        remaining_balance_in_cents: cents(7),
    };
    InvoiceIssued {
        invoice_id: INVOICE,
        store_id: STORE,
        customer_id: CUSTOMER,
        cart_id: CART,
        currency: "EUR".parse().expect("a currency"),
        lines: vec![item, shipping],
        coupon: Some(coupon),
        gift_card_spends: vec![gift_card],
        credit_redemptions: vec![credit],
        total_amount_in_cents: cents(2_500),
        discount_amount_in_cents: cents(200),
        tax_amount_in_cents: cents(342),
        gift_card_used_amount_in_cents: cents(500),
        credit_used_amount_in_cents: cents(100),
        amount_due_in_cents: cents(2_042),
        issued_on: None,
    }
}

/// What of each line was refunded is all that ever changes.
fn lines(item_refunded: i64, shipping_refunded: i64) -> Value {
    json!([
        {
            "invoice_line_item_id": id(20), "kind": "item", "cart_item_id": id(21), "product_id": id(22),
            "product_title": "Table", "quantity": 2, "unit_amount_in_cents": 1_000, "total_amount_in_cents": 2_000,
            "discount_amount_in_cents": 200, "tax_amount_in_cents": 342, "tax_rate_in_basis_points": 1_900,
            "refunded_amount_in_cents": item_refunded,
        },
        {
            "invoice_line_item_id": id(30), "kind": "shipping", "cart_item_id": null, "product_id": null,
            "product_title": null, "quantity": 1, "unit_amount_in_cents": 500, "total_amount_in_cents": 500,
            "discount_amount_in_cents": 0, "tax_amount_in_cents": 0, "tax_rate_in_basis_points": 0,
            "refunded_amount_in_cents": shipping_refunded,
        },
    ])
}

fn open() -> Story<Invoices, InvoiceEvent> {
    Story::of(INVOICE.0, format!("invoice-{INVOICE}")).then(
        issued(),
        json!({
            "invoice_id": INVOICE, "customer_id": CUSTOMER, "store_id": STORE, "cart_id": CART, "currency": "EUR",
            "state": "Open", "total_amount_in_cents": 2_500, "discount_amount_in_cents": 200,
            "tax_amount_in_cents": 342, "gift_card_used_amount_in_cents": 500, "credit_used_amount_in_cents": 100,
            "amount_due_in_cents": 2_042, "refunded_amount_in_cents": 0,
            "coupon": {"coupon_id": id(40), "code": "Save-10", "redemption_id": id(41), "amount_in_cents": 200},
            "lines": lines(0, 0),
            "gift_card_spends": [{
                "gift_card_spend_id": id(50), "gift_card_id": id(51), "amount_in_cents": 500,
                "remaining_balance_in_cents": 0,
            }],
            "credit_redemptions": [{
                "credit_redemption_id": id(60), "credit_id": id(61), "amount_in_cents": 100,
                "remaining_balance_in_cents": 7,
            }],
            "refunds": [], "order_id": null, "created_at": at(0), "closed_at": null, "failed_at": null, "revision": 0,
        }),
    )
}

fn collected() -> InvoiceCollected {
    InvoiceCollected {
        order_id: OrderId(id(70)),
        customer_id: CUSTOMER,
        cart_id: CART,
        amount_in_cents: cents(2_042),
        currency: None,
        items: Vec::new(),
    }
}

fn paid() -> Story<Invoices, InvoiceEvent> {
    open().then(collected(), json!({"state": "Collected", "order_id": id(70), "closed_at": at(1), "revision": 1}))
}

fn refund(refund_id: u128, lines: &[(u128, i64, i64)], credit: Option<i64>, nothing_left: bool) -> RefundIssued {
    let line = |&(line, total, tax): &(u128, i64, i64)| RefundLine {
        refund_line_item_id: RefundLineItemId(id(refund_id + line)),
        invoice_line_item_id: InvoiceLineItemId(id(line)),
        total_amount_in_cents: cents(total),
        tax_amount_in_cents: cents(tax),
    };
    RefundIssued {
        refund_id: RefundId(id(refund_id)),
        customer_id: CUSTOMER,
        lines: lines.iter().map(line).collect(),
        total_amount_in_cents: cents(lines.iter().map(|(_, total, _)| total).sum()),
        credit_amount_in_cents: cents(credit.unwrap_or_default()),
        credit_id: credit.map(|_| CreditId(id(refund_id + 1))),
        nothing_left,
        issued_on: None,
    }
}

fn refund_row(refund_id: u128, lines: &[(u128, i64, i64)], credit: Option<i64>, times: [Value; 2]) -> Value {
    let [created_at, closed_at] = times;
    let line = |(line, total, tax): &(u128, i64, i64)| {
        json!({
            "refund_line_item_id": id(refund_id + line), "invoice_line_item_id": id(*line),
            "total_amount_in_cents": total, "tax_amount_in_cents": tax,
        })
    };
    json!({
        "refund_id": id(refund_id), "lines": lines.iter().map(line).collect::<Vec<_>>(),
        "total_amount_in_cents": lines.iter().map(|(_, total, _)| total).sum::<i64>(),
        "credit_id": credit.map(|_| id(refund_id + 1)), "credit_amount_in_cents": credit.unwrap_or_default(),
        "created_at": created_at, "closed_at": closed_at,
    })
}

#[test]
fn an_invoice_fails() {
    let failed = InvoiceFailed { customer_id: CUSTOMER, cart_id: CART };
    open()
        .then(failed, json!({"state": "Failed", "closed_at": at(1), "failed_at": at(1), "revision": 1}))
        .unfit(issued());
}

/// Partly, then in full; closing marks the refunds that it names, and no others.
#[test]
fn a_collected_invoice_is_refunded_line_by_line() {
    let (first, second) = ([(20, 142, 42)].as_slice(), [(20, 2_000, 300), (30, 500, 0)].as_slice());
    let open_one = refund_row(1_000, first, None, [at(2), Value::Null]);
    let closed_one = refund_row(1_000, first, None, [at(2), at(3)]);
    let last = refund_row(2_000, second, Some(558), [at(4), Value::Null]);
    paid()
        .then(
            refund(1_000, first, None, false),
            json!({
                "state": "PartiallyRefunded", "refunded_amount_in_cents": 142, "lines": lines(142, 0),
                "refunds": [open_one], "revision": 2,
            }),
        )
        .then(RefundsClosed { refund_ids: vec![RefundId(id(1_000))] }, json!({"refunds": [closed_one], "revision": 3}))
        .then(
            refund(2_000, second, Some(558), true),
            json!({
                "state": "Refunded", "refunded_amount_in_cents": 2_642, "lines": lines(2_142, 500),
                "refunds": [closed_one, last], "revision": 4,
            }),
        )
        .unfit(refund(3_000, &[(99, 1, 0)], None, true));
}

/// An invoice's row stays as large however often something is refunded.
#[test]
fn the_last_ten_refunds_are_shown() {
    let mut story = paid();
    for number in 0..12 {
        story = story.then_anything(refund(1_000 + 10 * number, &[(20, 1, 0)], None, false));
    }
    let row = story.row();
    let shown: Vec<_> = row.refunds.iter().map(|refund| refund.refund_id.0).collect();
    assert_eq!(shown, (2..12).map(|number| id(1_000 + 10 * number)).collect::<Vec<_>>());
    assert_eq!(row.refunded_amount_in_cents, cents(12));
}

/// A is failed, B collected; C and D are open, D another customer's.
#[tokio::test(flavor = "multi_thread")]
async fn invoices_are_listed_by_whether_they_are_open_and_dates_newest_first() {
    let mut world = World::default();
    let store = world.store().await;
    let (ada, bob) = (world.customer(store, "ada@example.com").await, world.customer(store, "bob@example.com").await);
    let (product, began) = (world.product(store, "Table").await, world.now);
    let mut invoices = Vec::new();
    for customer in [ada, ada, ada, bob] {
        invoices.push(world.issue_invoice(store, customer, CART, product, 1).await);
    }
    world.invoice_event(store, invoices[0], InvoiceFailed { customer_id: ada, cart_id: CART }).await;
    world.collect(store, ada, CART, invoices[1], &[(product, 1)]).await;
    let views = world.open().await.views();

    let moment = |second: i64| Timestamp::from_millis(began + second * 1_000);
    for (closed_too, created, of_store, of_ada) in [
        (false, TimeRange::ALL, "DC", "C"),
        (true, TimeRange::ALL, "DCBA", "CBA"),
        (false, since(moment(4)), "D", ""),
        (true, since(moment(2)), "DCB", "CB"),
        (true, before(moment(2)), "A", "A"),
        (true, between(moment(2), moment(4)), "CB", "CB"),
        (false, between(moment(2), moment(4)), "C", "C"),
        (true, between(moment(9), moment(10)), "", ""),
    ] {
        let filter = InvoiceFilter { number: None, closed_too, created };
        let found = all(async |page| views.invoices(store, &filter, &page).await).await;
        assert_eq!(letters(&invoices, found.iter().map(|row| row.invoice_id)), of_store, "{filter:?}");
        let found = all(async |page| views.customer_invoices(store, ada, &filter, &page).await).await;
        assert_eq!(letters(&invoices, found.iter().map(|row| row.invoice_id)), of_ada, "{filter:?}");
    }
}
