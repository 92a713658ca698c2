//! Orders (api.md §7).

use crate::support::TestShop;
use serde_json::{Value, json};

#[tokio::test]
async fn an_order_has_its_fields_and_the_lines_of_what_is_shipped() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 100).await);
    shop.add(&customer, &product, 3).await.expect(201);
    let billed = shop.bill_with(&customer, "", json!({ "shipping_amount_in_cents": 5 })).await.expect(201);
    let order = shop.collect(&billed.text("/invoice/invoice_id")).await;
    let answer = shop.get(&format!("/order/{order}")).await.expect(200);
    let order = &answer["order"];
    assert_eq!(order["store_id"], shop.get("/store").await["store"]["store_id"]);
    assert_eq!((&order["customer_id"], &order["invoice_id"]), (&json!(customer), &billed["invoice"]["invoice_id"]));
    assert_eq!(order["status"], "pending");
    for unset in ["shipped_at", "delivered_at", "canceled_at"] {
        assert_eq!(order[unset], Value::Null, "{unset}");
    }
    assert_eq!(order["order_line_items"].as_array().map(Vec::len), Some(1), "shipping is no line of an order");
    let line = &order["order_line_items"][0];
    assert_eq!((&line["order_id"], &line["product_id"]), (&order["order_id"], &json!(product)));
    assert_eq!((&line["product_title"], &line["quantity"]), (&json!("Darjeeling"), &json!(3)));
    assert_eq!(line["invoice_line_item_id"], billed["invoice"]["invoice_line_items"][0]["invoice_line_item_id"]);
    assert!(line["order_line_item_id"].is_string());
}

/// Takes a new order through these steps.
async fn order_after(shop: &TestShop, customer: &str, product: &str, steps: &[&str]) -> String {
    let order = shop.collect(&shop.invoice(customer, product, 1).await).await;
    for step in steps {
        shop.put(&format!("/order/{order}/{step}"), Value::Null).await.expect(200);
    }
    order
}

#[tokio::test]
async fn every_step_from_every_status_is_allowed_or_refused_by_name() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(100, 100).await);
    let cases: [(&[&str], [Option<&str>; 3]); 5] = [
        (&[], [None, None, None]),
        (&["shipped"], [None, None, Some("ORDER_IS_SHIPPED")]),
        (&["delivered"], [Some("ORDER_IS_DELIVERED"), None, Some("ORDER_IS_DELIVERED")]),
        (&["shipped", "delivered"], [Some("ORDER_IS_DELIVERED"), None, Some("ORDER_IS_DELIVERED")]),
        (&["canceled"], [Some("ORDER_IS_CANCELED"), Some("ORDER_IS_CANCELED"), None]),
    ];
    for (before, outcomes) in cases {
        for (step, refusal) in ["shipped", "delivered", "canceled"].into_iter().zip(outcomes) {
            let order = order_after(&shop, &customer, &product, before).await;
            let answer = shop.put(&format!("/order/{order}/{step}"), Value::Null).await;
            match refusal {
                Some(code) => drop(answer.problem(409, code)),
                None => assert_eq!(answer.expect(200)["order"]["status"], step, "{before:?} {step}"),
            }
        }
    }
}

#[tokio::test]
async fn repeating_the_last_step_changes_nothing() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(100, 100).await);
    for steps in [&["shipped"][..], &["delivered"], &["shipped", "delivered"], &["canceled"]] {
        let order = order_after(&shop, &customer, &product, steps).await;
        let before = shop.get(&format!("/order/{order}")).await.expect(200);
        let last = steps[steps.len() - 1];
        let again = shop.put(&format!("/order/{order}/{last}"), Value::Null).await.expect(200);
        assert_eq!((&again.body, again.revision()), (&before.body, before.revision()));
        assert!(before["order"][format!("{last}_at")].is_string());
    }
}

#[tokio::test]
async fn shipped_stock_is_gone_for_good_and_canceled_stock_goes_back_without_a_refund() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 100).await);
    let stock = async |steps: &[&str]| {
        order_after(&shop, &customer, &product, steps).await;
        shop.stock(&product).await
    };
    assert_eq!(stock(&[]).await, (9, 1));
    assert_eq!(stock(&["shipped"]).await, (8, 1));
    assert_eq!(stock(&["delivered"]).await, (7, 1));
    assert_eq!(stock(&["shipped", "delivered"]).await, (6, 1));
    assert_eq!(stock(&["canceled"]).await, (6, 1));
    let canceled = order_after(&shop, &customer, &product, &["canceled"]).await;
    let invoice = shop.get(&format!("/order/{canceled}")).await.text("/order/invoice_id");
    let invoice = shop.get(&format!("/invoice/{invoice}")).await.expect(200);
    assert_eq!(
        (invoice.text("/invoice/state"), invoice.number("/invoice/refunded_amount_in_cents")),
        ("collected".to_owned(), 0)
    );
}

#[tokio::test]
async fn lists_are_filtered_by_status_and_owner() {
    let shop = TestShop::start().await;
    let (ada, eve, product) = (shop.customer().await, shop.customer().await, shop.product(100, 1).await);
    let pending = order_after(&shop, &ada, &product, &[]).await;
    let shipped = order_after(&shop, &ada, &product, &["shipped"]).await;
    let delivered = order_after(&shop, &eve, &product, &["shipped", "delivered"]).await;
    let canceled = order_after(&shop, &eve, &product, &["canceled"]).await;
    let cases = [
        ("/order".to_owned(), vec![&canceled, &delivered, &shipped, &pending]),
        ("/order?status=pending".to_owned(), vec![&pending]),
        ("/order?status=shipped".to_owned(), vec![&shipped]),
        ("/order?status=delivered".to_owned(), vec![&delivered]),
        ("/order?status=canceled".to_owned(), vec![&canceled]),
        ("/order?shipped_at_startdate=20200101".to_owned(), vec![&delivered, &shipped]),
        ("/order?shipped_at_startdate=20200101&status=shipped".to_owned(), vec![&shipped]),
        (format!("/customer/{ada}/orders"), vec![&shipped, &pending]),
        (format!("/customer/{eve}/orders?status=canceled"), vec![&canceled]),
        (format!("/customer/{eve}/orders?delivered_at_startdate=20200101"), vec![&delivered]),
    ];
    for (path, wanted) in cases {
        let found = shop.get(&path).await.expect(200).each("/orders", "order_id");
        assert_eq!(found, wanted.into_iter().map(|id| json!(id)).collect::<Vec<_>>(), "{path}");
    }
    shop.get("/order?status=lost").await.refuses(&["#/status"]);
    shop.get("/customer/nobody/orders").await.problem(404, "CUSTOMER_NOT_FOUND");
}
