//! Refunds (api.md §6).

use crate::support::{Answer, TestShop};
use serde_json::{Value, json};

/// A collected invoice: two lines of 1,000 and 500, shipping of 300, 10 % tax on the items.
struct Collected {
    shop: TestShop,
    customer: String,
    product: String,
    invoice: String,
    order: String,
    lines: Vec<String>,
}

impl Collected {
    async fn new() -> Self {
        Self::paid_with(0, 0).await
    }

    /// Paid with so much of a gift card and of a credit.
    async fn paid_with(card: i64, credit: i64) -> Self {
        let shop = TestShop::start_with(json!({ "tax_rate_in_basis_points": 1_000 })).await;
        let (customer, product, other) =
            (shop.customer().await, shop.product(9, 500).await, shop.product(9, 500).await);
        if card > 0 {
            shop.gift_card(&customer, &customer, card).await;
        }
        if credit > 0 {
            shop.credit(&customer, credit).await;
        }
        shop.add(&customer, &product, 2).await.expect(201);
        shop.add(&customer, &other, 1).await.expect(201);
        let billed = shop.bill_with(&customer, "", json!({ "shipping_amount_in_cents": 300 })).await.expect(201);
        let lines = billed.each("/invoice/invoice_line_items", "invoice_line_item_id");
        let lines = lines.iter().filter_map(|line| line.as_str().map(str::to_owned)).collect();
        let invoice = billed.text("/invoice/invoice_id");
        let order = shop.collect(&invoice).await;
        Self { shop, customer, product, invoice, order, lines }
    }

    async fn refund(&self, query: &str, body: Value) -> Answer {
        self.shop.post(&format!("/invoice/{}/refund{query}", self.invoice), body).await
    }

    async fn invoice(&self) -> Answer {
        self.shop.get(&format!("/invoice/{}", self.invoice)).await.expect(200)
    }
}

/// The refund's total, what of it came as a credit, and the totals and taxes of its lines.
fn parts(answer: &Answer) -> (i64, i64, Vec<i64>, Vec<i64>) {
    let of = |field: &str| {
        answer.each("/refund/refund_line_items", field).iter().filter_map(Value::as_i64).collect::<Vec<_>>()
    };
    let (total, credit) =
        (answer.number("/refund/total_amount_in_cents"), answer.number("/refund/credit_amount_in_cents"));
    (total, credit, of("total_amount_in_cents"), of("tax_amount_in_cents"))
}

#[tokio::test]
async fn only_a_collected_invoice_is_refunded() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(9, 500).await);
    let invoice = shop.invoice(&customer, &product, 1).await;
    let path = format!("/invoice/{invoice}/refund?full=true");
    shop.post(&path, Value::Null).await.problem(409, "INVOICE_IS_NOT_COLLECTED");
    shop.put(&format!("/invoice/{invoice}/failed"), Value::Null).await.expect(200);
    shop.post(&path, Value::Null).await.problem(409, "INVOICE_IS_NOT_COLLECTED");
    shop.post("/invoice/nobody/refund?full=true", Value::Null).await.problem(404, "INVOICE_NOT_FOUND");
    shop.get("/invoice/nobody/refund").await.problem(404, "INVOICE_NOT_FOUND");
}

#[tokio::test]
async fn a_full_refund_gives_back_all_that_is_left_and_cancels_the_pending_order() {
    let paid = Collected::new().await;
    let answer = paid.refund("?full=true", Value::Null).await.expect(201);
    assert_eq!(parts(&answer), (1_950, 0, vec![1_100, 550, 300], vec![100, 50, 0]));
    let refund = &answer["refund"];
    assert_eq!(
        (&refund["state"], &refund["credit_id"], &refund["closed_at"]),
        (&json!("open"), &Value::Null, &Value::Null)
    );
    assert_eq!(
        answer.each("/refund/refund_line_items", "invoice_line_item_id"),
        paid.lines.iter().map(|id| json!(id)).collect::<Vec<_>>()
    );
    assert_eq!(
        (answer.text("/invoice/state"), answer.number("/invoice/refunded_amount_in_cents")),
        ("refunded".to_owned(), 1_950)
    );
    assert_eq!(answer.each("/invoice/invoice_line_items", "refunded_amount_in_cents"), [1_100, 550, 300]);
    assert_eq!(answer["invoice"]["refunds"], json!([refund]));
    assert_eq!(paid.invoice().await["invoice"], answer["invoice"]);
    assert_eq!(paid.shop.get(&format!("/order/{}", paid.order)).await.text("/order/status"), "canceled");
    assert_eq!(paid.shop.stock(&paid.product).await, (9, 0));
    paid.refund("?full=true", Value::Null).await.problem(409, "INVOICE_IS_NOT_COLLECTED");
}

