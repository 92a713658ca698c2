//! Versions of single resources (api.md §1): `ETag`, `If-None-Match`, `If-Match`.

use super::table::{Case, World};
use crate::support::{TestShop, new_address, new_email};
use serde_json::{Value, json};

#[tokio::test]
async fn a_tag_is_a_revision_and_a_hash_of_the_body() {
    let world = World::new().await;
    let World { shop, customer, product, invoice, order, gift_card, credit, coupon, .. } = &world;
    for path in [
        "/store".to_owned(),
        format!("/product/{product}"),
        format!("/customer/{customer}"),
        format!("/customer/{customer}/snapshot"),
        format!("/customer/{customer}/cart"),
        format!("/invoice/{invoice}"),
        format!("/order/{order}"),
        format!("/giftcard/{gift_card}"),
        format!("/customer/{customer}/credit/{credit}"),
        format!("/coupon_code/{coupon}"),
    ] {
        let answer = shop.get(&path).await.expect(200);
        let tag = answer.must_have("etag").to_owned();
        let inner = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("a strong tag");
        let (revision, hash) = inner.split_once('.').expect("two parts");
        assert!(
            revision.parse::<u64>().is_ok() && hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{tag}"
        );
        for same in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let unchanged = shop.with("If-None-Match", &same).get(&path).await.expect(304);
            assert_eq!((unchanged.header("etag"), &unchanged.body), (Some(tag.as_str()), &Value::Null));
        }
        for other in [
            format!("\"{revision}.0000000000000000\""),
            format!("\"{}.{hash}\"", revision.len() + 7),
            "\"x\"".to_owned(),
        ] {
            shop.with("If-None-Match", &other).get(&path).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_tag_changes_with_every_change_also_an_indirect_one() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(50, 100).await);
    let (of_cart, of_customer) = (format!("/customer/{customer}/cart"), format!("/customer/{customer}"));
    shop.add(&customer, &product, 1).await.expect(201);
    let tag = async |path: &str| shop.get(path).await.expect(200).must_have("etag").to_owned();
    let (cart, person) = (tag(&of_cart).await, tag(&of_customer).await);
    assert_eq!((tag(&of_cart).await, tag(&of_customer).await), (cart.clone(), person.clone()));
    shop.put(&format!("/product/{product}"), json!({ "sale_price_in_cents": 99 })).await.expect(200);
    assert_ne!(tag(&of_cart).await, cart, "today's price is part of it");
    shop.collect(&shop.bill(&customer).await).await;
    assert_ne!(tag(&of_customer).await, person, "what was spent is part of it");
    let of_product = format!("/product/{product}");
    let before = shop.get(&of_product).await.expect(200);
    shop.add(&customer, &product, 1).await.expect(201);
    let after = shop.get(&of_product).await.expect(200);
    assert_ne!(before.must_have("etag"), after.must_have("etag"));
    assert_eq!(before.revision(), after.revision(), "stock held by carts does not change a product's revision");
}

#[tokio::test]
async fn a_commands_answer_has_the_tag_of_the_query_after_it() {
    let shop = TestShop::start().await;
    let made = shop.post("/product", crate::support::new_product(json!({}))).await.expect(201);
    let path = format!("/product/{}", made.text("/product/product_id"));
    assert_eq!(shop.get(&path).await.must_have("etag"), made.must_have("etag"));
    let changed = shop.put(&path, json!({ "title": "Assam" })).await.expect(200);
    assert_eq!(shop.get(&path).await.must_have("etag"), changed.must_have("etag"));
    assert!(changed.revision() > made.revision());
}

#[tokio::test]
async fn every_put_and_delete_compares_the_revision() {
    let world = World::new().await;
    let contract = world.shop.contract();
    let compares = |operation: &crate::support::Operation<'_>| {
        let parameters = operation.spec["parameters"].as_array().into_iter().flatten();
        parameters.into_iter().any(|parameter| parameter["name"] == "If-Match")
    };
    let operations: Vec<_> = contract.operations().into_iter().filter(compares).collect();
    assert!(operations.len() > 20, "{} operations", operations.len());
    for operation in operations {
        let Case { shop, path, body, status } = world.case(&operation).await.expect("the table has every operation");
        for never in ["\"999999999.0\"", "\"nonsense\"", "999"] {
            let refused = shop.with("If-Match", never).send(operation.method, &path, body.clone()).await;
            refused.problem(412, "REVISION_MISMATCH");
        }
        shop.with("If-Match", "*").send(operation.method, &path, body).await.expect(status);
    }
    // What no `ETag` was answered for has no version that it could compare.
    let others = contract.operations().into_iter().filter(|known| !compares(known));
    for operation in others.filter(|known| matches!(known.method, "PUT" | "DELETE")) {
        let Case { shop, path, body, status } = world.case(&operation).await.expect("the table has every operation");
        shop.with("If-Match", "\"999999999.0\"").send(operation.method, &path, body).await.expect(status);
    }
}

