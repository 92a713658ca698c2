//! Paths, ids, success bodies and errors (api.md §1).

use super::table::World;
use crate::support::{Contract, TestShop, new_product};
use serde_json::{Value, json};

#[tokio::test]
async fn a_trailing_slash_never_matters_and_singular_and_plural_are_the_same() {
    let world = World::new().await;
    let World { shop, customer, product, invoice, order, .. } = &world;
    for (path, alias) in [
        ("/store".to_owned(), "/store/".to_owned()),
        ("/product/count".to_owned(), "/products/count/".to_owned()),
        (format!("/product/{product}"), format!("/products/{product}")),
        (format!("/product/{product}"), format!("/product/{product}/")),
        (format!("/product/{product}/history"), format!("/products/{product}/history///")),
        ("/customer/count".to_owned(), "/customers/count".to_owned()),
        (format!("/customer/{customer}"), format!("/customers/{customer}/")),
        (format!("/customer/{customer}/cart"), format!("/customers/{customer}/cart")),
        (format!("/customer/{customer}/invoices?closed=true"), format!("/customers/{customer}/invoices/?closed=true")),
        ("/invoice?closed=true".to_owned(), "/invoices?closed=true".to_owned()),
        (format!("/invoice/{invoice}/refund"), format!("/invoices/{invoice}/refund/")),
        ("/order".to_owned(), "/orders/".to_owned()),
        (format!("/order/{order}"), format!("/orders/{order}")),
    ] {
        assert_eq!(shop.get(&alias).await.expect(200).body, shop.get(&path).await.expect(200).body, "{alias}");
    }
    shop.post("/products/", new_product(json!({}))).await.expect(201);
    shop.put(&format!("/customers/{customer}/"), json!({ "first_name": "x" })).await.expect(200);
    shop.put(&format!("/orders/{order}/shipped/"), Value::Null).await.expect(200);
}

#[tokio::test]
async fn an_id_that_does_not_exist_is_not_found_whatever_its_form() {
    let world = World::new().await;
    let shop = &world.shop;
    let long = "9".repeat(4_000);
    let strange = [
        "0193a000-0000-7000-8000-000000000000",
        "00000000-0000-0000-0000-000000000000",
        "0193a000000070008000000000000000",
        "{0193a000-0000-7000-8000-000000000000}",
        "urn:uuid:0193a000-0000-7000-8000-000000000000",
        "1",
        "-1",
        "null",
        "a%20b",
        "%C3%A4",
        "%00",
        "%ff",
        "%2F",
        "..%2F..%2Fetc",
        "'%20OR%201=1--",
        "%F0%9F%8D%B5",
        long.as_str(),
    ];
    let kinds = [
        ("product", world.product.as_str(), "PRODUCT_NOT_FOUND"),
        ("customer", &world.customer, "CUSTOMER_NOT_FOUND"),
        ("invoice", &world.invoice, "INVOICE_NOT_FOUND"),
        ("order", &world.order, "ORDER_NOT_FOUND"),
        ("giftcard", &world.gift_card, "GIFT_CARD_NOT_FOUND"),
        ("coupon_code", &world.coupon, "COUPON_NOT_FOUND"),
    ];
    let contract = shop.contract();
    for (kind, id, code) in kinds {
        for operation in contract.operations() {
            // The id is the second part of the path; what belongs to nobody isn't looked for further on.
            if !operation.path.starts_with(&format!("/{kind}/{{")) {
                continue;
            }
            let case = world.case(&operation).await.expect("the table has every operation");
            let second = case.path.split('/').nth(2).and_then(|part| part.split('?').next()).expect("an id").to_owned();
            let strange = if second == id { &strange[..] } else { &strange[..2] };
            for unknown in strange {
                let path = case.path.replacen(&second, unknown, 1);
                shop.send(operation.method, &path, case.body.clone()).await.problem(404, code);
            }
        }
    }
    let customer = &world.customer;
    // A path that is no UTF-8 names nothing at all, so already its first part is not found.
    for unknown in strange.into_iter().filter(|unknown| *unknown != "%ff") {
        shop.delete(&format!("/customer/{customer}/address/{unknown}")).await.problem(404, "ADDRESS_NOT_FOUND");
        shop.put(&format!("/customer/{customer}/address/{unknown}/make_primary"), Value::Null)
            .await
            .problem(404, "ADDRESS_NOT_FOUND");
        shop.get(&format!("/customer/{customer}/credit/{unknown}")).await.problem(404, "CREDIT_NOT_FOUND");
        shop.delete(&format!("/customer/{customer}/credit/{unknown}")).await.problem(404, "CREDIT_NOT_FOUND");
        shop.get(&format!("/customer/credit/status/{unknown}")).await.problem(404, "JOB_NOT_FOUND");
        shop.post(&format!("/customer/{customer}/cart/item/{unknown}"), Value::Null)
            .await
            .problem(404, "PRODUCT_NOT_FOUND");
        shop.put(&format!("/customer/{customer}/email/{unknown}/make_primary"), Value::Null)
            .await
            .problem(404, "EMAIL_NOT_FOUND");
    }
}

