//! What an auditor is told of an object (api.md §12, Audit).

use super::table::World;
use crate::support::{Answer, TestShop};
use serde_json::{Value, json};

fn events(page: &Answer) -> &Vec<Value> {
    page["events"].as_array().expect("events")
}

/// The changes of the event, each as `(field, before, after)`.
fn changes(event: &Value) -> Vec<(String, Value, Value)> {
    let change = |change: &Value| {
        let field = change["field"].as_str().expect("a field").to_owned();
        (field, change["before"].clone(), change["after"].clone())
    };
    event["changes"].as_array().unwrap_or_else(|| panic!("no changes: {event:#}")).iter().map(change).collect()
}

/// What all events changed of a field, one after another; each begins where the one before has ended.
fn course(page: &Answer, field: &str) -> Vec<Value> {
    let mut course = Vec::new();
    for event in events(page) {
        for (_, before, after) in changes(event).into_iter().filter(|(changed, _, _)| changed == field) {
            assert_eq!(course.last().unwrap_or(&Value::Null), &before, "{field} in {event:#}");
            course.push(after);
        }
    }
    course
}

#[tokio::test]
async fn every_object_is_told_in_words_and_by_what_changed() {
    let world = World::new().await;
    let World { shop, customer, product, invoice, order, gift_card, credit, coupon, .. } = &world;
    let store = shop.get("/store").await.expect(200).text("/store/store_id");
    let cart = shop.get(&format!("/invoice/{invoice}")).await.expect(200).text("/invoice/cart_id");
    for (kind, id, field) in [
        ("store", &store, "name"),
        ("product", product, "inventory"),
        ("customer", customer, "first_name"),
        ("cart", &cart, "state"),
        ("invoice", invoice, "state"),
        ("order", order, "status"),
        ("credit", credit, "current_balance_in_cents"),
        ("gift_card", gift_card, "current_balance_in_cents"),
        ("coupon", coupon, "redemption_count"),
    ] {
        let page = shop.get(&format!("/audit/{kind}/{id}?limit=250")).await.expect(200);
        assert!(!course(&page, field).is_empty(), "{kind}: nothing of {field}: {:#}", page.body);
        for (revision, event) in events(&page).iter().enumerate() {
            assert_eq!(event["revision"], revision, "{kind}");
            assert!(event["happened"].as_str().is_some_and(|words| !words.is_empty()), "{event:#}");
            assert_eq!(event["hash"].as_str().map(str::len), Some(64), "{event:#}");
        }
    }
    // By the names that paths have elsewhere.
    for path in [format!("/audit/giftcard/{gift_card}"), format!("/audit/coupon_code/{coupon}")] {
        shop.get(&path).await.expect(200);
    }
}

#[tokio::test]
async fn a_change_has_what_was_before_and_what_is_after_as_queries_show_it() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 250).await);
    shop.add(&customer, &product, 3).await.expect(201);
    shop.put(&format!("/customer/{customer}/cart/item/{product}"), json!({ "quantity": 5 })).await.expect(200);
    shop.put(&format!("/product/{product}"), json!({ "title": "Assam" })).await.expect(200);

    let of_product = shop.get(&format!("/audit/product/{product}")).await.expect(200);
    assert_eq!(course(&of_product, "title"), ["Darjeeling", "Assam"]);
    assert_eq!(course(&of_product, "reserved"), [0, 3, 5]);
    let shown = shop.get(&format!("/product/{product}")).await.expect(200);
    assert_eq!(course(&of_product, "inventory").last(), Some(&shown["product"]["inventory"]));

    let cart = shop.get(&format!("/customer/{customer}/cart")).await.expect(200);
    let (cart, item) = (cart.text("/cart/cart_id"), cart.text("/cart/items/0/cart_item_id"));
    let of_cart = shop.get(&format!("/audit/cart/{cart}")).await.expect(200);
    let last = events(&of_cart).last().expect("events");
    assert_eq!(changes(last), [(format!("items[{item}].quantity"), json!(3), json!(5))]);
}

