//! Customers: their fields, creating, changing, deleting, logging in and out (api.md §4).

use crate::support::{PASSWORD, TestShop, new_address, new_customer, new_email};
use serde_json::{Value, json};

#[tokio::test]
async fn a_customer_has_its_fields_and_their_defaults_and_the_password_is_never_returned() {
    let shop = TestShop::start().await;
    let email = new_email();
    let made = shop.post("/customer", new_customer(json!({ "email": email }))).await.expect(201);
    let customer = &made["customer"];
    assert_eq!(customer["store_id"], shop.get("/store").await["store"]["store_id"]);
    assert_eq!((&customer["currency"], &customer["email"]), (&json!("EUR"), &json!(email)));
    assert_eq!((&customer["first_name"], &customer["last_name"]), (&json!("Ada"), &json!("Byron")));
    assert_eq!((&customer["total_spent"], &customer["total_spent_in_cents"]), (&json!("0.00"), &json!(0)));
    assert_eq!(customer["total_spent_by_currency"], json!([]));
    for unset in [
        "last_order_date",
        "last_cart_activity_at",
        "last_cart_created_at",
        "last_seen_at",
        "log_out_expires_at",
        "confirmed_at",
        "deleted_at",
    ] {
        assert_eq!(customer[unset], Value::Null, "{unset}");
    }
    assert_eq!(customer["logged_in"], false);
    assert_eq!((&customer["emails"][0]["email"], &customer["emails"][0]["is_primary"]), (&json!(email), &json!(true)));
    assert_eq!((customer["emails"].as_array().map(Vec::len), &customer["addresses"]), (Some(1), &json!([])));
    assert!(!made.body.to_string().contains(PASSWORD));
    let path = format!("/customer/{}", made.text("/customer/customer_id"));
    assert_eq!(customer["links"][0], json!({ "rel": "self", "href": path }));
    assert_eq!(shop.get(&path).await.expect(200).body, made.body);
}

#[tokio::test]
async fn what_a_customer_is_made_of_has_its_bounds() {
    let shop = TestShop::unchanged().await;
    let bad = [
        (json!({ "currency": "eur" }), "#/currency"),
        (json!({ "currency": "EURO" }), "#/currency"),
        (json!({ "currency": "XYZ" }), "#/currency"),
        (json!({ "email": "" }), "#/email"),
        (json!({ "email": "ada" }), "#/email"),
        (json!({ "email": "ada@" }), "#/email"),
        (json!({ "email": "a da@example.com" }), "#/email"),
        (json!({ "email": format!("{}@example.com", "a".repeat(300)) }), "#/email"),
        (json!({ "first_name": "" }), "#/first_name"),
        (json!({ "last_name": "" }), "#/last_name"),
        (json!({ "password": "abc" }), "#/password"),
    ];
    for (fields, pointer) in bad {
        shop.post("/customer", new_customer(fields.clone())).await.refuses(&[pointer]);
        shop.put("/customer/nobody", fields).await.problem(404, "CUSTOMER_NOT_FOUND");
    }
    let missing = shop.post("/customer", json!({ "currency": "EUR" })).await;
    let missing = missing.refuses(&["#/email", "#/first_name", "#/last_name", "#/password"]);
    assert_eq!(missing.text("/errors/0/detail"), "'email' is a required property");
    assert!(missing.text("/detail").contains("'email' is a required property"));
    let nobody = "/customer/0193a000-0000-7000-8000-000000000000";
    shop.put(nobody, json!({})).await.refuses(&["#"]);
    shop.put(nobody, json!({ "currency": "EURO", "password": "abc" })).await.refuses(&["#/currency", "#/password"]);
}