#[tokio::test]
async fn an_amount_is_spread_over_the_lines_by_what_is_left_of_each() {
    let paid = Collected::new().await;
    // 100 over 1,100, 550 and 300: 56.4, 28.2 and 15.4. The tax within is 5.13, 2.56 and none.
    let answer = paid.refund("?amount=100", Value::Null).await.expect(201);
    assert_eq!(parts(&answer), (100, 0, vec![57, 28, 15], vec![5, 3, 0]));
    assert_eq!(
        (answer.text("/invoice/state"), answer.number("/invoice/refunded_amount_in_cents")),
        ("partially refunded".to_owned(), 100)
    );
    assert_eq!(paid.shop.get(&format!("/order/{}", paid.order)).await.text("/order/status"), "pending");
    paid.refund("?amount=1851", Value::Null).await.problem(409, "REFUND_EXCEEDS_REMAINDER");
    let rest = paid.refund("?amount=1850", Value::Null).await.expect(201);
    assert_eq!(parts(&rest), (1_850, 0, vec![1_043, 522, 285], vec![95, 47, 0]), "to the cent");
    assert_eq!(rest.text("/invoice/state"), "refunded");
    assert_eq!(paid.shop.get(&format!("/order/{}", paid.order)).await.text("/order/status"), "canceled");
}

#[tokio::test]
async fn lines_are_refunded_by_their_amount_or_all_that_is_left_of_them() {
    let paid = Collected::new().await;
    let line = |at: usize| json!({ "invoice_line_item_id": paid.lines[at] });
    let part = |at: usize, amount: i64| json!({ "invoice_line_item_id": paid.lines[at], "amount": amount });
    let answer = paid.refund("", json!([part(0, 400), line(2)])).await.expect(201);
    assert_eq!(parts(&answer), (700, 0, vec![400, 300], vec![36, 0]));
    assert_eq!(answer.each("/invoice/invoice_line_items", "refunded_amount_in_cents"), [400, 0, 300]);
    paid.refund("", json!([part(0, 701)])).await.problem(409, "REFUND_EXCEEDS_REMAINDER");
    paid.refund("", json!([line(1), line(2)])).await.problem(409, "REFUND_EXCEEDS_REMAINDER");
    assert_eq!(paid.invoice().await.number("/invoice/refunded_amount_in_cents"), 700, "nothing happened");
    let answer = paid.refund("", json!([line(0)])).await.expect(201);
    assert_eq!(parts(&answer), (700, 0, vec![700], vec![64]));
    // An id alone will do, as the original API had it.
    let answer = paid.refund("", json!([paid.lines[1]])).await.expect(201);
    assert_eq!((parts(&answer), answer.text("/invoice/state")), ((550, 0, vec![550], vec![50]), "refunded".to_owned()));
}

#[tokio::test]
async fn exactly_one_of_all_an_amount_and_lines_is_named() {
    let paid = Collected::new().await;
    let lines = json!([{ "invoice_line_item_id": paid.lines[0] }]);
    for (query, body) in [
        ("", Value::Null),
        ("?amount=0", Value::Null),
        ("?full=false", json!([])),
        ("?full=false&amount=0", json!({})),
        ("?credit=true", json!("{}")),
        ("?full=true&amount=5", Value::Null),
        ("?full=true", lines.clone()),
        ("?amount=5", lines.clone()),
    ] {
        paid.refund(query, body).await.refuses(&["#"]);
    }
    let twice = json!([lines[0], lines[0]]);
    paid.refund("", twice).await.refuses(&["#/1/invoice_line_item_id"]);
    paid.refund("", json!([{ "amount": 5 }])).await.refuses(&["#/0/invoice_line_item_id"]);
    paid.refund("", json!([{ "invoice_line_item_id": paid.lines[0], "amount": 0 }])).await.refuses(&["#/0/amount"]);
    paid.refund("?amount=-1", Value::Null).await.refuses(&["#/amount"]);
    paid.refund("?amount=1.5", Value::Null).await.refuses(&["#/amount"]);
    paid.refund("?full=yes", Value::Null).await.refuses(&["#/full"]);
    paid.refund("?credit=2", Value::Null).await.refuses(&["#/credit"]);
    paid.refund("?amount=10000000000001", Value::Null).await.problem(400, "AMOUNT_OUT_OF_RANGE");
    let unknown = json!([{ "invoice_line_item_id": "nonsense" }]);
    paid.refund("", unknown).await.problem(404, "INVOICE_LINE_ITEM_NOT_FOUND");
    assert_eq!(paid.invoice().await["invoice"]["refunds"], json!([]));
    for (query, body) in [("?amount=1&full=false", json!([])), ("?full=true&amount=0", json!({}))] {
        paid.refund(query, body).await.expect(201);
    }
}

