//! What is late or away: views that stand still, a vault that can't be reached.

use crate::shop::Shop;
use axum::body::{Body, Bytes};
use cartlog_api::{Part, PartState, RequestKind};
use serde_json::{Value, json};

fn new_product() -> Value {
    json!({ "title": "Tea", "product_type": "tea", "vendor": "Farm" })
}

#[tokio::test]
async fn a_command_that_the_views_have_not_seen_is_done_and_says_so_with_its_ids() {
    let shop = Shop::new().await;
    let (customer, product) = (shop.customer("ada@example.com").await, shop.product().await);
    shop.projections.stop().await;
    let made = shop.send("POST", "/product", "k", new_product()).await.expect(202);
    assert_eq!(made.body["result"], "ok");
    let id = made.text("/product_id");
    assert!(made.headers.contains_key("cartlog-position") && !made.headers.contains_key("etag"));
    let added = shop.add(&customer, &product, 1).await.expect(202);
    assert_eq!(added.text("/customer_id"), customer);
    added.text("/cart_id");
    // The work was done, and once.
    let again = shop.send("POST", "/product", "k", new_product()).await.expect(202);
    assert_eq!((again.text("/product_id"), again.headers.contains_key("idempotent-replayed")), (id.clone(), true));
    // Deleting answers nothing that the views would have to know.
    shop.send("DELETE", &format!("/product/{id}"), "", Value::Null).await.expect(204);
}

