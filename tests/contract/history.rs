//! Histories: every event of a stream, oldest first, paged by cursor (api.md §12).

use super::table::World;
use crate::support::{PASSWORD, TestShop, new_email};
use serde_json::{Value, json};

/// All events of a history, page by page.
async fn events(shop: &TestShop, path: &str, limit: usize) -> Vec<Value> {
    let (mut events, mut next) = (Vec::new(), Some(format!("{path}?limit={limit}")));
    while let Some(href) = next {
        let page = shop.get(&href).await.expect(200);
        let items = page["events"].as_array().expect("events").clone();
        assert!(!items.is_empty() && items.len() <= limit, "{href}: {} events", items.len());
        events.extend(items);
        next = page.link("next");
        assert!(next.is_none() || page["events"].as_array().map(Vec::len) == Some(limit));
    }
    events
}

#[tokio::test]
async fn every_resource_has_its_history_page_by_page() {
    let world = World::new().await;
    let World { shop, customer, product, invoice, order, gift_card, credit, coupon, .. } = &world;
    shop.put(&format!("/product/{product}"), json!({ "title": "Assam" })).await.expect(200);
    shop.post(&format!("/invoice/{invoice}/refund?amount=1"), Value::Null).await.expect(201);
    shop.put(&format!("/order/{order}/shipped"), Value::Null).await.expect(200);
    shop.delete(&format!("/giftcard/{gift_card}")).await.expect(204);
    shop.delete(&format!("/customer/{customer}/credit/{credit}")).await.expect(204);
    shop.delete(&format!("/coupon_code/{coupon}")).await.expect(204);
    let cases = [
        ("/store/history".to_owned(), vec!["StoreCreated", "StoreTokenIssued"]),
        (format!("/product/{product}/history"), vec!["ProductCreated", "StockHeld", "ProductDescribed"]),
        (
            format!("/customer/{customer}/history"),
            vec!["CustomerCreated", "CustomerConfirmationRequested", "CustomerConfirmed"],
        ),
        (format!("/customer/{customer}/cart/history"), vec!["CartOpened", "CartItemAdded", "CartBilled"]),
        (format!("/invoice/{invoice}/history"), vec!["InvoiceIssued", "InvoiceCollected", "RefundIssued"]),
        (format!("/order/{order}/history"), vec!["OrderPlaced", "OrderShipped"]),
        (format!("/giftcard/{gift_card}/history"), vec!["GiftCardIssued", "GiftCardVoided"]),
        (format!("/customer/{customer}/credit/{credit}/history"), vec!["CreditIssued", "CreditVoided"]),
        (format!("/coupon_code/{coupon}/history"), vec!["CouponCreated", "CouponRedeemed", "CouponVoided"]),
    ];
    for (path, wanted) in cases {
        let all = events(shop, &path, 250).await;
        assert_eq!(events(shop, &path, 1).await, all, "{path}: page by page");
        let types: Vec<_> = all.iter().filter_map(|event| event["type"].as_str()).collect();
        let mut found = types.iter();
        for kind in wanted {
            assert!(found.any(|type_| *type_ == kind), "{path}: no {kind} in {types:?}, in this order");
        }
        for (revision, event) in all.iter().enumerate() {
            assert_eq!(event["revision"], revision, "{path}");
        }
        let positions: Vec<_> = all.iter().filter_map(|event| event["position"].as_u64()).collect();
        assert!(positions.len() == all.len() && positions.is_sorted_by(|earlier, later| earlier < later), "{path}");
    }
}

