//! A customer's addresses (api.md §4).

use crate::support::{TestShop, new_address};
use serde_json::{Value, json};

#[tokio::test]
async fn addresses_are_added_changed_and_deleted() {
    let shop = TestShop::start().await;
    let path = format!("/customer/{}/address", shop.customer().await);
    assert_eq!(shop.get(&path).await.expect(200)["addresses"], json!([]));
    let made = shop.post(&path, new_address(json!({}))).await.expect(201);
    let address = &made["address"];
    assert_eq!((&address["street"], &address["city"]), (&json!("12 St James's Sq"), &json!("London")));
    assert_eq!(
        (&address["zip"], &address["state"], &address["country"]),
        (&json!("SW1Y"), &json!("London"), &json!("UK"))
    );
    assert_eq!((&address["is_primary"], &address["deleted_at"]), (&json!(false), &Value::Null));

    let own = format!("{path}/{}", made.text("/address/address_id"));
    let changed = shop.put(&own, json!({ "city": "Ockham" })).await.expect(200);
    assert_eq!((changed.text("/address/city"), changed.text("/address/zip")), ("Ockham".to_owned(), "SW1Y".to_owned()));
    let all = json!({ "street": "1", "city": "2", "zip": "3", "state": "4", "country": "5", "is_primary": true });
    let changed = shop.put(&own, all.clone()).await.expect(200);
    for (name, value) in all.as_object().expect("an object") {
        assert_eq!(&changed["address"][name], value, "{name}");
    }
    assert_eq!(shop.get(&path).await["addresses"], json!([changed["address"]]));
    shop.delete(&own).await.expect(204);
    assert_eq!(shop.get(&path).await["addresses"], json!([]));
    for (method, path) in [("DELETE", own.clone()), ("PUT", format!("{own}/make_primary"))] {
        shop.send(method, &path, Value::Null).await.problem(404, "ADDRESS_NOT_FOUND");
    }
    shop.put(&own, json!({ "city": "x" })).await.problem(404, "ADDRESS_NOT_FOUND");
}

#[tokio::test]
async fn the_mark_of_the_primary_address_moves_and_is_on_one_at_most() {
    let shop = TestShop::start().await;
    let customer = shop.customer().await;
    let path = format!("/customer/{customer}/address");
    let add = async |mark: Value| {
        shop.post(&path, new_address(json!({ "is_primary": mark }))).await.expect(201).text("/address/address_id")
    };
    let primary = async || shop.get(&format!("{path}?is_primary=true")).await;
    let first = add(json!(false)).await;
    primary().await.problem(404, "ADDRESS_NOT_FOUND");
    let second = add(json!("TRUE")).await;
    assert_eq!(primary().await.expect(200).text("/address/address_id"), second);
    let third = add(json!(true)).await;
    let marks = async || {
        let listed = shop.get(&path).await.expect(200);
        listed.each("/addresses", "is_primary")
    };
    assert_eq!(marks().await, [true, false, false], "newest first");
    let moved = shop.put(&format!("{path}/{first}/make_primary"), Value::Null).await.expect(200);
    assert_eq!((moved.text("/address/address_id"), &moved["address"]["is_primary"]), (first.clone(), &json!(true)));
    assert_eq!(marks().await, [false, false, true]);
    shop.put(&format!("{path}/{third}"), json!({ "is_primary": "true" })).await.expect(200);
    assert_eq!(marks().await, [true, false, false]);
    shop.put(&format!("{path}/{third}"), json!({ "is_primary": "False" })).await.expect(200);
    primary().await.problem(404, "ADDRESS_NOT_FOUND");
    shop.put(&format!("{path}/{first}/make_primary"), Value::Null).await.expect(200);
    shop.delete(&format!("{path}/{first}")).await.expect(204);
    primary().await.problem(404, "ADDRESS_NOT_FOUND");
}

#[tokio::test]
async fn the_primary_address_alone_is_a_single_resource() {
    let shop = TestShop::start().await;
    let address = new_address(json!({ "is_primary": true }));
    let customer = shop.unconfirmed_with(json!({ "addresses": [address] })).await;
    let path = format!("/customer/{customer}/address");
    let primary = shop.get(&format!("{path}?is_primary=TRUE")).await.expect(200);
    assert_eq!(primary["address"]["is_primary"], true);
    assert!(primary["addresses"].is_null() && primary["links"].is_null());
    let tag = primary.must_have("etag");
    shop.with("If-None-Match", tag).get(&format!("{path}?is_primary=true")).await.expect(304);
    assert_eq!(
        shop.get(&format!("{path}?is_primary=false")).await.expect(200)["addresses"],
        json!([primary["address"]])
    );
    shop.get(&format!("{path}?is_primary=maybe")).await.refuses(&["#/is_primary"]);
}

#[tokio::test]
async fn what_an_address_is_made_of_has_its_bounds() {
    let shop = TestShop::start().await;
    let path = format!("/customer/{}/address", shop.unconfirmed_with(json!({})).await);
    for name in ["street", "city", "zip", "state", "country"] {
        let pointer = format!("#/{name}");
        shop.post(&path, new_address(json!({ name: "" }))).await.refuses(&[&pointer]);
        shop.put(&format!("{path}/0193a000-0000-7000-8000-000000000000"), json!({ name: "" }))
            .await
            .refuses(&[&pointer]);
    }
    for bad in [json!("yes"), json!(1), json!(null), json!("")] {
        shop.post(&path, new_address(json!({ "is_primary": bad }))).await.refuses(&["#/is_primary"]);
    }
    let missing = shop.post(&path, json!({})).await;
    missing.refuses(&["#/street", "#/city", "#/zip", "#/state", "#/country"]);
    shop.put(&format!("{path}/0193a000-0000-7000-8000-000000000000"), json!({})).await.refuses(&["#"]);
    shop.post("/customer/nobody/address", new_address(json!({}))).await.problem(404, "CUSTOMER_NOT_FOUND");
}
