//! Streaming metrics (api.md §11). An event shows in the very next query of the node that took the command.

use crate::support::{PASSWORD, TestShop, new_email};
use serde_json::{Value, json};

#[tokio::test]
async fn the_products_most_added_to_carts_come_first_and_only_a_post_of_an_item_counts() {
    let shop = TestShop::start().await;
    let customer = shop.customer().await;
    let top = async |path: &str| {
        let answer = shop.get(&format!("/streaming/toptencartitems/{path}")).await.expect(200);
        let adds = answer.each("/products", "number_of_cart_adds");
        answer.each("/products", "product_id").into_iter().zip(adds).collect::<Vec<_>>()
    };
    assert_eq!(top("10").await, []);
    let products = [shop.product(99, 1).await, shop.product(99, 1).await, shop.product(99, 1).await];
    let [first, second, third] = products.each_ref();
    shop.add(&customer, third, 2).await.expect(201);
    shop.post(
        &format!("/customer/{customer}/cart/item"),
        json!([
            { "product_id": second, "quantity": 5 }, { "product_id": first, "quantity": 1 },
        ]),
    )
    .await
    .expect(201);
    shop.add(&customer, first, 1).await.expect(201);
    // Ties: the smaller id first.
    let wanted = [(json!(second), json!(5)), (json!(first), json!(2)), (json!(third), json!(2))];
    assert_eq!(top("10").await, wanted);
    for window in ["day", "1h", "24h", "7d"] {
        assert_eq!(top(&format!("100?window={window}")).await, wanted, "{window}");
    }
    assert_eq!(top("2").await, wanted[..2]);
    assert_eq!(top("1").await, wanted[..1]);

    let cart = format!("/customer/{customer}/cart");
    shop.put(&format!("{cart}/item/{first}"), json!({ "quantity": 50 })).await.expect(200);
    shop.delete(&format!("{cart}/item/{second}")).await.expect(200);
    shop.add(&customer, second, 200).await.problem(409, "INSUFFICIENT_INVENTORY");
    shop.delete(&cart).await.expect(200);
    assert_eq!(top("10").await, wanted);
    let whole = shop.get("/streaming/toptencartitems/1").await.expect(200);
    assert_eq!(whole["products"][0]["title"], "Darjeeling");
    let windowed = shop.get("/streaming/toptencartitems/1/?window=7d").await.expect(200);
    let own = "/streaming/toptencartitems/1?window=7d";
    assert_eq!(windowed["links"], json!([{ "rel": "self", "href": own }]));
    assert_eq!(windowed.must_have("link"), format!("<{own}>; rel=\"self\""));

    for bad in ["0", "101", "-1", "ten", "1.5", "%20"] {
        shop.get(&format!("/streaming/toptencartitems/{bad}")).await.refuses(&["#/n"]);
    }
    shop.get("/streaming/toptencartitems/10?window=2h").await.refuses(&["#/window"]);
}

#[tokio::test]
async fn what_was_invoiced_stays_whatever_becomes_of_it() {
    let shop = TestShop::start_with(json!({ "tax_rate_in_basis_points": 1_000 })).await;
    let (customer, product) = (shop.customer().await, shop.product(99, 100).await);
    let amount = async || shop.get("/streaming/invoiceamount").await.expect(200).body;
    assert_eq!(amount().await, json!({ "result": 0 }));
    shop.credit(&customer, 50).await;
    let coupon = shop.coupon(json!({ "amount": 30 })).await;
    shop.add(&customer, &product, 3).await.expect(201);
    let billed = shop
        .bill_with(&customer, &format!("?coupon={coupon}"), json!({ "shipping_amount_in_cents": 5 }))
        .await
        .expect(201);
    assert_eq!(amount().await, json!({ "result": 305 }), "of totals, before discount, tax and credits");
    shop.put(&format!("/invoice/{}/failed", billed.text("/invoice/invoice_id")), Value::Null).await.expect(200);
    let second = shop.invoice(&customer, &product, 1).await;
    shop.collect(&second).await;
    shop.post(&format!("/invoice/{second}/refund?full=true"), Value::Null).await.expect(201);
    assert_eq!(amount().await, json!({ "result": 405 }));
}

#[tokio::test]
async fn the_coupon_most_used_is_the_top_one() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(99, 100).await);
    shop.get("/streaming/topcoupon").await.problem(404, "COUPON_NOT_FOUND");
    let (first, second) = (shop.coupon(json!({ "amount": 1 })).await, shop.coupon(json!({ "amount": 1 })).await);
    shop.get("/streaming/topcoupon").await.problem(404, "COUPON_NOT_FOUND");
    let used = async |code: &str| {
        shop.add(&customer, &product, 1).await.expect(201);
        shop.bill_with(&customer, &format!("?coupon={code}"), Value::Null).await.expect(201);
        let top = shop.get("/streaming/topcoupon").await.expect(200);
        (top.text("/coupon/code"), top.number("/coupon/redemptions"))
    };
    assert_eq!(used(&second).await, (second.clone(), 1));
    // Ties: the smaller id first.
    assert_eq!(used(&first).await, (first.clone(), 1));
    assert_eq!(used(&second).await, (second.clone(), 2));
}

#[tokio::test]
async fn new_customers_are_those_created_today() {
    let shop = TestShop::start().await;
    let count = async || shop.get("/streaming/newcustomers").await.expect(200).body;
    assert_eq!(count().await, json!({ "result": 0 }));
    let first = shop.unconfirmed_with(json!({})).await;
    shop.unconfirmed_with(json!({})).await;
    assert_eq!(count().await, json!({ "result": 2 }));
    shop.delete(&format!("/customer/{first}")).await.expect(204);
    assert_eq!(count().await, json!({ "result": 2 }));
}

#[tokio::test]
async fn who_logged_in_counts_once() {
    let shop = TestShop::start().await;
    let (ada, eve) = (new_email(), new_email());
    for email in [&ada, &eve] {
        shop.unconfirmed_with(json!({ "email": email })).await;
    }
    let log_in = async |email: &str, password: &str| {
        shop.put("/customer/login", json!({ "email": email, "password": password })).await
    };
    let count = async || shop.get("/streaming/customerlogin").await.expect(200).body;
    assert_eq!(count().await, json!({ "result": 0 }));
    log_in(&ada, "wrong").await.problem(401, "INVALID_CREDENTIALS");
    assert_eq!(count().await, json!({ "result": 0 }));
    log_in(&ada, PASSWORD).await.expect(200);
    log_in(&ada, PASSWORD).await.expect(200);
    shop.put("/customer/logout", json!({ "email": ada })).await.expect(200);
    assert_eq!(count().await, json!({ "result": 1 }));
    log_in(&eve, PASSWORD).await.expect(200);
    assert_eq!(count().await, json!({ "result": 2 }));
}

#[tokio::test]
async fn metrics_take_no_parameters_of_others() {
    let shop = TestShop::unchanged().await;
    for metric in ["invoiceamount", "topcoupon", "newcustomers", "customerlogin"] {
        shop.get(&format!("/streaming/{metric}?window=day")).await.refuses(&["#/window"]);
    }
}