#[tokio::test]
async fn an_email_belongs_to_one_customer_of_a_store_also_under_concurrency() {
    let (shop, other) = (TestShop::start().await, TestShop::start().await);
    let email = new_email();
    let named = |email: &str| new_customer(json!({ "email": email }));
    let answers = futures::future::join_all((0..5).map(|_| shop.post("/customer", named(&email)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for loser in answers.into_iter().filter(|answer| answer.status != 201) {
        loser.problem(409, "CUSTOMER_ALREADY_EXISTS");
    }
    shop.post("/customer", named(&email.to_uppercase())).await.problem(409, "CUSTOMER_ALREADY_EXISTS");
    other.post("/customer", named(&email)).await.expect(201);
}

#[tokio::test]
async fn two_primary_addresses_are_one_too_many() {
    let shop = TestShop::start().await;
    let primary = |mark: Value| new_address(json!({ "is_primary": mark }));
    let both = json!({ "addresses": [primary(json!(true)), primary(json!("True"))] });
    shop.post("/customer", new_customer(both)).await.problem(400, "MULTIPLE_PRIMARY_ADDRESSES_SUPPLIED");
    let one = json!({ "addresses": [primary(json!("FALSE")), primary(json!("true")), new_address(json!({}))] });
    let made = shop.post("/customer", new_customer(one)).await.expect(201);
    assert_eq!(made.each("/customer/addresses", "is_primary"), [false, true, false]);
    let bad = json!({ "addresses": [new_address(json!({ "street": "", "planet": "Earth" }))] });
    let refused = shop.post("/customer", new_customer(bad)).await.problem(400, "VALIDATION_FAILED");
    let mut pointers = refused.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["#/addresses/0/planet", "#/addresses/0/street"]);
}

#[tokio::test]
async fn a_put_changes_what_it_names_and_a_new_email_becomes_the_primary_one() {
    let shop = TestShop::start().await;
    let (old, new) = (new_email(), new_email());
    let customer = shop.customer_with(json!({ "email": old })).await;
    let path = format!("/customer/{customer}");
    let confirmed_at = shop.get(&path).await.text("/customer/confirmed_at");
    let named = shop.put(&path, json!({ "first_name": "Augusta", "last_name": "King" })).await.expect(200);
    assert_eq!(
        (named.text("/customer/first_name"), named.text("/customer/email")),
        ("Augusta".to_owned(), old.clone())
    );
    let priced = shop.put(&path, json!({ "currency": "JPY" })).await.expect(200);
    assert_eq!(
        (priced.text("/customer/currency"), priced.text("/customer/last_name")),
        ("JPY".to_owned(), "King".to_owned())
    );

    let moved = shop.put(&path, json!({ "email": new.to_uppercase() })).await.expect(200);
    let new = new.to_uppercase();
    assert_eq!(moved.text("/customer/email"), new);
    assert_eq!(moved.each("/customer/emails", "email"), [old.as_str(), new.as_str()]);
    assert_eq!(moved.each("/customer/emails", "is_primary"), [false, true]);
    assert_eq!(moved.text("/customer/confirmed_at"), confirmed_at);
    let back = shop.put(&path, json!({ "email": old })).await.expect(200);
    assert_eq!((back.text("/customer/email"), back.each("/customer/emails", "email").len()), (old, 2));
    let other = new_email();
    shop.unconfirmed_with(json!({ "email": other })).await;
    shop.put(&path, json!({ "email": other })).await.problem(409, "CUSTOMER_ALREADY_EXISTS");
}

#[tokio::test]
async fn a_new_password_is_the_one_that_counts() {
    let shop = TestShop::start().await;
    let email = new_email();
    let customer = shop.unconfirmed_with(json!({ "email": email })).await;
    shop.put(&format!("/customer/{customer}"), json!({ "password": "four" })).await.expect(200);
    let log_in =
        async |password: &str| shop.put("/customer/login", json!({ "email": email, "password": password })).await;
    log_in(PASSWORD).await.problem(401, "INVALID_CREDENTIALS");
    log_in("four").await.expect(200);
}

#[tokio::test]
async fn lists_and_counts_find_a_customer_by_any_of_its_emails() {
    let shop = TestShop::start().await;
    let (first, second) = (new_email(), new_email());
    let ada = shop.unconfirmed_with(json!({ "email": first })).await;
    let eve = shop.unconfirmed_with(json!({})).await;
    shop.post(&format!("/customer/{ada}/email/{second}"), Value::Null).await.expect(201);
    let found = async |query: &str| {
        let counted = shop.get(&format!("/customer/count{query}")).await.expect(200);
        let listed = shop.get(&format!("/customer{query}")).await.expect(200).each("/customers", "customer_id");
        assert_eq!(counted.body, json!({ "result": "ok", "count": listed.len() }), "{query}");
        listed
    };
    assert_eq!(found("").await, [eve.as_str(), ada.as_str()]);
    assert_eq!(found(&format!("?email={first}")).await, [ada.as_str()]);
    assert_eq!(found(&format!("?email={}", second.to_uppercase())).await, [ada.as_str()]);
    assert_eq!(found("?email=nobody@example.com").await, [""; 0]);
    shop.get("/customer?name=Ada").await.refuses(&["#/name"]);
    shop.get("/customer/count?limit=1").await.refuses(&["#/limit"]);
}

#[tokio::test]
async fn a_deleted_customer_is_gone_its_cart_is_closed_and_its_emails_are_free() {
    let shop = TestShop::start().await;
    let (primary, secondary, product) = (new_email(), new_email(), shop.product(5, 100).await);
    let customer = shop.customer_with(json!({ "email": primary })).await;
    let path = format!("/customer/{customer}");
    shop.post(&format!("{path}/email/{secondary}"), Value::Null).await.expect(201);
    shop.add(&customer, &product, 3).await.expect(201);
    assert_eq!(shop.stock(&product).await, (2, 3));
    shop.delete(&path).await.expect(204);
    assert_eq!(shop.stock(&product).await, (5, 0));

    let gone = async |method: &str, path: &str, body: Value| {
        shop.send(method, path, body).await.problem(404, "CUSTOMER_NOT_FOUND");
    };
    gone("GET", &path, Value::Null).await;
    gone("DELETE", &path, Value::Null).await;
    gone("PUT", &path, json!({ "first_name": "x" })).await;
    for list in ["cart", "carts", "address", "invoices", "orders", "giftcards", "credit", "snapshot"] {
        gone("GET", &format!("{path}/{list}"), Value::Null).await;
    }
    gone("POST", &format!("{path}/cart"), Value::Null).await;
    gone("DELETE", &format!("{path}/cart"), Value::Null).await;
    gone("POST", &format!("{path}/cart/item/{product}"), Value::Null).await;
    gone("POST", &format!("{path}/cart/billcart"), Value::Null).await;
    gone("POST", &format!("{path}/credit/5"), Value::Null).await;
    gone("POST", &format!("{path}/email"), json!({ "email": new_email() })).await;
    gone("POST", &format!("{path}/address"), new_address(json!({}))).await;
    gone("PUT", &format!("{path}/send_confirmation"), Value::Null).await;
    gone("PUT", "/customer/logout", json!({ "email": primary })).await;
    shop.put("/customer/login", json!({ "email": primary, "password": PASSWORD }))
        .await
        .problem(401, "INVALID_CREDENTIALS");
    assert_eq!(shop.get("/customer/count").await["count"], 0);

    let history = shop.get(&format!("{path}/cart/history?limit=250")).await.expect(200);
    let closed = history["events"].as_array().into_iter().flatten().find(|event| event["type"] == "CartClosed");
    assert_eq!(closed.expect("the cart was closed")["data"]["items"][0]["quantity"], 3);
    for email in [primary, secondary] {
        shop.unconfirmed_with(json!({ "email": email })).await;
    }
}

#[tokio::test]
async fn who_logs_in_by_the_primary_email_is_logged_in_for_a_day_and_out_by_logging_out() {
    let shop = TestShop::start().await;
    let (primary, secondary) = (new_email(), new_email());
    // Not confirmed: that is not asked for.
    let customer = shop.unconfirmed_with(json!({ "email": primary })).await;
    shop.post(&format!("/customer/{customer}/email/{secondary}"), Value::Null).await.expect(201);
    let log_in = async |email: &str, password: &str| {
        shop.put("/customer/login", json!({ "email": email, "password": password })).await
    };
    let wrong = log_in(&primary, "wrong").await.problem(401, "INVALID_CREDENTIALS");
    let unknown = log_in("nobody@example.com", PASSWORD).await.problem(401, "INVALID_CREDENTIALS");
    assert_eq!(wrong.body, unknown.body);
    log_in(&secondary, PASSWORD).await.problem(401, "INVALID_CREDENTIALS");

    let answer = log_in(&primary.to_uppercase(), PASSWORD).await.expect(200);
    assert_eq!(
        (answer.text("/customer/customer_id"), &answer["customer"]["logged_in"]),
        (customer.clone(), &json!(true))
    );
    let time = |pointer: &str| answer.text(pointer).parse::<chrono::DateTime<chrono::Utc>>().expect("a time");
    let lives = time("/customer/log_out_expires_at") - time("/customer/last_seen_at");
    // Its event stands in the log a moment after the end was reckoned.
    assert_eq!((lives + chrono::TimeDelta::minutes(1)).num_hours(), 24);

    shop.put("/customer/logout", json!({ "email": "nobody@example.com" })).await.problem(404, "CUSTOMER_NOT_FOUND");
    shop.put("/customer/logout", json!({})).await.refuses(&["#/email"]);
    let out = shop.put("/customer/logout", json!({ "email": primary })).await.expect(200);
    assert_eq!((&out["customer"]["logged_in"], &out["customer"]["log_out_expires_at"]), (&json!(false), &Value::Null));
    let again = shop.put("/customer/logout", json!({ "email": primary })).await.expect(200);
    assert_eq!(again["customer"]["logged_in"], false);
}

#[tokio::test]
async fn what_was_spent_is_what_was_collected_and_refunds_dont_change_it() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(50, 1_205).await);
    shop.credit(&customer, 5).await;
    let path = format!("/customer/{customer}");
    let spent = async || {
        let answer = shop.get(&path).await.expect(200);
        (
            answer.text("/customer/total_spent"),
            answer.number("/customer/total_spent_in_cents"),
            answer["customer"]["last_order_date"].clone(),
        )
    };
    let first = shop.invoice(&customer, &product, 1).await;
    assert_eq!(spent().await, ("0.00".to_owned(), 0, Value::Null));
    shop.collect(&first).await;
    let closed_at = shop.get(&format!("/invoice/{first}")).await["invoice"]["closed_at"].clone();
    assert_eq!(spent().await, ("12.00".to_owned(), 1_200, closed_at), "the credit's 5 cents were not collected");
    let second = shop.invoice(&customer, &product, 2).await;
    shop.collect(&second).await;
    let closed_at = shop.get(&format!("/invoice/{second}")).await["invoice"]["closed_at"].clone();
    assert_eq!(spent().await, ("36.10".to_owned(), 3_610, closed_at.clone()));
    shop.post(&format!("/invoice/{second}/refund?full=true"), Value::Null).await.expect(201);
    assert_eq!(spent().await, ("36.10".to_owned(), 3_610, closed_at));
}

