//! Coupon codes (api.md §10).

use crate::support::{TestShop, number};
use serde_json::{Value, json};

fn new_code() -> String {
    format!("Spring-{}_x", number())
}

#[tokio::test]
async fn a_coupon_has_its_fields_and_their_defaults() {
    let shop = TestShop::start().await;
    let code = new_code();
    let made = shop.post(&format!("/coupon_code?code={code}&amount=500"), Value::Null).await.expect(201);
    let coupon = &made["coupon"];
    assert_eq!(coupon["store_id"], shop.get("/store").await["store"]["store_id"]);
    assert_eq!((&coupon["code"], &coupon["style"]), (&json!(code), &json!("dollars_off")));
    assert_eq!((&coupon["amount"], &coupon["redemption_count"]), (&json!(500), &json!(0)));
    for unset in [
        "last_redemption_at",
        "starts_at",
        "usage_limit",
        "usage_limit_per_customer",
        "minimum_amount_in_cents",
        "voided_at",
    ] {
        assert_eq!(coupon[unset], Value::Null, "{unset}");
    }
    let time =
        |field: &str| made.text(&format!("/coupon/{field}")).parse::<chrono::DateTime<chrono::Utc>>().expect("a time");
    let lives = time("expires_at") - time("created_at");
    assert_eq!(lives, chrono::TimeDelta::days(30));
    assert_eq!(shop.get(&format!("/coupon_code/{code}")).await.expect(200).body, made.body);
    assert_eq!(shop.get(&format!("/coupon_code/{}", code.to_uppercase())).await.expect(200).body, made.body);
}

#[tokio::test]
async fn a_coupon_that_starts_later_ends_30_days_after_its_start_unless_it_is_said_when() {
    let shop = TestShop::start().await;
    let code = shop.coupon(json!({ "amount": 5, "starts_at": "2099-03-01T10:00:00.5Z" })).await;
    let coupon = shop.get(&format!("/coupon_code/{code}")).await.expect(200);
    assert_eq!(coupon.text("/coupon/expires_at"), "2099-03-31T10:00:00.500Z");
    // What is refused takes no code.
    let times = |code: &str| json!({ "code": code, "amount": 5, "starts_at": "20990301", "expires_at": "20990301" });
    let code = new_code();
    shop.post("/coupon_code", times(&code)).await.refuses(&["#/expires_at"]);
    shop.post("/coupon_code", json!({ "code": code, "amount": 5 })).await.expect(201);
}

#[tokio::test]
async fn every_field_can_be_given_by_query_or_body_or_some_of_each_but_none_twice() {
    let shop = TestShop::start_with(json!({ "timezone": "Europe/Berlin" })).await;
    let fields = json!({
        "style": "percent_off", "amount": 100, "starts_at": "2026112310", "expires_at": "20261124",
        "usage_limit": 3, "usage_limit_per_customer": 2, "minimum_amount_in_cents": 1_000,
    });
    let wanted = json!({
        "style": "percent_off", "amount": 100, "starts_at": "2026-11-23T09:00:00.000Z", "expires_at": "2026-11-23T23:00:00.000Z",
        "usage_limit": 3, "usage_limit_per_customer": 2, "minimum_amount_in_cents": 1_000,
    });
    let query: Vec<_> = fields
        .as_object()
        .expect("an object")
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().map_or(value.to_string(), str::to_owned)))
        .collect();
    let named = |mut fields: Value| {
        fields["code"] = json!(new_code());
        fields
    };
    let by_query = shop.post(&format!("/coupon_code?code={}&{}", new_code(), query.join("&")), Value::Null).await;
    let by_body = shop.post("/coupon_code", named(fields.clone())).await;
    let by_both = shop
        .post(&format!("/coupon_code?code={}&style=percent_off", new_code()), {
            let mut rest = fields.clone();
            rest.as_object_mut().expect("an object").remove("style");
            rest
        })
        .await;
    for answer in [by_query, by_body, by_both] {
        let answer = answer.expect(201);
        for (name, value) in wanted.as_object().expect("an object") {
            assert_eq!(&answer["coupon"][name], value, "{name}");
        }
    }
    shop.post("/coupon_code?amount=5", named(json!({ "amount": 5 }))).await.refuses(&["#/amount"]);
    shop.post("/coupon_code?code=a", named(json!({ "amount": 5 }))).await.refuses(&["#/code"]);
    let exact =
        shop.post("/coupon_code", named(json!({ "amount": 5, "expires_at": "2099-01-01T00:00:00.5+01:00" }))).await;
    assert_eq!(exact.expect(201).text("/coupon/expires_at"), "2098-12-31T23:00:00.500Z");
}

