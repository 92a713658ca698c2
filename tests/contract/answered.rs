//! What a client was answered it may send back (api.md §1, Requests): what can't be set is ignored, and what has routes of its own
//! must be as it is.

use super::table::World;
use crate::support::{TestShop, new_address};
use serde_json::{Value, json};

/// PUTs what GET answered, which changes nothing, and then with a field changed.
async fn comes_back(shop: &TestShop, path: &str, mut answered: Value, (field, value): (&str, Value)) {
    shop.put(path, answered.clone()).await.expect(200);
    answered[field] = value.clone();
    let changed = shop.put(path, answered.clone()).await.expect(200);
    let resource = changed.body.as_object().and_then(|fields| fields.values().find(|value| value.is_object()));
    assert_eq!(resource.expect("a resource")[field], value, "{}", changed.asked);
    answered["nonsense"] = json!(1);
    shop.put(path, answered).await.refuses(&["#/nonsense"]);
}

#[tokio::test]
async fn what_get_answered_can_be_put() {
    let world = World::new().await;
    let World { shop, customer, product, address, .. } = &world;
    let got = async |path: &str, name: &str| shop.get(path).await.expect(200)[name].clone();

    comes_back(shop, "/store", got("/store", "store").await, ("tagline", json!("Leaves"))).await;
    let path = format!("/product/{product}");
    comes_back(shop, &path, got(&path, "product").await, ("title", json!("Assam"))).await;
    let path = format!("/customer/{customer}");
    comes_back(shop, &path, got(&path, "customer").await, ("last_name", json!("Lovelace"))).await;
    let list = got(&format!("{path}/address"), "addresses").await;
    comes_back(shop, &format!("{path}/address/{address}"), list[0].clone(), ("city", json!("Paris"))).await;
    let item = got(&format!("{path}/cart"), "cart").await["items"][0].clone();
    let path = format!("{path}/cart/item/{product}");
    let mut more = item.clone();
    more["quantity"] = json!(3);
    shop.put(&path, more).await.expect(200);
}

#[tokio::test]
async fn what_has_routes_of_its_own_is_refused_where_it_is_not_as_it_is() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({ "addresses": [new_address(json!({}))] })).await;
    let path = format!("/customer/{customer}");
    let customer = shop.get(&path).await.expect(200)["customer"].clone();
    for (field, wrong) in
        [("emails", json!([])), ("addresses", json!([])), ("addresses", Value::Null), ("emails", json!(1))]
    {
        let mut changed = customer.clone();
        changed[field] = wrong;
        shop.put(&path, changed).await.refuses(&[&format!("#/{field}")]);
    }
    let mut changed = customer.clone();
    changed["addresses"][0]["city"] = json!("Paris");
    shop.put(&path, changed).await.refuses(&["#/addresses"]);
    // Whatever stands in what can't be set.
    let ignored = json!({ "first_name": "Augusta", "customer_id": 5, "total_spent": 1.5, "links": "\u{1}" });
    shop.put(&path, ignored).await.expect(200);
    let none = json!({ "customer_id": customer["customer_id"] });
    shop.put(&path, none).await.refuses(&["#"]);
}

#[tokio::test]
async fn a_product_that_changed_meanwhile_is_told_by_the_field() {
    let shop = TestShop::start().await;
    let path = format!("/product/{}", shop.product(5, 100).await);
    let product = shop.get(&path).await.expect(200)["product"].clone();
    shop.put(&format!("{path}/inventory"), json!({ "amount": 1 })).await.expect(200);
    shop.post(&format!("{path}/tag/new"), Value::Null).await.expect(201);
    shop.put(&path, product.clone()).await.refuses(&["#/inventory"]);
    shop.put(&format!("{path}/inventory"), json!({ "set": 5 })).await.expect(200);
    shop.put(&path, product).await.refuses(&["#/tags"]);
}
