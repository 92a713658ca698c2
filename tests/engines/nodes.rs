//! What several nodes promise together.

use super::cluster::Cluster;
use super::{ALL, confirmed_customer, until};
use crate::support::{Answer, Server, TestShop, new_product};
use futures::future::join_all;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_pieces_a_crowd_on_two_nodes_buys_exactly_fifty() {
    let cluster = Cluster::start().await;
    let (first, second) = (cluster.node(ALL).await, cluster.node("api").await);
    let shop = TestShop::on(&first).await;
    let product = new_product(json!({ "inventory": 50, "sale_price_in_cents": 1_000 }));
    let product = shop.post("/product", product).await.expect(201).text("/product/product_id");
    let mut customers = Vec::new();
    for _ in 0..64 {
        customers.push(confirmed_customer(&shop).await);
    }
    let adding = customers.iter().enumerate().map(|(number, customer)| {
        let node: &Server = if number % 2 == 0 { &first } else { &second };
        let shop = shop.moved_to(node).keyed(&format!("add {customer}"));
        let path = format!("/customer/{customer}/cart/item/{product}");
        async move {
            // Busy is no answer: it is asked again, with its key.
            until(async || shop.post(&path, json!({ "quantity": 1 })).await, |answer| answer.status != 503).await
        }
    });
    let added = join_all(adding).await;
    let sold = added.iter().filter(|answer| matches!(answer.status, 201 | 202)).count();
    let refused = added.iter().filter(|answer| answer.body["error"] == "INSUFFICIENT_INVENTORY").count();
    assert_eq!((sold, refused), (50, 14), "{:?}", added.iter().map(|answer| answer.status).collect::<Vec<_>>());
    let shop = shop.moved_to(&second).with("Cartlog-Min-Position", &last_position(&added).to_string());
    let shown = shop.get(&format!("/product/{product}")).await.expect(200);
    assert_eq!((shown.at("/product/inventory"), shown.at("/product/reserved")), (&json!(0), &json!(50)));
}

