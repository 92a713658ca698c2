//! While a service is away, what does not need it goes on, the rest says what is missing, and all recovers by itself.

use super::cluster::Cluster;
use super::{ALL, confirmed_customer, until};
use crate::support::{Answer, TestShop, new_customer, new_product};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgresql_commands_that_need_no_lookup_go_on_and_all_comes_back() {
    let cluster = Cluster::start().await;
    let node = cluster.node(ALL).await;
    let shop = TestShop::on(&node).await;
    let product = new_product(json!({ "inventory": 10, "sale_price_in_cents": 500 }));
    let product = shop.post("/product", product).await.expect(201).text("/product/product_id");
    let customer = confirmed_customer(&shop).await;
    let add = format!("/customer/{customer}/cart/item/{product}");
    shop.post(&add, json!({ "quantity": 1 })).await.expect(201);

    cluster.postgres_gate.close();
    let refused = until(async || shop.get(&format!("/product/{product}")).await, |answer| answer.status == 503).await;
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    let ready = async |what: &str| shop.anonymous().get(&format!("/readyz{what}")).await;
    let away = until(async || ready("?for=queries").await, |answer| answer.status == 503).await;
    let views = away.part("the views");
    assert_eq!((&views["state"], &views["stops"]), (&json!("away"), &json!(["queries"])), "{views}");
    // No proxy takes a node out of turn for commands because of what all nodes lack.
    let commands =
        until(async || ready("?for=commands").await, |answer| answer.part("the vault")["state"] == "away").await;
    assert_eq!(commands.expect(200).body["result"], "degraded");
    ready("").await.expect(503);
    let added = shop.keyed("meanwhile").post(&add, json!({ "quantity": 2 })).await;
    assert_eq!(added.status, 202, "{added:?}");

    cluster.postgres_gate.open();
    let reading = shop.with("Cartlog-Min-Position", &added.position().to_string());
    let cart =
        until(async || reading.get(&format!("/customer/{customer}/cart")).await, |answer| answer.status == 200).await;
    assert_eq!(cart.at("/cart/items/0/quantity"), &json!(3));
    shop.ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_only_the_metrics_are_away_and_they_come_back_whole() {
    let cluster = Cluster::start().await;
    let node = cluster.node(ALL).await;
    let shop = TestShop::on(&node).await;
    let customers = "/streaming/newcustomers";
    shop.post("/customer", new_customer(json!({}))).await.expect(201);
    let counted = |answer: &Answer, count: u64| answer.status == 200 && answer.body["result"] == json!(count);
    until(async || shop.get(customers).await, |answer| counted(answer, 1)).await;

    cluster.redis_gate.close();
    let refused = until(async || shop.get(customers).await, |answer| answer.status == 503).await;
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    let is_away = |answer: &Answer| answer.part("the metric windows")["state"] == "away";
    let ready = until(async || shop.anonymous().get("/readyz").await, is_away).await.expect(200);
    assert_eq!(ready.part("the metric windows")["stops"], json!([]), "{:#}", ready.body);
    // What is not known is not told, and all else is.
    let metrics = shop.get("/metrics").await.expect(200);
    let told = |name: &str| metrics.body.as_str().is_some_and(|text| text.lines().any(|line| line.starts_with(name)));
    assert!(told("cartlog_follower_lag_events{follower=\"carts\"}"), "{:#}", metrics.body);
    assert!(!told("cartlog_follower_lag_events{follower=\"windows\"}"), "{:#}", metrics.body);
    shop.post("/customer", new_customer(json!({}))).await.expect(201);
    shop.get("/customer").await.expect(200);

    cluster.redis_gate.open();
    until(async || shop.get(customers).await, |answer| counted(answer, 2)).await;
}
