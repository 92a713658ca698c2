//! What ends by time: tokens, log-ins, confirmation links, coupons, carts, keys.

use crate::shop::{PASSWORD, SECRET, Shop};
use chrono::TimeDelta;
use serde_json::{Value, json};

const MOMENT: TimeDelta = TimeDelta::milliseconds(1);

fn a_day() -> TimeDelta {
    TimeDelta::hours(24)
}

#[tokio::test]
async fn a_token_lives_24_hours() {
    let shop = Shop::new().await;
    shop.pass(a_day() - MOMENT);
    shop.get("/store").await.expect(200);
    shop.pass(MOMENT);
    let expired = shop.get("/store").await.problem(401, "TOKEN_EXPIRED");
    assert!(expired.headers.contains_key("www-authenticate"));
    shop.post("/product", json!({})).await.problem(401, "TOKEN_EXPIRED");
    shop.log_in().await;
    shop.get("/store").await.expect(200);
}

#[tokio::test]
async fn a_customer_is_logged_in_for_24_hours() {
    let shop = Shop::new().await;
    let customer = shop.unconfirmed("ada@example.com").await;
    let log_in = json!({ "email": "ada@example.com", "password": PASSWORD });
    shop.put("/customer/login", log_in).await.expect(200);
    let path = format!("/customer/{customer}");
    shop.pass(a_day() - MOMENT);
    let before = shop.get(&path).await.expect(200);
    assert_eq!(before.body["customer"]["logged_in"], true);
    shop.pass(MOMENT);
    shop.log_in().await;
    let after = shop.get(&path).await.expect(200);
    assert_eq!(
        (&after.body["customer"]["logged_in"], &after.body["customer"]["log_out_expires_at"]),
        (&json!(false), &Value::Null)
    );
    // What changes with time changes the tag as well.
    assert_ne!(before.headers["etag"], after.headers["etag"]);
}

#[tokio::test]
async fn a_confirmation_link_lives_24_hours() {
    let shop = Shop::new().await;
    let customer = shop.unconfirmed("ada@example.com").await;
    let (late, in_time) = (shop.confirmation(&customer).await, shop.confirmation(&customer).await);
    shop.pass(a_day() - MOMENT);
    shop.put(&in_time, Value::Null).await.expect(200);
    shop.pass(MOMENT);
    shop.put(&late, Value::Null).await.problem(404, "CONFIRMATION_NOT_FOUND");
}

#[tokio::test]
async fn a_coupon_is_good_from_its_first_instant_up_to_its_last() {
    let shop = Shop::new().await;
    let (customer, product) = (shop.customer("ada@example.com").await, shop.product().await);
    // It is 10:00 on 24 November.
    let dates = json!({ "code": "noon", "amount": 1, "starts_at": "2026112412", "expires_at": "202611241300" });
    shop.post("/coupon_code", dates).await.expect(201);
    let is_valid = async || shop.get("/coupon_code/noon/is_valid").await.expect(200).body["result"] == true;
    let bill = async || {
        shop.add(&customer, &product, 1).await.expect(201);
        shop.post(&format!("/customer/{customer}/cart/billcart?coupon=noon"), Value::Null).await
    };
    shop.pass(TimeDelta::hours(2) - MOMENT);
    assert!(!is_valid().await);
    bill().await.problem(404, "COUPON_NOT_FOUND");
    shop.pass(MOMENT);
    assert!(is_valid().await);
    bill().await.expect(201);
    shop.pass(TimeDelta::hours(1) - MOMENT);
    assert!(is_valid().await);
    bill().await.expect(201);
    shop.pass(MOMENT);
    assert!(!is_valid().await);
    bill().await.problem(404, "COUPON_NOT_FOUND");
}

#[tokio::test]
async fn a_coupon_without_an_end_is_good_for_30_days() {
    let shop = Shop::new().await;
    let made = shop.post("/coupon_code?code=spring&amount=1", Value::Null).await.expect(201);
    assert_eq!(made.text("/coupon/expires_at"), "2026-12-24T10:00:00.000Z");
    shop.pass(TimeDelta::days(30) - MOMENT);
    shop.log_in().await;
    assert_eq!(shop.get("/coupon_code/spring/is_valid").await.expect(200).body["result"], true);
    shop.pass(MOMENT);
    assert_eq!(shop.get("/coupon_code/spring/is_valid").await.expect(200).body["result"], false);
}