#[tokio::test]
async fn what_a_coupon_is_made_of_has_its_bounds() {
    let shop = TestShop::unchanged().await;
    let bad = [
        (json!({ "code": "" }), "#/code"),
        (json!({ "code": "a b" }), "#/code"),
        (json!({ "code": "ä" }), "#/code"),
        (json!({ "code": "a".repeat(65) }), "#/code"),
        (json!({ "style": "free" }), "#/style"),
        (json!({ "amount": -1 }), "#/amount"),
        (json!({ "style": "percent_off", "amount": 101 }), "#/amount"),
        (json!({ "expires_at": "tomorrow" }), "#/expires_at"),
        (json!({ "starts_at": "20261301" }), "#/starts_at"),
        (json!({ "starts_at": "20270102", "expires_at": "20270101" }), "#/expires_at"),
        (json!({ "starts_at": "20270101", "expires_at": "20270101" }), "#/expires_at"),
        (json!({ "starts_at": "20270101", "expires_at": "2026-12-31T23:30:00-00:30" }), "#/expires_at"),
        (json!({ "starts_at": "20200102", "expires_at": "20200101" }), "#/expires_at"),
        (json!({ "starts_at": "9999-12-31T23:59:59.999Z" }), "#/starts_at"),
        (json!({ "starts_at": "00000101" }), "#/starts_at"),
        (json!({ "usage_limit": 0 }), "#/usage_limit"),
        (json!({ "usage_limit_per_customer": 0 }), "#/usage_limit_per_customer"),
        (json!({ "minimum_amount_in_cents": -1 }), "#/minimum_amount_in_cents"),
        (json!({ "usage_limit": null }), "#/usage_limit"),
    ];
    for (fields, pointer) in bad {
        let mut coupon = json!({ "code": new_code(), "amount": 5 });
        coupon.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        shop.post("/coupon_code", coupon).await.refuses(&[pointer]);
    }
    for (query, pointer) in [
        ("amount=x", "#/amount"),
        ("amount=1.5", "#/amount"),
        ("style=free&amount=1", "#/style"),
        ("amount=1&usage_limit=0", "#/usage_limit"),
        ("amount=1&colour=red", "#/colour"),
    ] {
        shop.post(&format!("/coupon_code?code={}&{query}", new_code()), Value::Null).await.refuses(&[pointer]);
    }
    for missing in [Value::Null, json!({}), json!([]), json!("{}")] {
        shop.post("/coupon_code", missing).await.refuses(&["#/code", "#/amount"]);
    }
    shop.post("/coupon_code", json!({ "code": new_code(), "amount": 10_000_000_000_001_i64 }))
        .await
        .problem(400, "AMOUNT_OUT_OF_RANGE");
    shop.post(&format!("/coupon_code?code={}&amount=10000000000001", new_code()), Value::Null)
        .await
        .problem(400, "AMOUNT_OUT_OF_RANGE");
}

#[tokio::test]
async fn a_code_is_taken_whatever_its_case_also_under_concurrency_and_when_void() {
    let (shop, other) = (TestShop::start().await, TestShop::start().await);
    let code = new_code();
    let create = |code: String| shop.post("/coupon_code", json!({ "code": code, "amount": 5 }));
    let answers = futures::future::join_all([
        create(code.clone()),
        create(code.to_uppercase()),
        create(code.to_lowercase()),
        create(code.clone()),
    ]);
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for loser in answers.into_iter().filter(|answer| answer.status != 201) {
        loser.problem(409, "COUPON_ALREADY_EXISTS");
    }
    shop.delete(&format!("/coupon_code/{code}")).await.expect(204);
    create(code.clone()).await.problem(409, "COUPON_ALREADY_EXISTS");
    other.post("/coupon_code", json!({ "code": code, "amount": 5 })).await.expect(201);
    shop.post("/coupon_code", json!({ "code": "x".repeat(64), "amount": 0 })).await.expect(201);
}

#[tokio::test]
async fn a_coupon_is_valid_while_it_can_be_used_at_all() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(9, 100).await);
    let is_valid = async |code: &str| {
        let answer = shop.get(&format!("/coupon_code/{code}/is_valid")).await.expect(200);
        assert_eq!(answer["coupon"], shop.get(&format!("/coupon_code/{code}")).await["coupon"]);
        answer["result"].as_bool().expect("a boolean")
    };
    let good = shop.coupon(json!({ "amount": 1, "starts_at": "20200101", "expires_at": "99991231" })).await;
    let expired = shop.coupon(json!({ "amount": 1, "expires_at": "20200101" })).await;
    let not_yet = shop.coupon(json!({ "amount": 1, "starts_at": "99990101", "expires_at": "99991231" })).await;
    let voided = shop.coupon(json!({ "amount": 1 })).await;
    shop.delete(&format!("/coupon_code/{voided}")).await.expect(204);
    let used_up = shop.coupon(json!({ "amount": 1, "usage_limit": 1 })).await;
    assert!(is_valid(&used_up).await && is_valid(&good).await && is_valid(&good.to_uppercase()).await);
    for code in [&expired, &not_yet, &voided] {
        assert!(!is_valid(code).await, "{code}");
        shop.add(&customer, &product, 1).await.expect(201);
        shop.bill_with(&customer, &format!("?coupon={code}"), Value::Null).await.problem(404, "COUPON_NOT_FOUND");
    }
    shop.bill_with(&customer, "?coupon=unknown", Value::Null).await.problem(404, "COUPON_NOT_FOUND");
    assert_eq!(
        shop.get(&format!("/customer/{customer}/cart")).await.number("/cart/items/0/quantity"),
        3,
        "nothing happened"
    );
    let billed = shop.bill_with(&customer, &format!("?coupon={used_up}"), Value::Null).await.expect(201);
    assert!(!is_valid(&used_up).await);
    shop.put(&format!("/invoice/{}/failed", billed.text("/invoice/invoice_id")), Value::Null).await.expect(200);
    assert!(is_valid(&used_up).await, "its use was given back");
    for path in ["/coupon_code/unknown", "/coupon_code/unknown/is_valid", "/coupon_code/%ff", "/coupon_code/a%2Fb"] {
        shop.get(path).await.problem(404, "COUPON_NOT_FOUND");
    }
    shop.delete("/coupon_code/unknown").await.problem(404, "COUPON_NOT_FOUND");
}