#[tokio::test]
async fn a_refund_may_come_as_a_credit_altogether() {
    let paid = Collected::new().await;
    let answer = paid.refund("?amount=500&credit=true", Value::Null).await.expect(201);
    assert_eq!((parts(&answer).0, parts(&answer).1), (500, 500));
    let credit = answer.text("/refund/credit_id");
    let credit = paid.shop.get(&format!("/customer/{}/credit/{credit}", paid.customer)).await.expect(200);
    assert_eq!(
        (credit.text("/credit/source"), credit.text("/credit/currency")),
        ("refund".to_owned(), "EUR".to_owned())
    );
    assert_eq!(credit.number("/credit/current_balance_in_cents"), 500);
    let money = paid.refund("?amount=500&credit=false", Value::Null).await.expect(201);
    assert_eq!((parts(&money).1, &money["refund"]["credit_id"]), (0, &Value::Null));
}

#[tokio::test]
async fn what_exceeds_the_money_collected_comes_as_a_credit() {
    // 1,950 due: 1,000 by gift card, 450 by credit, 500 collected.
    let paid = Collected::paid_with(1_000, 450).await;
    let first = paid.refund("?amount=300", Value::Null).await.expect(201);
    assert_eq!((parts(&first).0, parts(&first).1), (300, 0));
    let second = paid.refund("?amount=300", Value::Null).await.expect(201);
    assert_eq!((parts(&second).0, parts(&second).1), (300, 100));
    let third = paid.refund("?full=true", Value::Null).await.expect(201);
    assert_eq!((parts(&third).0, parts(&third).1), (1_350, 1_350));
    let balances = paid.shop.get(&format!("/customer/{}/credit?active=true", paid.customer)).await.expect(200);
    assert_eq!(
        balances.each("/credits", "current_balance_in_cents"),
        [1_350, 100],
        "a gift card never turns into cash"
    );
}

#[tokio::test]
async fn what_was_given_as_a_credit_of_choice_leaves_the_money_for_later() {
    let paid = Collected::paid_with(1_000, 450).await;
    let chosen = paid.refund("?amount=1450&credit=true", Value::Null).await.expect(201);
    assert_eq!(parts(&chosen).1, 1_450);
    let rest = paid.refund("?full=true", Value::Null).await.expect(201);
    assert_eq!((parts(&rest).0, parts(&rest).1), (500, 0), "500 were collected and not yet refunded");
}

#[tokio::test]
async fn a_shipped_order_stays_and_an_order_of_lines_refunded_one_by_one_is_canceled() {
    let paid = Collected::new().await;
    paid.shop.put(&format!("/order/{}/shipped", paid.order), Value::Null).await.expect(200);
    paid.refund("?full=true", Value::Null).await.expect(201);
    assert_eq!(paid.shop.get(&format!("/order/{}", paid.order)).await.text("/order/status"), "shipped");

    let paid = Collected::new().await;
    for line in &paid.lines {
        paid.refund("", json!([{ "invoice_line_item_id": line }])).await.expect(201);
    }
    assert_eq!(paid.invoice().await.text("/invoice/state"), "refunded");
    assert_eq!(paid.shop.get(&format!("/order/{}", paid.order)).await.text("/order/status"), "canceled");
}

