//! Finding by whatever is known of a thing (api.md §12, Audit).

use crate::support::{Answer, TestShop};
use serde_json::{Value, json};

async fn find(shop: &TestShop, word: &str) -> Answer {
    let word: String = word.bytes().map(|byte| format!("%{byte:02X}")).collect();
    shop.get(&format!("/audit/find?q={word}")).await.expect(200)
}

fn objects(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    answer
        .each("/objects", "kind")
        .iter()
        .zip(answer.each("/objects", "id"))
        .map(|(kind, id)| (text(kind), text(&id)))
        .collect()
}

#[tokio::test]
async fn objects_are_found_by_ids_numbers_codes_and_emails() {
    let shop = TestShop::start_with(json!({ "invoice_number_format": "R-{n:03}" })).await;
    let (customer, product) = (shop.customer().await, shop.product(9, 500).await);
    let email = shop.get(&format!("/customer/{customer}")).await.expect(200).text("/customer/email");
    shop.add(&customer, &product, 2).await.expect(201);
    let cart = shop.get(&format!("/customer/{customer}/cart")).await.expect(200).text("/cart/cart_id");
    let invoice = shop.bill(&customer).await;
    let order = shop.collect(&invoice).await;
    let refund = shop.post(&format!("/invoice/{invoice}/refund?amount=100"), Value::Null).await.expect(201);
    let coupon = shop.coupon(json!({ "code": "Spring", "style": "percent_off", "amount": 10 })).await;
    let _ = coupon;
    for (word, kind, id) in [
        (&customer, "customer", &customer),
        (&email.to_uppercase(), "customer", &customer),
        (&product, "product", &product),
        (&cart, "cart", &cart),
        (&invoice, "invoice", &invoice),
        (&"R-001".to_owned(), "invoice", &invoice),
        (&refund.text("/refund/refund_id"), "invoice", &invoice),
        (&order, "order", &order),
    ] {
        let found = find(&shop, word).await;
        assert_eq!(objects(&found), [(kind.to_owned(), id.clone())], "{word}");
        let href = found.each("/objects", "href").remove(0);
        shop.get(href.as_str().expect("a path")).await.expect(200);
    }
    assert_eq!(find(&shop, "spring").await.each("/objects", "kind"), ["coupon"]);
    let nothing = find(&shop, "no such thing").await;
    assert_eq!(
        (nothing.at("/objects"), nothing.at("/events"), nothing.at("/position")),
        (&json!([]), &json!([]), &Value::Null)
    );
    assert_eq!(nothing.at("/complete"), true);
}

#[tokio::test]
async fn events_are_found_by_request_token_person_and_what_they_follow_from() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(9, 500).await);
    let asked = shop.with("X-Request-Id", "request-in-question").with("Cartlog-Actor", "Ada at the till");
    asked.add(&customer, &product, 2).await.expect(201);
    let found = find(&shop, "request-in-question").await;
    let mut types = found.each("/events", "type");
    types.sort_unstable_by_key(ToString::to_string);
    assert_eq!(types, ["CartItemAdded", "CartOpened", "StockHeld"]);
    assert!(found.each("/events", "request_id").iter().all(|id| id == "request-in-question"));
    let event = found.each("/events", "event_id").remove(0);
    let history = found.at("/events/0/object/href").as_str().expect("a path").to_owned();
    let told = shop.get(&history).await.expect(200);
    let told = told
        .at("/events")
        .as_array()
        .expect("events")
        .iter()
        .find(|told| told["event_id"] == event)
        .expect("the event")
        .clone();
    let (token, person) =
        (told["by"]["token_id"].as_str().expect("an id"), told["by"]["actor_id"].as_str().expect("an id"));
    assert!(find(&shop, token).await.each("/events", "event_id").contains(&event));
    let of_person = find(&shop, person).await;
    assert_eq!(of_person.each("/events", "event_id").len(), 3);
    assert!(find(&shop, event.as_str().expect("an id")).await.each("/events", "event_id").contains(&event));
    let other = TestShop::start().await;
    for word in ["request-in-question", token, person, event.as_str().expect("an id"), &customer, &product] {
        let found = find(&other, word).await;
        assert_eq!((found.at("/objects"), found.at("/events")), (&json!([]), &json!([])), "{word} is another store's");
    }
}

#[tokio::test]
async fn a_time_is_a_position_and_what_is_missing_is_asked_for() {
    let shop = TestShop::start().await;
    let product = shop.product(9, 500).await;
    let created = shop.get(&format!("/product/{product}")).await.expect(200).text("/product/created_at");
    let position = find(&shop, &created).await.number("/position");
    let then = shop.get(&format!("/product/{product}?as_of_position={position}")).await.expect(200);
    assert_eq!(then.text("/product/created_at"), created);
    assert_eq!(find(&shop, "20000101").await.at("/position"), &Value::Null);
    shop.get("/audit/find").await.refuses(&["#/q"]);
    shop.get("/audit/find?q=").await.refuses(&["#/q"]);
}
