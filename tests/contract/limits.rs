//! Limits (api.md §1): sizes of bodies and texts, and the rate of each store's requests.

use crate::support::{Server, TestShop, new_address, new_app_id, new_customer, new_product, new_store};
use serde_json::{Value, json};

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_body_of_one_mebibyte_is_read_and_a_larger_one_is_refused_with_an_answer() {
    let shop = TestShop::start().await.with("Content-Type", "application/json");
    let padded = |size: usize| {
        let mut body = new_product(json!({})).to_string().into_bytes();
        body.resize(size, b' ');
        body
    };
    shop.send_bytes("POST", "/product", padded(MIB)).await.expect(201);
    for size in [MIB + 1, 2 * MIB, 8 * MIB - 1] {
        shop.send_bytes("POST", "/product", padded(size)).await.problem(413, "TOO_LARGE");
    }
    assert_eq!(shop.get("/product/count").await["count"], 1);
    // Where no body is defined it is ignored, however large.
    shop.send_bytes("POST", "/customer/credit/5", padded(2 * MIB)).await.expect(202);
    shop.send_bytes("GET", "/product", padded(2 * MIB)).await.expect(200);
}

#[tokio::test]
async fn texts_have_1_to_1000_characters_and_descriptions_10000_whatever_their_bytes() {
    let shop = TestShop::start().await;
    let (short, long) = ("🍵".repeat(1_000), "🍵".repeat(10_000));
    for name in ["title", "product_type", "vendor"] {
        shop.post("/product", new_product(json!({ name: short }))).await.expect(201);
        shop.post("/product", new_product(json!({ name: format!("{short}x") }))).await.refuses(&[&format!("#/{name}")]);
    }
    shop.post("/product", new_product(json!({ "description": long, "tags": [short] }))).await.expect(201);
    shop.post("/product", new_product(json!({ "description": format!("{long}x") }))).await.refuses(&["#/description"]);
    shop.post("/product", new_product(json!({ "tags": [format!("{short}x")] }))).await.refuses(&["#/tags/0"]);
    for name in ["first_name", "last_name", "password"] {
        shop.post("/customer", new_customer(json!({ name: short }))).await.expect(201);
        shop.post("/customer", new_customer(json!({ name: format!("{short}x") })))
            .await
            .refuses(&[&format!("#/{name}")]);
    }
    let customer = shop.unconfirmed_with(json!({})).await;
    for name in ["street", "city", "zip", "state", "country"] {
        let path = format!("/customer/{customer}/address");
        shop.post(&path, new_address(json!({ name: short }))).await.expect(201);
        shop.post(&path, new_address(json!({ name: format!("{short}x") }))).await.refuses(&[&format!("#/{name}")]);
    }
    for name in ["name", "tagline", "app_secret"] {
        shop.post("/store", new_store(&new_app_id(), json!({ name: short }))).await.expect(201);
        shop.post("/store", new_store(&new_app_id(), json!({ name: format!("{short}x") })))
            .await
            .refuses(&[&format!("#/{name}")]);
    }
    let product = shop.product(1, 1).await;
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    shop.post(&format!("/product/{product}/tag/{}", escaped(&short)), Value::Null).await.expect(201);
    shop.post(&format!("/product/{product}/tag/{}", escaped(&format!("{short}x"))), Value::Null)
        .await
        .refuses(&["#/tag"]);
    shop.get(&format!("/product?tag={}", escaped(&short))).await.expect(200);
    shop.get(&format!("/product?tag={}", escaped(&format!("{short}x")))).await.refuses(&["#/tag"]);
    shop.get(&format!("/product/search/{}", escaped(&format!("{short}x")))).await.refuses(&["#/query"]);
}

#[tokio::test]
async fn a_product_has_at_most_250_tags_and_a_customer_250_addresses() {
    let shop = TestShop::start().await;
    let tags: Vec<_> = (0..100).map(|number| format!("tag {number}")).collect();
    shop.post("/product", new_product(json!({ "tags": vec!["x"; 101] }))).await.refuses(&["#/tags"]);
    let product = shop.product_with(json!({ "tags": tags })).await;
    let tag = |number: usize| {
        let (shop, path) = (&shop, format!("/product/{product}/tag/more%20{number}"));
        async move { shop.post(&path, Value::Null).await }
    };
    futures::future::join_all((0..150).map(tag)).await.into_iter().for_each(|answer| drop(answer.expect(201)));
    tag(150).await.problem(409, "TOO_MANY_TAGS");

    let addresses = |count: usize| json!({ "addresses": vec![new_address(json!({})); count] });
    shop.post("/customer", new_customer(addresses(101))).await.refuses(&["#/addresses"]);
    let customer = shop.unconfirmed_with(addresses(100)).await;
    let path = format!("/customer/{customer}/address");
    let add = |_: usize| shop.post(&path, new_address(json!({})));
    futures::future::join_all((0..150).map(add)).await.into_iter().for_each(|answer| drop(answer.expect(201)));
    add(150).await.problem(409, "TOO_MANY_CONTACTS");
}

#[tokio::test]
async fn a_store_that_sends_too_much_is_told_to_wait_and_no_other() {
    let server = Server::start_with(&["--rate-limit", "1"]);
    let (shop, other) = (TestShop::on(&server).await, TestShop::on(&server).await);
    // A burst of twice the rate: both were free so far, as neither making a store nor asking for a token counts.
    let mut last = shop.get("/store").await;
    assert!(last.must_have("ratelimit-policy").starts_with("\"store\";q=2;w="));
    assert!(last.must_have("ratelimit").starts_with("\"store\";r=1;t="), "{:?}", last.header("ratelimit"));
    while last.status == 200 {
        last = shop.get("/store").await;
    }
    let refused = last.problem(429, "RATE_LIMITED");
    assert!(refused.must_have("ratelimit").starts_with("\"store\";r=0;t="));
    assert!(refused.must_have("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    other.get("/store").await.expect(200);
    // What belongs to no store is not limited.
    for _ in 0..5 {
        shop.get("/healthz").await.expect(200);
    }
    // The announcement is on every answer to the store, also on refusals.
    let unknown = other.get("/product/nobody").await;
    unknown.must_have("ratelimit");
    unknown.must_have("ratelimit-policy");
}

#[tokio::test]
async fn the_default_is_1000_requests_a_second_with_a_burst_of_2000_and_0_turns_it_off() {
    let shop = TestShop::unchanged().await;
    assert_eq!(shop.get("/store").await.expect(200).header("ratelimit"), None);
    let server = Server::start_limited();
    let shop = TestShop::on(&server).await;
    assert_eq!(shop.get("/store").await.expect(200).must_have("ratelimit-policy"), "\"store\";q=2000;w=2");
}
