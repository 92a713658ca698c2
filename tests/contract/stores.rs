//! Stores (api.md §2).

use crate::support::{SECRET, Server, TestShop, new_app_id, new_store};
use serde_json::{Value, json};

#[tokio::test]
async fn a_store_has_its_fields_and_their_defaults_and_its_secret_is_never_returned() {
    let nobody = TestShop::nobody(&Server::shared().url).await;
    let app_id = new_app_id();
    let made = nobody.post("/store", new_store(&app_id, json!({}))).await.expect(201);
    let store = &made["store"];
    assert_eq!(made["result"], "ok");
    assert_eq!((&store["name"], &store["app_id"]), (&json!("Tea & Co"), &json!(app_id)));
    assert_eq!(store["tagline"], Value::Null);
    assert_eq!(store["credit_order_preference"], "gift-card");
    assert_eq!(store["tax_rate_in_basis_points"], 0);
    assert_eq!(store["timezone"], "UTC");
    assert_eq!(store["cart_expires_after_minutes"], 20_160);
    assert_eq!(store["created_at"], store["updated_at"]);
    assert_eq!(store["deleted_at"], Value::Null);
    assert!(!made.body.to_string().contains(SECRET));
}

#[tokio::test]
async fn every_field_of_a_store_can_be_given_and_changed() {
    let given = json!({
        "tagline": "Leaves", "credit_order_preference": "credit", "tax_rate_in_basis_points": 10_000,
        "timezone": "Europe/Berlin", "cart_expires_after_minutes": 0,
    });
    let shop = TestShop::start_with(given.clone()).await;
    let changed = json!({
        "name": "Coffee", "tagline": null, "credit_order_preference": "gift-card", "tax_rate_in_basis_points": 1_900,
        "timezone": "America/New_York", "cart_expires_after_minutes": 60,
    });
    let before = shop.get("/store").await.expect(200);
    has_fields(&before["store"], &given);
    let answer = shop.put("/store", changed.clone()).await.expect(200);
    has_fields(&answer["store"], &changed);
    assert_eq!(answer.text("/store/created_at"), before.text("/store/created_at"));
    assert!(answer.text("/store/updated_at") >= before.text("/store/updated_at"));
    assert_eq!(shop.get("/store").await.expect(200).body, answer.body);
    shop.put("/store", json!({ "name": "Cocoa" })).await.expect(200);
    has_fields(&shop.get("/store").await["store"], &json!({ "name": "Cocoa", "timezone": "America/New_York" }));
}

#[track_caller]
fn has_fields(found: &Value, wanted: &Value) {
    for (name, value) in wanted.as_object().expect("an object") {
        assert_eq!(&found[name], value, "{name} of {found:#}");
    }
}

#[tokio::test]
async fn what_a_store_is_made_of_has_its_bounds() {
    let shop = TestShop::unchanged().await;
    let bad = [
        (json!({ "app_secret": "7 chars" }), "#/app_secret"),
        (json!({ "name": "" }), "#/name"),
        (json!({ "app_id": "" }), "#/app_id"),
        (json!({ "tagline": "" }), "#/tagline"),
        (json!({ "credit_order_preference": "points" }), "#/credit_order_preference"),
        (json!({ "tax_rate_in_basis_points": -1 }), "#/tax_rate_in_basis_points"),
        (json!({ "tax_rate_in_basis_points": 10_001 }), "#/tax_rate_in_basis_points"),
        (json!({ "timezone": "Mars/Olympus" }), "#/timezone"),
        (json!({ "cart_expires_after_minutes": -1 }), "#/cart_expires_after_minutes"),
    ];
    for (fields, pointer) in bad {
        shop.post("/store", new_store(&new_app_id(), fields.clone())).await.refuses(&[pointer]);
        if !["#/app_secret", "#/app_id"].contains(&pointer) {
            shop.put("/store", fields).await.refuses(&[pointer]);
        }
    }
    shop.put("/store", json!({ "name": "x", "app_id": "other" })).await.refuses(&["#/app_id"]);
    shop.put("/store/secret", json!({ "app_secret": "7 chars" })).await.refuses(&["#/app_secret"]);
}

#[tokio::test]
async fn a_taken_app_id_is_a_conflict_also_under_concurrency() {
    let shop = TestShop::start().await;
    shop.post("/store", new_store(&shop.app_id, json!({}))).await.problem(409, "APP_ID_ALREADY_EXISTS");

    let (nobody, app_id) = (shop.anonymous(), new_app_id());
    let attempts = (0..6).map(|_| nobody.post("/store", new_store(&app_id, json!({}))));
    let answers = futures::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for loser in answers.into_iter().filter(|answer| answer.status != 201) {
        loser.problem(409, "APP_ID_ALREADY_EXISTS");
    }
}

#[tokio::test]
async fn a_new_secret_is_in_force_at_once_and_tokens_stay() {
    let shop = TestShop::start().await;
    let credentials = |secret: &str| json!({ "app_id": shop.app_id, "app_secret": secret });
    let answer = shop.put("/store/secret", json!({ "app_secret": "another secret" })).await.expect(200);
    assert_eq!(answer.text("/store/app_id"), shop.app_id);
    assert!(!answer.body.to_string().contains("another secret"));
    shop.get("/store").await.expect(200);
    shop.post("/store/token", credentials(SECRET)).await.problem(401, "INVALID_CREDENTIALS");
    shop.post("/store/token", credentials("another secret")).await.expect(201);
}

#[tokio::test]
async fn a_deleted_store_is_gone_at_once_and_its_app_id_stays_taken() {
    let mut shop = TestShop::start().await;
    let customer = shop.customer().await;
    let second = shop.with("ACCESS-TOKEN", &shop.token().await);
    let confirmation = shop.confirmation(&customer).await;
    assert_eq!(shop.delete("/store").await.expect(204).body, Value::Null);
    for token in [&shop, &second] {
        token.get("/store").await.problem(401, "UNAUTHORIZED");
        token.get(&format!("/customer/{customer}")).await.problem(401, "UNAUTHORIZED");
    }
    shop.put(&format!("/customer/confirm/{confirmation}"), Value::Null).await.problem(404, "CONFIRMATION_NOT_FOUND");
    let credentials = json!({ "app_id": shop.app_id, "app_secret": SECRET });
    shop.post("/store/token", credentials).await.problem(401, "INVALID_CREDENTIALS");
    shop.post("/store", new_store(&shop.app_id, json!({}))).await.problem(409, "APP_ID_ALREADY_EXISTS");
    shop.app_id = new_app_id();
    shop.post("/store", new_store(&shop.app_id, json!({}))).await.expect(201);
}