#[tokio::test]
async fn refunds_are_listed_and_closed_together() {
    let paid = Collected::new().await;
    let path = format!("/invoice/{}/refund", paid.invoice);
    assert_eq!(paid.shop.get(&path).await.expect(200)["refunds"], json!([]));
    paid.shop.put(&format!("{path}/close"), Value::Null).await.problem(404, "REFUND_NOT_FOUND");
    let first = paid.refund("?amount=10", Value::Null).await.expect(201).text("/refund/refund_id");
    let second = paid.refund("?amount=20", Value::Null).await.expect(201).text("/refund/refund_id");
    let listed = paid.shop.get(&path).await.expect(200);
    assert_eq!(listed.each("/refunds", "refund_id"), [second.as_str(), first.as_str()]);
    let closed = paid.shop.put(&format!("{path}/close"), Value::Null).await.expect(200);
    assert_eq!(closed.each("/refunds", "state"), ["closed", "closed"]);
    assert!(closed["refunds"].as_array().into_iter().flatten().all(|refund| refund["closed_at"].is_string()));
    assert_eq!(closed.text("/invoice/invoice_id"), paid.invoice);
    paid.shop.put(&format!("{path}/close"), Value::Null).await.problem(404, "REFUND_NOT_FOUND");
    paid.refund("?amount=30", Value::Null).await.expect(201);
    assert_eq!(paid.shop.get(&path).await.each("/refunds", "state"), ["open", "closed", "closed"]);
}

#[tokio::test]
async fn never_more_is_refunded_than_there_is_however_many_try() {
    let paid = Collected::new().await;
    let answers = futures::future::join_all((0..6).map(|_| paid.refund("?amount=500", Value::Null))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
    for loser in answers.into_iter().filter(|answer| answer.status != 201) {
        loser.problem(409, "REFUND_EXCEEDS_REMAINDER");
    }
    assert_eq!(paid.invoice().await.number("/invoice/refunded_amount_in_cents"), 1_500);
}

#[tokio::test]
async fn an_invoice_shows_its_last_refunds_and_all_are_listed() {
    let paid = Collected::new().await;
    let mut refunds = Vec::new();
    for _ in 0..23 {
        refunds.push(paid.refund("?amount=1", Value::Null).await.expect(201).text("/refund/refund_id"));
    }
    let invoice = paid.invoice().await;
    assert_eq!(invoice.each("/invoice/refunds", "refund_id"), refunds[13..]);
    assert_eq!(invoice.number("/invoice/refunded_amount_in_cents"), 23);
    let mut next = Some(format!("/invoice/{}/refund?limit=10", paid.invoice));
    let mut listed = Vec::new();
    while let Some(path) = next {
        let page = paid.shop.get(&path).await.expect(200);
        listed.extend(page.each("/refunds", "refund_id").iter().filter_map(|id| id.as_str().map(str::to_owned)));
        let links = page["links"].as_array().cloned().unwrap_or_default();
        next =
            links.iter().find(|link| link["rel"] == "next").and_then(|link| link["href"].as_str().map(str::to_owned));
    }
    refunds.reverse();
    assert_eq!(listed, refunds);
    // What is closed is closed in the list, also what the invoice does not show.
    paid.shop.put(&format!("/invoice/{}/refund/close", paid.invoice), Value::Null).await.expect(200);
    let all = paid.shop.get(&format!("/invoice/{}/refund?limit=250", paid.invoice)).await.expect(200);
    assert_eq!(all.each("/refunds", "state"), ["closed"; 23]);
}

#[tokio::test]
async fn an_invoice_of_nothing_is_refunded_in_full_and_its_order_canceled() {
    let shop = TestShop::start().await;
    let customer = shop.customer().await;
    let product = shop.product(5, 0).await;
    let invoice = shop.invoice(&customer, &product, 2).await;
    let order = shop.collect(&invoice).await;
    assert_eq!(shop.stock(&product).await, (3, 2));
    let path = format!("/invoice/{invoice}/refund");
    shop.post(&format!("{path}?amount=1"), Value::Null).await.problem(409, "REFUND_EXCEEDS_REMAINDER");
    let refunded = shop.keyed("all").post(&format!("{path}?full=true"), Value::Null).await.expect(201);
    assert_eq!(
        (refunded.text("/invoice/state"), refunded.number("/refund/total_amount_in_cents")),
        ("refunded".to_owned(), 0)
    );
    assert_eq!(
        (&refunded["refund"]["refund_line_items"], &refunded["refund"]["credit_id"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(shop.get(&format!("/order/{order}")).await.text("/order/status"), "canceled");
    assert_eq!(shop.stock(&product).await, (5, 0));
    shop.post(&format!("{path}?full=true"), Value::Null).await.problem(409, "INVOICE_IS_NOT_COLLECTED");
    assert!(shop.keyed("all").post(&format!("{path}?full=true"), Value::Null).await.expect(201).is_replayed());
    shop.put(&format!("{path}/close"), Value::Null).await.expect(200);
}