#[tokio::test]
async fn one_cart_is_found_by_its_id_and_all_of_a_customer_by_the_customers() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 250).await);
    let empty = shop.get(&format!("/audit/cart/{customer}")).await.expect(200);
    assert_eq!(empty["events"], json!([]), "a customer without a cart");
    let mut carts = Vec::new();
    for _ in 0..2 {
        shop.add(&customer, &product, 1).await.expect(201);
        let cart = shop.get(&format!("/customer/{customer}/cart")).await.expect(200);
        carts.push(cart.text("/cart/cart_id"));
        shop.delete(&format!("/customer/{customer}/cart")).await.expect(200);
    }
    let all = shop.get(&format!("/audit/cart/{customer}?limit=250")).await.expect(200);
    let mut of_each = 0;
    for cart in &carts {
        let page = shop.get(&format!("/audit/cart/{cart}?limit=250")).await.expect(200);
        assert!(events(&page).iter().all(|event| event["data"]["cart_id"] == **cart), "{cart}: {:#}", page.body);
        assert_eq!(course(&page, "state"), ["open", "closed"]);
        of_each += events(&page).len();
    }
    assert_eq!(events(&all).len(), of_each);
}

#[tokio::test]
async fn filters_leave_out_events_and_change_nothing_of_those_that_are_told() {
    let shop = TestShop::start().await;
    let product = shop.product(10, 250).await;
    let path = format!("/audit/product/{product}");
    shop.with("x-request-id", "request-7")
        .put(&format!("/product/{product}"), json!({ "title": "Assam" }))
        .await
        .expect(200);
    shop.put(&format!("/product/{product}"), json!({ "title": "Ceylon" })).await.expect(200);
    let all = shop.get(&path).await.expect(200);
    let wanted = |query: String| {
        let (shop, path) = (shop.clone(), path.clone());
        async move { shop.get(&format!("{path}?{query}")).await.expect(200)["events"].clone() }
    };
    assert_eq!(wanted("type=ProductDescribed".to_owned()).await, json!([all["events"][1], all["events"][2]]));
    assert_eq!(wanted("request_id=request-7".to_owned()).await, json!([all["events"][1]]));
    let actor = all["events"][0]["actor"].as_str().expect("an actor").to_owned();
    assert_eq!(wanted(format!("actor={actor}")).await, all["events"]);
    assert_eq!(wanted("actor=system".to_owned()).await, json!([]));
    assert_eq!(wanted("enddate=20000101".to_owned()).await, json!([]));
    assert_eq!(wanted("startdate=20000101&enddate=29991231".to_owned()).await, all["events"]);
    // Page by page it is the same.
    let mut paged = Vec::new();
    let mut next = Some(format!("{path}?type=ProductDescribed&limit=1"));
    while let Some(href) = next {
        let page = shop.get(&href).await.expect(200);
        paged.extend(events(&page).clone());
        next = page.link("next");
    }
    assert_eq!(paged, [all["events"][1].clone(), all["events"][2].clone()]);
    for (query, pointer) in [("actor=me", "#/actor"), ("startdate=yesterday", "#/startdate"), ("what=ever", "#/what")] {
        shop.get(&format!("{path}?{query}")).await.refuses(&[pointer]);
    }
}

#[tokio::test]
async fn what_is_not_there_or_is_another_stores_is_not_found() {
    let world = World::new().await;
    let other = world.shop.another().await;
    let store = world.shop.get("/store").await.expect(200).text("/store/store_id");
    let World { customer, product, invoice, order, gift_card, credit, coupon, .. } = &world;
    let coupon_id = world.shop.get(&format!("/coupon_code/{coupon}")).await.expect(200).text("/coupon/coupon_code_id");
    for (kind, id, code) in [
        ("store", &store, "STORE_NOT_FOUND"),
        ("product", product, "PRODUCT_NOT_FOUND"),
        ("customer", customer, "CUSTOMER_NOT_FOUND"),
        ("cart", customer, "NOT_FOUND"),
        ("invoice", invoice, "INVOICE_NOT_FOUND"),
        ("order", order, "ORDER_NOT_FOUND"),
        ("credit", credit, "CREDIT_NOT_FOUND"),
        ("gift_card", gift_card, "GIFT_CARD_NOT_FOUND"),
        ("coupon", coupon, "COUPON_NOT_FOUND"),
        ("coupon", &coupon_id, "COUPON_NOT_FOUND"),
    ] {
        other.get(&format!("/audit/{kind}/{id}")).await.problem(404, code);
        world.shop.get(&format!("/audit/{kind}/nobody")).await.problem(404, code);
        world.shop.get(&format!("/audit/{kind}/{}", uuid::Uuid::now_v7())).await.problem(404, code);
    }
    world.shop.get(&format!("/audit/claim/{customer}")).await.problem(404, "NOT_FOUND");
}
