//! Reading one's own writes (api.md §1): `Cartlog-Position` and `Cartlog-Min-Position`.

use super::table::World;
use crate::support::{TestShop, new_product};
use serde_json::{Value, json};

#[tokio::test]
async fn every_command_names_a_position_and_the_next_query_reflects_it() {
    let shop = TestShop::start().await;
    let mut last = 0;
    for count in 1..=20 {
        let made = shop.post("/product", new_product(json!({}))).await.expect(201);
        assert!(made.position() > last);
        last = made.position();
        assert_eq!(shop.get("/product/count").await["count"], count);
        assert_eq!(shop.get("/product").await["products"][0], made["product"]);
    }
}

#[tokio::test]
async fn a_repeat_that_changes_nothing_names_a_position_too() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(5, 1).await);
    let order = shop.collect(&shop.invoice(&customer, &product, 1).await).await;
    let shipped = shop.put(&format!("/order/{order}/shipped"), Value::Null).await.expect(200);
    let again = shop.put(&format!("/order/{order}/shipped"), Value::Null).await.expect(200);
    assert!(again.position() > 0 && shipped.position() > 0);
}

#[tokio::test]
async fn a_query_waits_for_a_position_and_gives_up_on_one_beyond_the_end_of_the_log() {
    let world = World::new().await;
    let contract = world.shop.contract();
    let position = world.shop.put("/store", json!({ "tagline": "x" })).await.expect(200).position();
    let beyond = world.shop.with("Cartlog-Min-Position", "9000000000000000000");
    let reached = world.shop.with("Cartlog-Min-Position", &position.to_string());
    let mut asked = Vec::new();
    for operation in
        contract.operations().into_iter().filter(|operation| operation.method == "GET" && !operation.is_open())
    {
        let path = world.case(&operation).await.expect("the table has every operation").path;
        reached.get(&path).await.expect(200);
        asked.push(path);
    }
    // All at once: each waits for two seconds.
    let answers = futures::future::join_all(asked.iter().map(|path| beyond.get(path))).await;
    for answer in answers {
        answer.problem(503, "READ_MODEL_BEHIND");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        beyond.get(path).await.expect(200);
    }
    // A command has its own position, and waits for no other.
    beyond.put("/store", json!({ "tagline": "y" })).await.expect(200);
    beyond.post("/coupon_code", json!({ "code": "dated", "amount": 1, "expires_at": "20990101" })).await.expect(201);
}

#[tokio::test]
async fn a_query_that_waits_is_answered_as_soon_as_the_position_is_reached() {
    let shop = TestShop::start().await;
    let position = shop.post("/product", new_product(json!({}))).await.expect(201).position();
    // Many more events come, also from the other tests: some of them reach it.
    let waiting = shop.with("Cartlog-Min-Position", &(position + 5).to_string());
    let more = async {
        for _ in 0..5 {
            shop.post("/product", new_product(json!({}))).await.expect(201);
        }
    };
    let (answer, ()) = tokio::join!(waiting.get("/product/count"), more);
    assert!(answer.expect(200).number("/count") >= 1);
}

#[tokio::test]
async fn what_is_no_position_is_refused() {
    let shop = TestShop::unchanged().await;
    for bad in ["", "-1", "x", "1.5", "+1", " 1x", "99999999999999999999"] {
        shop.with("Cartlog-Min-Position", bad).get("/product").await.refuses(&["#/Cartlog-Min-Position"]);
    }
    shop.with("Cartlog-Min-Position", "0").get("/product").await.expect(200);
}

#[tokio::test]
async fn a_refused_command_leaves_no_trace_in_the_next_query() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 1).await);
    let items = json!([{ "product_id": product, "quantity": 3 }, { "product_id": "nonsense", "quantity": 1 }]);
    let few = shop.product(1, 1).await;
    let too_many = json!([{ "product_id": product, "quantity": 3 }, { "product_id": few, "quantity": 2 }]);
    for _ in 0..10 {
        shop.post(&format!("/customer/{customer}/cart/item"), too_many.clone())
            .await
            .problem(409, "INSUFFICIENT_INVENTORY");
        assert_eq!(shop.stock(&product).await, (10, 0));
        shop.post(&format!("/customer/{customer}/cart/item"), items.clone()).await.problem(404, "PRODUCT_NOT_FOUND");
        assert_eq!(shop.stock(&product).await, (10, 0));
    }
}
