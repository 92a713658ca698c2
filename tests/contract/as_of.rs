//! Queries about the past (api.md §1, As of).

use super::roles::with_role;
use crate::support::{Answer, TestShop};
use serde_json::{Value, json};

/// What is asked for, as of every position that it was answered at.
struct Seen {
    path: String,
    position: u64,
    body: Value,
}

/// The answer's body, and a position at which it was so: what follows from a command may still come.
async fn see(shop: &TestShop, path: &str) -> Seen {
    loop {
        let before = shop.get(path).await;
        let position = head(shop).await;
        let after = shop.get(path).await;
        if before.body == after.body {
            return Seen { path: path.to_owned(), position, body: before.body };
        }
    }
}

/// Up to where the views are.
async fn head(shop: &TestShop) -> u64 {
    shop.with("Cartlog-Consistency", "eventual").get("/store").await.expect(200).position()
}

#[tokio::test]
async fn each_resource_is_answered_as_it_was_at_any_position() {
    let shop = TestShop::start_with(json!({ "tax_rate_in_basis_points": 1_000 })).await;
    let (customer, product) = (shop.customer().await, shop.product(50, 500).await);
    let mut paths: Vec<String> =
        ["/store", "/product/{p}", "/customer/{c}", "/customer/{c}/cart", "/customer/{c}/carts"]
            .into_iter()
            .chain([
                "/customer/{c}/invoices?closed=true",
                "/customer/{c}/orders",
                "/customer/{c}/giftcards",
                "/customer/{c}/credit",
            ])
            .chain(["/customer/{c}/snapshot"])
            .map(|path| path.replace("{c}", &customer).replace("{p}", &product))
            .collect();
    let mut seen: Vec<Seen> = Vec::new();
    for step in 0..12 {
        let done = match step {
            0 => shop.add(&customer, &product, 2).await,
            1 => shop.put(&format!("/product/{product}"), json!({ "title": "Sofa", "sale_price_in_cents": 700 })).await,
            2 => shop.post("/coupon_code", json!({ "code": "TEN", "style": "percent_off", "amount": 10 })).await,
            3 => {
                paths.push("/coupon_code/ten".to_owned());
                paths.push("/coupon_code/TEN/is_valid".to_owned());
                shop.gift_card(&customer, &customer, 300).await;
                shop.put("/store", json!({ "invoice_number_format": "R-{n}" })).await
            }
            4 => {
                let billed = shop.bill_with(&customer, "?coupon=TEN", Value::Null).await.expect(201);
                paths.push(format!("/invoice/{}", billed.text("/invoice/invoice_id")));
                billed
            }
            5 => shop.add(&customer, &product, 1).await,
            6 => {
                let invoice = paths.last().cloned().expect("an invoice");
                let collected = shop.post(&format!("{invoice}/collected"), Value::Null).await.expect(201);
                paths.push(format!("{invoice}/refund"));
                paths.push(format!("/order/{}", collected.text("/order/order_id")));
                collected
            }
            7 => {
                let refund = paths.iter().find(|path| path.ends_with("/refund")).cloned().expect("a refund's path");
                shop.post(&format!("{refund}?amount=100&credit=true"), Value::Null).await
            }
            8 => shop.delete(&format!("/customer/{customer}/cart/item/{product}")).await,
            9 => shop.delete("/coupon_code/TEN").await,
            10 => shop.put(&format!("/customer/{customer}"), json!({ "first_name": "Grace" })).await,
            _ => shop.delete(&format!("/product/{product}")).await,
        };
        assert!((200..300).contains(&done.status), "{}: {:#}", done.asked, done.body);
        for path in &paths {
            seen.push(see(&shop, path).await);
        }
    }
    for Seen { path, position, body } in &seen {
        let separator = if path.contains('?') { '&' } else { '?' };
        let then = shop.get(&format!("{path}{separator}as_of_position={position}")).await;
        assert_eq!(without_links_of_lists(&then.body), without_links_of_lists(body), "{path} at {position}");
        if then.status == 200 {
            assert_eq!(then.header("cartlog-as-of-position"), Some(position.to_string().as_str()), "{path}");
            assert_eq!(then.header("etag"), None, "{path} has no version then");
        }
    }
}

/// Links of a list keep the query, which is another one.
fn without_links_of_lists(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("links");
        // What names the request that failed.
        members.remove("instance");
    }
    body
}

#[tokio::test]
async fn a_time_is_where_the_log_was_then() {
    let shop = TestShop::start().await;
    let product = shop.product(5, 500).await;
    let path = format!("/product/{product}");
    let created = shop.get(&path).await.expect(200).text("/product/created_at");
    shop.put(&path, json!({ "title": "Sofa" })).await.expect(200);
    let changed = shop.get(&path).await.expect(200).text("/product/updated_at");
    let title = async |as_of: &str| shop.get(&format!("{path}?as_of={as_of}")).await.expect(200).text("/product/title");
    assert_eq!(title(&changed).await, "Sofa");
    if created != changed {
        assert_ne!(title(&created).await, "Sofa");
    }
    shop.get(&format!("{path}?as_of=20200101")).await.problem(404, "PRODUCT_NOT_FOUND");
    shop.get(&format!("{path}?as_of=99991231")).await.refuses(&["#/as_of"]);
    shop.get(&format!("{path}?as_of=yesterday")).await.refuses(&["#/as_of"]);
    shop.get(&format!("{path}?as_of_position=-1")).await.refuses(&["#/as_of_position"]);
    shop.get(&format!("{path}?as_of_position=1&as_of=20200101")).await.refuses(&["#/as_of_position"]);
    shop.get(&format!("{path}?as_of_position=9223372036854775807")).await.refuses(&["#/as_of_position"]);
    shop.get(&format!("{path}?as_of_position=0")).await.problem(404, "PRODUCT_NOT_FOUND");
}

/// Whoever looks back sees nothing of another store, whatever the position.
#[tokio::test]
async fn another_stores_past_is_as_if_it_never_was() {
    let (shop, other) = (TestShop::start().await, TestShop::start().await);
    let (customer, product) = (other.customer().await, other.product(5, 500).await);
    let head = head(&other).await;
    for (path, error) in [
        (format!("/product/{product}"), "PRODUCT_NOT_FOUND"),
        (format!("/customer/{customer}"), "CUSTOMER_NOT_FOUND"),
        (format!("/customer/{customer}/carts"), "CUSTOMER_NOT_FOUND"),
        (format!("/customer/{customer}/cart"), "CUSTOMER_NOT_FOUND"),
    ] {
        shop.get(&format!("{path}?as_of_position={head}")).await.problem(404, error);
    }
}

#[tokio::test]
async fn a_shop_window_does_not_look_back() {
    let shop = TestShop::start().await;
    let product = shop.product(5, 500).await;
    let window = with_role(&shop, "storefront").await;
    window.get(&format!("/product/{product}")).await.expect(200);
    window.get(&format!("/product/{product}?as_of_position=1")).await.problem(403, "FORBIDDEN");
    let auditor = with_role(&shop, "auditor").await;
    let answer: Answer = auditor.get("/store?as_of_position=1").await;
    assert!([200, 404].contains(&answer.status), "{:#}", answer.body);
}