#[tokio::test]
async fn limits_hold_in_all_and_for_each_customer() {
    let shop = TestShop::start().await;
    let (ada, eve, product) = (shop.customer().await, shop.customer().await, shop.product(99, 100).await);
    let code = shop.coupon(json!({ "amount": 10, "usage_limit": 3, "usage_limit_per_customer": 2 })).await;
    let bill = async |customer: &str| {
        shop.add(customer, &product, 1).await.expect(201);
        shop.bill_with(customer, &format!("?coupon={code}"), Value::Null).await
    };
    bill(&ada).await.expect(201);
    let second = bill(&ada).await.expect(201);
    bill(&ada).await.problem(409, "COUPON_ALREADY_USED");
    bill(&eve).await.expect(201);
    bill(&eve).await.problem(409, "COUPON_USED_UP");
    let coupon = shop.get(&format!("/coupon_code/{code}")).await.expect(200);
    assert_eq!(coupon.number("/coupon/redemption_count"), 3);
    assert!(coupon["coupon"]["last_redemption_at"].is_string());
    shop.put(&format!("/invoice/{}/failed", second.text("/invoice/invoice_id")), Value::Null).await.expect(200);
    assert_eq!(shop.get(&format!("/coupon_code/{code}")).await.number("/coupon/redemption_count"), 2);
    bill(&eve).await.expect(201);
}

#[tokio::test]
async fn the_minimum_is_of_the_items_alone_and_may_just_be_reached() {
    let shop = TestShop::start_with(json!({ "tax_rate_in_basis_points": 1_900 })).await;
    let (customer, product) = (shop.customer().await, shop.product(99, 100).await);
    let code = shop.coupon(json!({ "amount": 10, "minimum_amount_in_cents": 300 })).await;
    shop.add(&customer, &product, 2).await.expect(201);
    let shipping = json!({ "shipping_amount_in_cents": 1_000 });
    shop.bill_with(&customer, &format!("?coupon={code}"), shipping).await.problem(409, "COUPON_MINIMUM_NOT_REACHED");
    assert_eq!(shop.get("/invoice?closed=true").await["invoices"], json!([]));
    shop.add(&customer, &product, 1).await.expect(201);
    shop.bill_with(&customer, &format!("?coupon={code}"), Value::Null).await.expect(201);
}

#[tokio::test]
async fn no_limit_is_passed_however_many_bill_at_once() {
    let shop = TestShop::start().await;
    let product = shop.product(99, 100).await;
    let code = shop.coupon(json!({ "amount": 10, "usage_limit": 2 })).await;
    let customers = futures::future::join_all((0..4).map(|_| shop.customer())).await;
    for customer in &customers {
        shop.add(customer, &product, 1).await.expect(201);
    }
    let query = format!("?coupon={code}");
    let answers =
        futures::future::join_all(customers.iter().map(|customer| shop.bill_with(customer, &query, Value::Null))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
    for loser in answers.into_iter().filter(|answer| answer.status != 201) {
        loser.problem(409, "COUPON_USED_UP");
    }
    assert_eq!(shop.get(&format!("/coupon_code/{code}")).await.number("/coupon/redemption_count"), 2);
    assert_eq!(shop.get("/invoice").await.each("/invoices", "invoice_id").len(), 2);
}

#[tokio::test]
async fn coupons_are_listed_also_void_ones() {
    let shop = TestShop::start().await;
    let (first, second) = (shop.coupon(json!({ "amount": 1 })).await, shop.coupon(json!({ "amount": 1 })).await);
    shop.delete(&format!("/coupon_code/{}", first.to_lowercase())).await.expect(204);
    shop.delete(&format!("/coupon_code/{first}")).await.expect(204);
    let listed = shop.get("/coupon_code").await.expect(200);
    assert_eq!(listed.each("/coupons", "code"), [second.as_str(), first.as_str()]);
    assert!(listed.at("/coupons/1/voided_at").is_string());
}