#[tokio::test]
async fn a_query_does_not_show_less_than_its_store_was_told() {
    let shop = Shop::new().await;
    shop.get("/product").await.expect(200);
    shop.projections.stop().await;
    shop.post("/product", new_product()).await.expect(202);
    let behind = shop.get("/product").await.problem(503, "READ_MODEL_BEHIND");
    assert!(behind.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn what_is_away_is_a_503_and_nothing_was_done() {
    let shop = Shop::new().await;
    let customer = |email: &str| json!({ "currency": "EUR", "email": email, "first_name": "A", "last_name": "B", "password": "four" });
    shop.vault.go_away();
    let away = shop.post("/customer", customer("ada@example.com")).await.problem(503, "UNAVAILABLE");
    assert!(away.headers.contains_key("retry-after"));
    // Says what is away, not where it is.
    assert!(away.text("/detail").contains("vault") && !away.text("/detail").contains('/'), "{:#}", away.body);
    shop.vault.come_back();
    assert_eq!(shop.get("/customer/count").await.expect(200).body["count"], 0);
    shop.post("/customer", customer("ada@example.com")).await.expect(201);
}

#[tokio::test]
async fn readiness_says_how_each_part_is_and_is_asked_for_commands_or_queries() {
    let shop = Shop::new().await;
    let since = chrono::DateTime::from_timestamp(1_764_400_000, 0).map(domain::Timestamp::from);
    let well =
        Part { name: "the vault".to_owned(), state: PartState::Ok, since: None, reason: None, stops: Vec::new() };
    let log = |state, stops: &[RequestKind]| {
        let (name, reason) = ("the event log".to_owned(), Some("it is full".to_owned()));
        Part { name, state, since, reason, stops: stops.to_vec() }
    };
    *shop.parts.0.lock() = vec![well.clone()];
    assert_eq!(shop.get("/readyz").await.expect(200).body["result"], "ok");
    *shop.parts.0.lock() = vec![log(PartState::Degraded, &[]), well.clone()];
    let degraded = shop.get("/readyz").await.expect(200);
    let told = json!([
        { "name": "the event log", "state": "degraded", "since": "2025-11-29T07:06:40.000Z", "reason": "it is full", "stops": [] },
        { "name": "the vault", "state": "ok", "since": null, "reason": null, "stops": [] },
    ]);
    assert_eq!(degraded.body, json!({ "result": "degraded", "parts": told }));
    for (stops, commands, queries, either) in [
        (vec![RequestKind::Commands], 503, 200, 503),
        (vec![RequestKind::Queries], 200, 503, 503),
        (vec![RequestKind::Commands, RequestKind::Queries], 503, 503, 503),
        (vec![], 200, 200, 200),
    ] {
        *shop.parts.0.lock() = vec![log(PartState::Away, &stops), well.clone()];
        shop.get("/readyz?for=commands").await.expect(commands);
        shop.get("/readyz?for=queries").await.expect(queries);
        let answer = shop.get("/readyz").await.expect(either);
        assert_eq!(answer.body["parts"][0]["state"], "away", "{:#}", answer.body);
        if either == 503 {
            let answer = answer.problem(503, "UNAVAILABLE");
            assert_eq!(answer.text("/detail"), "the event log: it is full");
        }
    }
    shop.get("/readyz?for=both").await.problem(400, "VALIDATION_FAILED");
    shop.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_told_so_where_one_is_read() {
    let shop = Shop::new().await;
    let silent = || Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    for (method, path) in [("POST", "/product"), ("PUT", "/store"), ("POST", "/store"), ("POST", "/store/token")] {
        shop.send_body(method, path, silent()).await.problem(408, "REQUEST_TIMEOUT");
    }
    for (method, path) in [("GET", "/store"), ("DELETE", "/product/nobody"), ("GET", "/healthz"), ("POST", "/nowhere")]
    {
        let answer = shop.send_body(method, path, silent()).await;
        assert!(matches!(answer.status, 200 | 404), "{method} {path}: {}", answer.status);
    }
    let broken = Body::from_stream(futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]));
    shop.send_body("POST", "/product", broken).await.problem(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_refusal_waits_for_what_its_own_steps_met_and_for_nobody_else() {
    let shop = Shop::new().await;
    let (customer, product) = (shop.customer("ada@example.com").await, shop.product().await);
    shop.get("/product").await.expect(200);
    shop.projections.stop().await;
    let other = json!({ "name": "Loud", "app_id": "loud", "app_secret": "a good secret" });
    shop.post("/store", other).await.expect(202);
    // It met nothing that the views have not seen.
    let nobody = uuid::Uuid::now_v7();
    shop.post(&format!("/customer/{customer}/cart/item/{nobody}"), json!({})).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.get("/product").await.expect(200);
    // Somebody else of this store did what the next one is refused for.
    let store = shop.store_id().await;
    let request = commands::Request {
        store_id: store,
        actor: journal::Actor::System,
        person: None,
        request_id: None,
        idempotency: None,
        if_match: None,
        watermark: commands::Watermark::default(),
        held: commands::HeldResource::default(),
        spent: std::time::Duration::ZERO,
    };
    let named = domain::product::ChangeProduct { title: Some("Coffee".to_owned()), ..Default::default() };
    shop.commands.change_product(&request, product.parse().unwrap(), named).await.unwrap();
    shop.get("/product").await.expect(200);
    shop.send_with("PUT", &format!("/product/{product}"), &[("If-Match", "\"0.x\"")], json!({ "title": "Milk" }))
        .await
        .problem(412, "REVISION_MISMATCH");
    shop.get("/product").await.problem(503, "READ_MODEL_BEHIND");
}

#[tokio::test]
async fn who_wants_no_wait_gets_the_view_as_it_is_and_is_told_what_it_reflects() {
    let shop = Shop::new().await;
    let before = shop.post("/product", new_product()).await.expect(201);
    shop.projections.stop().await;
    let made = shop.post("/product", new_product()).await.expect(202);
    let position =
        |answer: &crate::shop::Answer| answer.headers["cartlog-position"].to_str().unwrap().parse::<u64>().unwrap();
    shop.get("/product").await.problem(503, "READ_MODEL_BEHIND");
    let eventual = [("Cartlog-Consistency", "eventual")];
    for path in ["/product", "/product/count", "/store"] {
        let seen = shop.send_with("GET", path, &eventual, Value::Null).await.expect(200);
        assert!((position(&before)..position(&made)).contains(&position(&seen)), "{path}");
    }
    let listed = shop.send_with("GET", "/product/count", &eventual, Value::Null).await;
    assert_eq!(listed.body["count"], 1);
    let own = [("Cartlog-Consistency", "own-writes")];
    shop.send_with("GET", "/product", &own, Value::Null).await.problem(503, "READ_MODEL_BEHIND");
    // A position that is named is waited for all the same.
    let least = made.headers["cartlog-position"].to_str().unwrap().to_owned();
    let both = [("Cartlog-Consistency", "eventual"), ("Cartlog-Min-Position", least.as_str())];
    shop.send_with("GET", "/product", &both, Value::Null).await.problem(503, "READ_MODEL_BEHIND");
    let wrong = shop.send_with("GET", "/product", &[("Cartlog-Consistency", "weak")], Value::Null).await;
    let wrong = wrong.problem(400, "VALIDATION_FAILED");
    assert_eq!(wrong.text("/errors/0/pointer"), "#/Cartlog-Consistency");
}