#[tokio::test]
async fn a_cart_that_nobody_touches_is_closed_after_its_stores_time_and_gives_its_stock_back() {
    let shop = Shop::with(json!({ "cart_expires_after_minutes": 60 })).await;
    let (ada, eve, product) =
        (shop.customer("ada@example.com").await, shop.customer("eve@example.com").await, shop.product().await);
    shop.add(&ada, &product, 2).await.expect(201);
    shop.add(&eve, &product, 3).await.expect(201);
    shop.pass(TimeDelta::minutes(60) - MOMENT);
    // Whatever is done to a cart keeps it.
    shop.put(&format!("/customer/{eve}/cart/item/{product}"), json!({ "quantity": 4 })).await.expect(200);
    shop.commands.cart_expiry().step().await.unwrap();
    shop.get(&format!("/customer/{ada}/cart")).await.expect(200);
    shop.pass(MOMENT);
    shop.commands.cart_expiry().step().await.unwrap();
    // Nobody asked for it, so nobody was told a position: whoever adds something waits for all that was before.
    let opened = shop.add(&ada, &product, 1).await.expect(201);
    let carts = shop.get(&format!("/customer/{ada}/carts")).await.expect(200);
    let expired = &carts.body["carts"][1];
    assert_eq!((&expired["state"], &expired["close_reason"]), (&json!("closed"), &json!("expired")));
    assert_ne!(expired["cart_id"], opened.body["cart"]["cart_id"]);
    let stock = shop.get(&format!("/product/{product}")).await.expect(200);
    assert_eq!((&stock.body["product"]["inventory"], &stock.body["product"]["reserved"]), (&json!(45), &json!(5)));
    shop.get(&format!("/customer/{eve}/cart")).await.expect(200);
}

#[tokio::test]
async fn carts_of_a_store_with_0_minutes_never_expire() {
    let shop = Shop::with(json!({ "cart_expires_after_minutes": 0 })).await;
    let (customer, product) = (shop.customer("ada@example.com").await, shop.product().await);
    shop.add(&customer, &product, 2).await.expect(201);
    shop.pass(TimeDelta::days(1_000));
    shop.log_in().await;
    shop.commands.cart_expiry().step().await.unwrap();
    shop.get(&format!("/customer/{customer}/cart")).await.expect(200);
}

#[tokio::test]
async fn a_key_lives_24_hours_at_least_and_that_of_a_creation_for_ever() {
    let shop = Shop::new().await;
    let new = || json!({ "title": "Tea", "product_type": "tea", "vendor": "Farm" });
    let made = shop.send("POST", "/product", "k", new()).await.expect(201);
    let path = format!("/product/{}/inventory", made.text("/product/product_id"));
    shop.send("PUT", &path, "k", json!({ "amount": 1 })).await.expect(200);
    shop.pass(a_day() - MOMENT);
    let again = shop.send("PUT", &path, "k", json!({ "amount": 1 })).await.expect(200);
    assert_eq!(
        (&again.body["product"]["inventory"], again.headers.contains_key("idempotent-replayed")),
        (&json!(1), true)
    );
    shop.pass(TimeDelta::days(1_000));
    shop.log_in().await;
    let again = shop.send("POST", "/product", "k", new()).await.expect(201);
    assert_eq!(again.text("/product/product_id"), made.text("/product/product_id"));
    assert!(again.headers.contains_key("idempotent-replayed"));
    shop.send("POST", "/product", "k", json!({ "title": "x", "product_type": "x", "vendor": "x" }))
        .await
        .problem(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn a_key_of_a_new_store_lives_for_ever_too() {
    let shop = Shop::new().await;
    let new = || json!({ "name": "Coffee", "app_id": "coffee", "app_secret": SECRET });
    let made = shop.send("POST", "/store", "k", new()).await.expect(201);
    shop.pass(TimeDelta::days(1_000));
    let again = shop.send("POST", "/store", "k", new()).await.expect(201);
    assert_eq!(again.text("/store/store_id"), made.text("/store/store_id"));
    shop.send("POST", "/store", "other", new()).await.problem(409, "APP_ID_ALREADY_EXISTS");
}
