//! What nodes share, row by row of the table in docs/operations.md: both work, and again after either was started anew.

use super::cluster::{Cluster, Shared};
use super::{ALL, confirmed_customer, until};
use crate::support::{TestShop, new_product, private_directory};
use serde_json::json;

/// Both nodes take commands, answer the other's and count them, before and after each was killed and started anew.
async fn works(shared: Shared) {
    let cluster = Cluster::start().await;
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let data = private_directory();
        let node = cluster.node_on(data.path(), shared, ALL).await;
        nodes.push((data, node));
    }
    let shop = TestShop::on(&nodes[0].1).await;
    let customer = confirmed_customer(&shop).await;
    let product = new_product(json!({ "inventory": 100, "sale_price_in_cents": 500 }));
    let product = shop.post("/product", product).await.expect(201).text("/product/product_id");
    let mut added = 0;
    for restarted in [None, Some(0), Some(1), Some(0)] {
        if let Some(which) = restarted {
            let (data, node) = nodes.remove(which);
            node.kill();
            let node = cluster.node_on(data.path(), shared, ALL).await;
            nodes.insert(which, (data, node));
        }
        for which in [0, 1] {
            added += 1;
            add(&shop.moved_to(&nodes[which].1), &shop.moved_to(&nodes[1 - which].1), &customer, &product, added).await;
        }
        for (_, node) in &nodes {
            ready(&shop.moved_to(node), added).await;
        }
    }
}

/// What one node did, the other shows.
async fn add(here: &TestShop, there: &TestShop, customer: &str, product: &str, added: i64) {
    let path = format!("/customer/{customer}/cart/item/{product}");
    let key = format!("add-{added}");
    let done = until(
        async || here.keyed(&key).post(&path, json!({ "quantity": 1 })).await,
        |answer| matches!(answer.status, 201 | 202),
    );
    let position = done.await.position().to_string();
    let reading = there.with("Cartlog-Min-Position", &position);
    let cart =
        until(async || reading.get(&format!("/customer/{customer}/cart")).await, |cart| cart.status == 200).await;
    assert_eq!(cart.at("/cart/items/0/quantity"), &json!(added));
}

/// The node is ready, and its metrics have counted all that was added, once.
async fn ready(node: &TestShop, added: i64) {
    node.ready().await;
    until(
        async || node.get("/streaming/toptencartitems/10?window=1h").await,
        |answer| answer.status == 200 && answer.at("/products/0/number_of_cart_adds") == &json!(added),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_share_views_and_windows_work() {
    works(Shared { views: true, windows: true }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_share_views_and_count_windows_each_for_itself_work() {
    works(Shared { views: true, windows: false }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_share_windows_and_the_vault_work() {
    works(Shared { views: false, windows: true }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_share_nothing_but_log_and_vault_work() {
    works(Shared { views: false, windows: false }).await;
}