#[tokio::test]
async fn an_id_is_written_as_it_was_given() {
    let shop = TestShop::start().await;
    let product = shop.product(1, 1).await;
    let plain = product.replace('-', "");
    for other in [
        plain.clone(),
        format!("{{{product}}}"),
        format!("urn:uuid:{product}"),
        format!("%20{product}"),
        format!("{product}x"),
    ] {
        shop.get(&format!("/product/{other}")).await.problem(404, "PRODUCT_NOT_FOUND");
    }
    shop.get(&format!("/product/{product}")).await.expect(200);
}

#[tokio::test]
async fn an_error_is_a_problem_with_its_code_and_validation_lists_every_bad_field() {
    let shop = TestShop::unchanged().await;
    let missing = shop.get("/product/nobody").await.expect(404);
    assert_eq!(missing.body.as_object().map(|problem| problem.len()), Some(5), "{:#}", missing.body);
    assert_eq!(missing.text("/type"), "/errors/product-not-found");
    assert_eq!((missing.text("/title"), missing.number("/status")), ("Product not found".to_owned(), 404));
    let refused = shop.post("/product", new_product(json!({ "inventory": -1 }))).await.refuses(&["#/inventory"]);
    assert_eq!(refused["errors"], json!([{ "pointer": "#/inventory", "detail": "must be at least 0" }]));
    let refused = shop.get("/product?page=x").await.refuses(&["#/page"]);
    assert_eq!(refused["errors"], json!([{ "pointer": "#/page", "in": "query", "detail": "must be an integer" }]));
    let short = shop.start_with_shortage().await;
    assert!(short.text("/detail").contains("has 3 left, 5 were asked for"), "{:#}", short.body);
}

impl TestShop {
    /// What a customer is told who wants 5 of a product that has 3.
    async fn start_with_shortage(&self) -> crate::support::Answer {
        let shop = TestShop::start().await;
        let (customer, product) = (shop.customer().await, shop.product(3, 1).await);
        shop.add(&customer, &product, 5).await.problem(409, "INSUFFICIENT_INVENTORY")
    }
}

#[tokio::test]
async fn a_request_id_is_echoed_or_made() {
    let shop = TestShop::unchanged().await;
    assert_eq!(shop.with("x-request-id", "Mine-1.2_3:4").get("/store").await.must_have("x-request-id"), "Mine-1.2_3:4");
    let made = shop.get("/store").await.must_have("x-request-id").to_owned();
    assert_ne!(made, shop.get("/store").await.must_have("x-request-id"));
    for odd in ["", "a b", "ä", &"x".repeat(129)] {
        assert_ne!(shop.with("x-request-id", odd).get("/store").await.must_have("x-request-id"), odd);
    }
    // Also where nothing is found.
    assert_eq!(shop.with("x-request-id", "lost").get("/nonsense").await.must_have("x-request-id"), "lost");
}

#[tokio::test]
async fn an_answer_is_compressed_for_who_asks_for_it_and_is_the_same() {
    let shop = TestShop::unchanged().await;
    let plain = shop.get("/openapi.json").await.expect(200);
    assert_eq!(plain.header("content-encoding"), None);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let packed = client
        .get(format!("{}/openapi.json", shop.url))
        .header("Accept-Encoding", "gzip")
        .send()
        .await
        .expect("an answer");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let bytes = packed.bytes().await.expect("a body");
    // Whoever takes nothing at all gets it as it is: a command that was done is never a 406.
    for odd in ["identity;q=0, *;q=0", "*;q=0", "gzip;q=0", "deflate", ""] {
        assert_eq!(shop.with("Accept-Encoding", odd).get("/openapi.json").await.expect(200).body, plain.body, "{odd}");
    }
    assert!(bytes.starts_with(&[0x1f, 0x8b]) && bytes.len() < plain.body.to_string().len() / 4);
}

#[tokio::test]
async fn every_successful_body_says_ok_unless_a_table_says_otherwise() {
    let contract: &Contract = TestShop::unchanged().await.contract();
    let others = ["CouponValidity", "JobStatus", "NumberAnswer", "Readiness", "SentConfirmationDone"];
    let schemas = contract.document["components"]["schemas"].as_object().expect("schemas");
    for (name, schema) in schemas.iter().filter(|(name, _)| !others.contains(&name.as_str())) {
        if let Some(result) = schema["properties"].get("result") {
            assert_eq!(contract.resolve(result)["enum"], json!(["ok"]), "{name}");
        }
    }
}