fn last_position(answers: &[Answer]) -> u64 {
    let positions = answers.iter().filter(|answer| answer.status < 300).map(Answer::position);
    positions.max().expect("something was done")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_sent_to_both_nodes_at_once_does_the_work_once() {
    let cluster = Cluster::start().await;
    let (first, second) = (cluster.node(ALL).await, cluster.node("api").await);
    let shop = TestShop::on(&first).await;
    let customer = confirmed_customer(&shop).await;
    for round in 0..5 {
        let asking = [&first, &second, &first, &second].map(|node| {
            let shop = shop.moved_to(node).keyed(&format!("round {round}"));
            let path = format!("/customer/{customer}/credit/100");
            async move { until(async || shop.post(&path, Value::Null).await, |answer| answer.status != 503).await }
        });
        let answers = join_all(asking).await;
        let credits: Vec<_> = answers.iter().map(|answer| answer.body.pointer("/credit/credit_id").cloned()).collect();
        assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 202)), "{answers:?}");
        let known: Vec<_> = credits.iter().flatten().collect();
        assert!(known.windows(2).all(|pair| pair[0] == pair[1]), "{credits:?}");
    }
    let position = shop.post(&format!("/customer/{customer}/credit/1"), Value::Null).await.position();
    let reading = shop.moved_to(&second).with("Cartlog-Min-Position", &position.to_string());
    let credits = reading.get(&format!("/customer/{customer}/credit")).await.expect(200);
    assert_eq!(credits.at("/credits").as_array().map(Vec::len), Some(6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_did_the_other_shows_and_obeys() {
    let cluster = Cluster::start().await;
    let (first, second) = (cluster.node(ALL).await, cluster.node("api").await);
    let here = TestShop::on(&first).await;
    let there = here.moved_to(&second);
    // Read your writes, whichever node is asked.
    for number in 0..10 {
        let (writing, reading) = if number % 2 == 0 { (&here, &there) } else { (&there, &here) };
        let title = format!("Tea no. {number}");
        let made = writing.post("/product", new_product(json!({ "title": title }))).await.expect(201);
        let reading = reading.with("Cartlog-Min-Position", &made.position().to_string());
        let shown = reading.get(&format!("/product/{}", made.text("/product/product_id"))).await.expect(200);
        assert_eq!(shown.at("/product/title"), &json!(title));
    }
    // What one counts, the other answers too.
    let counted = there.get("/streaming/newcustomers").await.expect(200);
    let customer = confirmed_customer(&here).await;
    let made = here.post(&format!("/customer/{customer}/credit/100"), Value::Null).await.expect(201);
    let reading = there.with("Cartlog-Min-Position", &made.position().to_string());
    let more = reading.get("/streaming/newcustomers").await.expect(200);
    assert_eq!(more.at("/result").as_u64(), counted.at("/result").as_u64().map(|counted| counted + 1));
    // A token that one node took back is refused by the other, which has answered to it before.
    there.get("/store").await.expect(200);
    here.delete("/store/token").await.expect(204);
    until(async || there.get("/store").await, |answer| answer.status == 401).await;
}

/// As of a version that has changed a view, while nodes of the one before answer from theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lacks_a_view_leaves_queries_to_the_others() {
    let cluster = Cluster::start().await;
    let first = cluster.node(ALL).await;
    let second = cluster.node(ALL).await;
    let shop = TestShop::on(&first).await;
    // Which of the two fills the views, and so lacks none, may change.
    let look = async |node: &Server, what: &str| shop.moved_to(node).anonymous().get(&format!("/readyz{what}")).await;
    let both = async |what: &str| [look(&first, what).await, look(&second, what).await];
    let worse = async |what: &str| both(what).await.into_iter().max_by_key(|answer| answer.status).expect("two");
    let better = async |what: &str| both(what).await.into_iter().min_by_key(|answer| answer.status).expect("two");
    cluster.edit("UPDATE views_generations SET version = version + 1 WHERE view = 'products'");
    let lacking = until(async || worse("?for=queries").await, |answer| answer.status == 503).await;
    let views = lacking.part("the views");
    assert_eq!((&views["state"], &views["stops"]), (&json!("degraded"), &json!(["queries"])), "{views}");
    assert!(views["reason"].as_str().is_some_and(|said| said.contains("products")), "{views}");
    until(async || better("?for=queries").await, |answer| answer.status == 200).await;
    until(async || worse("?for=commands").await, |answer| answer.status == 200).await;
    cluster.edit("UPDATE views_generations SET version = version - 1 WHERE view = 'products'");
    until(async || worse("?for=queries").await, |answer| answer.status == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_fills_the_views_and_counts_when_the_one_that_did_is_killed() {
    let cluster = Cluster::start().await;
    let first = cluster.node(ALL).await;
    let second = cluster.node(ALL).await;
    let shop = TestShop::on(&first).await;
    let customer = confirmed_customer(&shop).await;
    let product = new_product(json!({ "inventory": 100, "sale_price_in_cents": 500 }));
    let made = shop.post("/product", product).await.expect(201);
    let product = made.text("/product/product_id");
    first.kill();
    let shop = shop.moved_to(&second);
    let add = format!("/customer/{customer}/cart/item/{product}");
    let added = until(
        async || shop.keyed("after").post(&add, json!({ "quantity": 3 })).await,
        |answer| matches!(answer.status, 201 | 202),
    )
    .await;
    let reading = shop.with("Cartlog-Min-Position", &added.position().to_string());
    let cart =
        until(async || reading.get(&format!("/customer/{customer}/cart")).await, |answer| answer.status == 200).await;
    assert_eq!(cart.at("/cart/items/0/quantity"), &json!(3));
    let top = until(
        async || shop.get("/streaming/toptencartitems/10?window=1h").await,
        |answer| {
            answer.status == 200 && answer.body["products"].as_array().is_some_and(|products| !products.is_empty())
        },
    )
    .await;
    assert_eq!(top.at("/products/0/number_of_cart_adds"), &json!(3));
}