#[tokio::test]
async fn what_was_spent_has_the_decimals_of_its_currency_and_none_is_added_to_another() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(50, 1_000).await);
    let path = format!("/customer/{customer}");
    let spend_in = async |currency: &str| {
        shop.put(&path, json!({ "currency": currency })).await.expect(200);
        let invoice = shop.invoice(&customer, &product, 1).await;
        shop.collect(&invoice).await;
        let answer = shop.get(&path).await.expect(200);
        let customer = &answer["customer"];
        assert_eq!(customer["total_spent_in_cents"], 1_000, "{currency}");
        (answer.text("/customer/total_spent"), customer["total_spent_by_currency"].clone())
    };
    let spent = |currency: &str, decimal: &str, cents: i64| json!({ "currency": currency, "total_spent": decimal, "total_spent_in_cents": cents });
    let (yen, dinars, euros) =
        (spent("JPY", "1000", 1_000), spent("KWD", "1.000", 1_000), spent("EUR", "10.00", 1_000));
    assert_eq!(spend_in("JPY").await, ("1000".to_owned(), json!([yen])));
    assert_eq!(spend_in("KWD").await, ("1.000".to_owned(), json!([yen, dinars])));
    assert_eq!(spend_in("EUR").await, ("10.00".to_owned(), json!([euros, yen, dinars])));
    // Back again: what was spent in it before is there still.
    let answer = shop.put(&path, json!({ "currency": "KWD" })).await.expect(200);
    assert_eq!(answer.text("/customer/total_spent"), "1.000");
}