#[tokio::test]
async fn the_revision_alone_is_compared_with_what_a_query_said() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(50, 100).await);
    let path = format!("/product/{product}");
    let tag = shop.get(&path).await.expect(200).must_have("etag").to_owned();
    shop.add(&customer, &product, 1).await.expect(201);
    // The body has changed since; the revision has not.
    let renamed = shop.with("If-Match", &tag).put(&path, json!({ "title": "Assam" })).await.expect(200);
    shop.with("If-Match", &tag).put(&path, json!({ "title": "Ceylon" })).await.problem(412, "REVISION_MISMATCH");
    assert_eq!(shop.get(&path).await.text("/product/title"), "Assam");
    let current = renamed.revision();
    for good in [
        format!("\"{current}.anything\""),
        format!("W/\"{current}.0\""),
        format!("\"1.x\", \"{current}.y\", \"999.z\""),
    ] {
        shop.with("If-Match", &good).put(&format!("{path}/inventory"), json!({ "amount": 0 })).await.expect(200);
    }
    // A POST compares nothing.
    shop.with("If-Match", "\"999.0\"").post(&format!("{path}/tag/x"), Value::Null).await.expect(201);
}

#[tokio::test]
async fn parts_of_a_customer_have_the_customers_revision() {
    let shop = TestShop::start().await;
    let (customer, email) = (shop.customer().await, new_email());
    let path = format!("/customer/{customer}");
    let revision = async || format!("\"{}.x\"", shop.get(&path).await.expect(200).revision());
    let stale = revision().await;
    let address =
        shop.post(&format!("{path}/address"), new_address(json!({}))).await.expect(201).text("/address/address_id");
    let address = format!("{path}/address/{address}");
    shop.with("If-Match", &stale).put(&address, json!({ "city": "x" })).await.problem(412, "REVISION_MISMATCH");
    shop.with("If-Match", &revision().await).put(&address, json!({ "city": "x" })).await.expect(200);
    shop.with("If-Match", &revision().await).put(&format!("{address}/make_primary"), Value::Null).await.expect(200);
    shop.post(&format!("{path}/email/{email}"), Value::Null).await.expect(201);
    shop.with("If-Match", &stale)
        .put(&format!("{path}/email/{email}/make_primary"), Value::Null)
        .await
        .problem(412, "REVISION_MISMATCH");
    shop.with("If-Match", &revision().await)
        .put(&format!("{path}/email/{email}/make_primary"), Value::Null)
        .await
        .expect(200);
    shop.with("If-Match", &revision().await).delete(&address).await.expect(204);
    shop.with("If-Match", &revision().await).put(&path, json!({ "first_name": "x" })).await.expect(200);
    shop.with("If-Match", &stale).delete(&path).await.problem(412, "REVISION_MISMATCH");
    shop.with("If-Match", &revision().await).delete(&path).await.expect(204);
}

#[tokio::test]
async fn every_resources_own_tag_lets_its_next_change_through_once() {
    let world = World::new().await;
    let World { shop, customer, product, coupon, gift_card, credit, .. } = &world;
    let fresh = shop.invoice(&shop.customer().await, product, 1).await;
    let order = shop.collect(&shop.invoice(&shop.customer().await, product, 1).await).await;
    let cart = format!("/customer/{customer}/cart");
    let cases = [
        ("/store".to_owned(), "PUT", "/store".to_owned(), json!({ "tagline": "z" }), 200),
        (cart.clone(), "PUT", format!("{cart}/item/{product}"), json!({ "quantity": 2 }), 200),
        (cart.clone(), "DELETE", format!("{cart}/item/{product}"), Value::Null, 200),
        (cart.clone(), "DELETE", cart.clone(), Value::Null, 200),
        (format!("/invoice/{fresh}"), "PUT", format!("/invoice/{fresh}/failed"), Value::Null, 200),
        (format!("/order/{order}"), "PUT", format!("/order/{order}/shipped"), Value::Null, 200),
        (format!("/order/{order}"), "PUT", format!("/order/{order}/delivered"), Value::Null, 200),
        (format!("/coupon_code/{coupon}"), "DELETE", format!("/coupon_code/{coupon}"), Value::Null, 204),
        (format!("/giftcard/{gift_card}"), "DELETE", format!("/giftcard/{gift_card}"), Value::Null, 204),
        (
            format!("/customer/{customer}/credit/{credit}"),
            "DELETE",
            format!("/customer/{customer}/credit/{credit}"),
            Value::Null,
            204,
        ),
    ];
    for (resource, method, path, body, status) in cases {
        let tag = shop.get(&resource).await.expect(200).must_have("etag").to_owned();
        let guarded = shop.with("If-Match", &tag);
        guarded.send(method, &path, body.clone()).await.expect(status);
        guarded.send(method, &path, body).await.problem(412, "REVISION_MISMATCH");
    }
}

#[tokio::test]
async fn a_repeat_by_its_key_is_answered_also_when_the_revision_has_moved_on() {
    let shop = TestShop::start().await;
    let product = shop.product(5, 1).await;
    let path = format!("/product/{product}");
    let tag = shop.get(&path).await.expect(200).must_have("etag").to_owned();
    let guarded = shop.with("If-Match", &tag).keyed("k");
    guarded.put(&path, json!({ "title": "Assam" })).await.expect(200);
    assert!(guarded.put(&path, json!({ "title": "Assam" })).await.expect(200).is_replayed());
    guarded.keyed("other").put(&path, json!({ "title": "Assam" })).await.problem(412, "REVISION_MISMATCH");
}
