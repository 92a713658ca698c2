//! The numbers of invoices and credit notes (api.md §6).

use crate::support::TestShop;
use serde_json::{Value, json};

/// A collected invoice of that shop, by id and number.
async fn invoice(shop: &TestShop, customer: &str, product: &str) -> (String, String) {
    shop.add(customer, product, 1).await.expect(201);
    let billed = shop.bill_with(customer, "", Value::Null).await.expect(201);
    let id = billed.text("/invoice/invoice_id");
    shop.collect(&id).await;
    (id, billed.text("/invoice/invoice_number"))
}

async fn refund(shop: &TestShop, invoice: &str, cents: i64) -> String {
    let refunded = shop.post(&format!("/invoice/{invoice}/refund?amount={cents}"), Value::Null).await.expect(201);
    refunded.text("/refund/credit_note_number")
}

#[tokio::test]
async fn documents_are_numbered_by_the_format_in_force_and_keep_their_number() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(9, 500).await);
    let (first, number) = invoice(&shop, &customer, &product).await;
    assert_eq!((number.as_str(), refund(&shop, &first, 100).await.as_str()), ("1", "1"));
    let settings = json!({ "invoice_number_format": "R-{n:04}", "credit_note_number_format": "G-{n}" });
    let store = shop.put("/store", settings).await.expect(200);
    assert_eq!(store.at("/store/invoice_number_format"), "R-{n:04}");
    assert_eq!(store.at("/store/credit_note_number_format"), "G-{n}");
    assert_eq!(store.at("/store/number_restart"), "never");
    let (second, number) = invoice(&shop, &customer, &product).await;
    assert_eq!((number.as_str(), refund(&shop, &second, 100).await.as_str()), ("R-0002", "G-2"));
    let restored = shop.put("/store", json!({ "credit_note_number_format": null })).await.expect(200);
    assert_eq!(restored.at("/store/credit_note_number_format"), &Value::Null);
    assert_eq!(refund(&shop, &second, 100).await, "R-0003");
    let shown = shop.get(&format!("/invoice/{first}")).await.expect(200);
    assert_eq!(shown.at("/invoice/invoice_number"), "1");
    assert_eq!(shown.at("/invoice/refunds/0/credit_note_number"), "1");
    let snapshot = shop.get(&format!("/customer/{customer}/snapshot")).await.expect(200);
    assert_eq!(snapshot.at("/customer/last_10_invoices/0/invoice_number"), "R-0002");
}

#[tokio::test]
async fn a_store_may_begin_with_a_format_of_its_own() {
    let shop =
        TestShop::start_with(json!({ "invoice_number_format": "{year}/{n:05}", "number_restart": "yearly" })).await;
    let (customer, product) = (shop.customer().await, shop.product(9, 500).await);
    let (_, number) = invoice(&shop, &customer, &product).await;
    let (year, rank) = number.split_once('/').expect("a year and a rank");
    assert!(year.len() == 4 && rank == "00001", "{number}");
}

#[tokio::test]
async fn lists_are_filtered_by_number() {
    let (shop, other) = (TestShop::start().await, TestShop::start().await);
    let (customer, product) = (shop.customer().await, shop.product(9, 500).await);
    let (first, _) = invoice(&shop, &customer, &product).await;
    invoice(&shop, &customer, &product).await;
    refund(&shop, &first, 100).await;
    refund(&shop, &first, 100).await;
    for path in ["/invoice".to_owned(), format!("/customer/{customer}/invoices")] {
        for (query, found) in [
            // One that is not open any more is found all the same.
            ("?invoice_number=1", vec![first.as_str()]),
            ("?invoice_number=1&closed=true", vec![first.as_str()]),
            ("?invoice_number=1&closed=false", vec![]),
            ("?invoice_number=1&startdate=99990101", vec![]),
            ("?invoice_number=3", vec![]),
            ("?invoice_number=1&page=2", vec![]),
        ] {
            let list = shop.get(&format!("{path}{query}")).await.expect(200);
            assert_eq!(list.each("/invoices", "invoice_id"), found, "{path}{query}");
        }
    }
    let refunds = shop.get(&format!("/invoice/{first}/refund?credit_note_number=2")).await.expect(200);
    assert_eq!(refunds.each("/refunds", "credit_note_number"), ["2"]);
    let (of_other, goods) = (other.customer().await, other.product(9, 500).await);
    let (stranger, number) = invoice(&other, &of_other, &goods).await;
    assert_eq!(number, "1", "each store counts for itself");
    assert_eq!(
        shop.get("/invoice?invoice_number=1").await.expect(200).each("/invoices", "invoice_id"),
        [first.as_str()]
    );
    shop.get(&format!("/invoice/{stranger}/refund?credit_note_number=1")).await.problem(404, "INVOICE_NOT_FOUND");
    shop.get("/invoice?invoice_number=").await.problem(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_format_that_could_repeat_a_number_is_refused() {
    let shop = TestShop::start().await;
    for (body, field) in [
        (json!({ "invoice_number_format": "{year}{n}" }), "#/invoice_number_format"),
        (json!({ "invoice_number_format": "R" }), "#/invoice_number_format"),
        (json!({ "invoice_number_format": "" }), "#/invoice_number_format"),
        (json!({ "invoice_number_format": null }), "#/invoice_number_format"),
        (json!({ "credit_note_number_format": "G {n}" }), "#/credit_note_number_format"),
        (json!({ "number_restart": "monthly" }), "#/number_restart"),
        (json!({ "number_restart": "yearly" }), "#/invoice_number_format"),
        (
            json!({ "number_restart": "yearly", "invoice_number_format": "R{year}-{n}", "credit_note_number_format": "G{n}" }),
            "#/credit_note_number_format",
        ),
    ] {
        shop.put("/store", body).await.refuses(&[field]);
    }
    shop.put("/store", json!({ "invoice_number_format": "1{n}" })).await.problem(409, "NUMBERS_COULD_REPEAT");
    shop.put("/store", json!({ "invoice_number_format": "R{n}" })).await.expect(200);
    shop.put("/store", json!({ "invoice_number_format": "R1{n}" })).await.problem(409, "NUMBERS_COULD_REPEAT");
    shop.put("/store", json!({ "invoice_number_format": "{n:08}" })).await.expect(200);
    let store = shop.get("/store").await.expect(200);
    assert_eq!(store.at("/store/invoice_number_format"), "{n:08}");
    // What GET answered can be sent back.
    shop.put("/store", store.at("/store").clone()).await.expect(200);
}