#[tokio::test]
async fn an_event_says_who_did_what_when_and_in_which_request() {
    let shop = TestShop::start().await;
    let made = shop
        .with("x-request-id", "request-7")
        .post("/product", crate::support::new_product(json!({})))
        .await
        .expect(201);
    let history = shop.get(&format!("/product/{}/history", made.text("/product/product_id"))).await.expect(200);
    let event = &history["events"][0];
    assert_eq!((&event["type"], &event["revision"]), (&json!("ProductCreated"), &json!(0)));
    assert_eq!((&event["request_id"], &event["causation_id"]), (&json!("request-7"), &Value::Null));
    assert_eq!(event["position"], made.position());
    assert!(event["actor"].as_str().is_some_and(|actor| actor.starts_with("token:")), "{event:#}");
    assert_eq!(event["occurred_at"], made["product"]["created_at"]);
    assert!(event["event_id"].is_string() && event["recorded_at"].is_string());
    assert_eq!(
        (&event["data"]["title"], &event["data"]["product_id"]),
        (&json!("Darjeeling"), &made["product"]["product_id"])
    );
    let first = shop.get("/store/history?limit=1").await.expect(200);
    assert_eq!(first["events"][0]["actor"], "anonymous");

    let customer = shop.customer().await;
    let product = shop.product(5, 100).await;
    let order = shop.collect(&shop.invoice(&customer, &product, 1).await).await;
    let placed = shop.get(&format!("/order/{order}/history")).await.expect(200);
    assert_eq!(placed["events"][0]["actor"], "system", "a reaction");
}

#[tokio::test]
async fn a_customers_history_has_the_personal_data_and_no_password() {
    let shop = TestShop::start().await;
    let (email, second) = (new_email(), new_email());
    let customer = shop.unconfirmed_with(json!({ "email": email })).await;
    shop.put(&format!("/customer/{customer}"), json!({ "first_name": "Augusta", "email": second })).await.expect(200);
    let all = Value::Array(events(&shop, &format!("/customer/{customer}/history"), 2).await).to_string();
    for known in [email.as_str(), &second, "Ada", "Augusta", "Byron"] {
        assert!(all.contains(known), "{known} is not in {all}");
    }
    assert!(!all.contains(PASSWORD));
}

#[tokio::test]
async fn what_was_deleted_keeps_its_history() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.unconfirmed_with(json!({})).await, shop.product(1, 1).await);
    shop.delete(&format!("/customer/{customer}")).await.expect(204);
    shop.delete(&format!("/product/{product}")).await.expect(204);
    for (path, last) in [
        (format!("/customer/{customer}/history"), "CustomerDeleted"),
        (format!("/product/{product}/history"), "ProductDeleted"),
    ] {
        let all = events(&shop, &path, 10).await;
        assert_eq!(all.last().map(|event| &event["type"]), Some(&json!(last)));
    }
}

#[tokio::test]
async fn what_has_no_history_is_not_found_and_pages_are_by_cursor_alone() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    for (path, code) in [
        ("/product/nobody/history".to_owned(), "PRODUCT_NOT_FOUND"),
        ("/customer/nobody/history".to_owned(), "CUSTOMER_NOT_FOUND"),
        ("/customer/nobody/cart/history".to_owned(), "CUSTOMER_NOT_FOUND"),
        ("/invoice/nobody/history".to_owned(), "INVOICE_NOT_FOUND"),
        ("/order/nobody/history".to_owned(), "ORDER_NOT_FOUND"),
        ("/giftcard/nobody/history".to_owned(), "GIFT_CARD_NOT_FOUND"),
        (format!("/customer/{customer}/credit/nobody/history"), "CREDIT_NOT_FOUND"),
        ("/coupon_code/nobody/history".to_owned(), "COUPON_NOT_FOUND"),
    ] {
        shop.get(&path).await.problem(404, code);
    }
    let empty = shop.get(&format!("/customer/{customer}/cart/history")).await.expect(200);
    assert_eq!(empty["events"], json!([]), "a customer without a cart");
    shop.get("/store/history?page=1").await.refuses(&["#/page"]);
    shop.get("/store/history?limit=251").await.refuses(&["#/limit"]);
    shop.get("/store/history?cursor=nonsense").await.refuses(&["#/cursor"]);
}
