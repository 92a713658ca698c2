//! Metrics of windows that move with time (api.md §11).

use crate::shop::{PASSWORD, Shop};
use chrono::TimeDelta;
use serde_json::{Value, json};

#[tokio::test]
async fn what_was_added_leaves_one_window_after_the_other() {
    // 10:00 in London is 02:00 in Los Angeles.
    let shop = Shop::with(json!({ "timezone": "America/Los_Angeles" })).await;
    let (customer, product) = (shop.customer("ada@example.com").await, shop.product().await);
    shop.add(&customer, &product, 2).await.expect(201);
    let adds = async |window: &str| {
        let top = shop.get(&format!("/streaming/toptencartitems/10?window={window}")).await.expect(200);
        top.body["products"][0]["number_of_cart_adds"].as_u64().unwrap_or(0)
    };
    let all = async || [adds("1h").await, adds("day").await, adds("24h").await, adds("7d").await];
    assert_eq!(all().await, [2, 2, 2, 2]);
    shop.pass(TimeDelta::minutes(59));
    assert_eq!(all().await, [2, 2, 2, 2]);
    shop.pass(TimeDelta::minutes(2));
    assert_eq!(all().await, [0, 2, 2, 2]);
    // Its day ends 22 hours after it began to be two o'clock.
    shop.pass(TimeDelta::hours(22) - TimeDelta::minutes(62));
    assert_eq!(all().await, [0, 2, 2, 2]);
    shop.pass(TimeDelta::minutes(1));
    assert_eq!(all().await, [0, 0, 2, 2]);
    shop.pass(TimeDelta::hours(2) + TimeDelta::minutes(1));
    shop.log_in().await;
    assert_eq!(all().await, [0, 0, 0, 2]);
    shop.pass(TimeDelta::days(6) - TimeDelta::minutes(2));
    shop.log_in().await;
    assert_eq!(all().await, [0, 0, 0, 2]);
    shop.pass(TimeDelta::minutes(2));
    assert_eq!(all().await, [0, 0, 0, 0]);
}

#[tokio::test]
async fn invoices_and_coupons_count_for_two_hours() {
    let shop = Shop::new().await;
    let (customer, product) = (shop.customer("ada@example.com").await, shop.product().await);
    shop.post("/coupon_code?code=spring&amount=1", Value::Null).await.expect(201);
    shop.add(&customer, &product, 3).await.expect(201);
    shop.post(&format!("/customer/{customer}/cart/billcart?coupon=spring"), Value::Null).await.expect(201);
    let amount = async || shop.get("/streaming/invoiceamount").await.expect(200).body["result"].clone();
    shop.pass(TimeDelta::minutes(119));
    assert_eq!(amount().await, 300);
    shop.get("/streaming/topcoupon").await.expect(200);
    shop.pass(TimeDelta::minutes(2));
    assert_eq!(amount().await, 0);
    shop.get("/streaming/topcoupon").await.problem(404, "COUPON_NOT_FOUND");
}

#[tokio::test]
async fn new_customers_are_of_the_stores_day_and_log_ins_of_the_last_24_hours() {
    // 10:00 in London is midnight in Kiritimati, at the beginning of the 25th.
    let shop = Shop::with(json!({ "timezone": "Pacific/Kiritimati" })).await;
    let of = async |metric: &str| shop.get(&format!("/streaming/{metric}")).await.expect(200).body["result"].clone();
    shop.unconfirmed("ada@example.com").await;
    shop.put("/customer/login", json!({ "email": "ada@example.com", "password": PASSWORD })).await.expect(200);
    shop.pass(TimeDelta::hours(24) - TimeDelta::minutes(1));
    assert_eq!((of("newcustomers").await, of("customerlogin").await), (json!(1), json!(1)));
    shop.unconfirmed("eve@example.com").await;
    assert_eq!(of("newcustomers").await, 2);
    shop.pass(TimeDelta::minutes(2));
    shop.log_in().await;
    assert_eq!((of("newcustomers").await, of("customerlogin").await), (json!(0), json!(0)));
}