#[tokio::test]
async fn what_a_customer_does_with_carts_shows() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(50, 1).await);
    let opened = shop.post(&format!("/customer/{customer}/cart"), Value::Null).await.expect(201);
    let now = async || shop.get(&format!("/customer/{customer}")).await.expect(200);
    assert_eq!(now().await["customer"]["last_cart_created_at"], opened["cart"]["created_at"]);
    let added = shop.add(&customer, &product, 1).await.expect(201);
    let customer = now().await;
    assert_eq!(customer["customer"]["last_cart_created_at"], opened["cart"]["created_at"]);
    assert_eq!(customer["customer"]["last_cart_activity_at"], added["cart"]["last_item_added_at"]);
}

#[tokio::test]
async fn another_password_ends_the_log_in() {
    let shop = TestShop::start().await;
    let email = new_email();
    let customer = shop.customer_with(json!({ "email": email })).await;
    let log_in = |password: &str| json!({ "email": email, "password": password });
    shop.put("/customer/login", log_in(PASSWORD)).await.expect(200);
    let path = format!("/customer/{customer}");
    let renamed = shop.put(&path, json!({ "first_name": "Anna" })).await.expect(200);
    assert_eq!(renamed["customer"]["logged_in"], true);
    let changed = shop.put(&path, json!({ "password": "another one" })).await.expect(200);
    assert_eq!(
        (&changed["customer"]["logged_in"], &changed["customer"]["log_out_expires_at"]),
        (&json!(false), &Value::Null)
    );
    shop.put("/customer/login", log_in(PASSWORD)).await.problem(401, "INVALID_CREDENTIALS");
    let again = shop.put("/customer/login", log_in("another one")).await.expect(200);
    assert_eq!(again["customer"]["logged_in"], true);
}
