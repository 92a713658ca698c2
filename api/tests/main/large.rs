//! What is more than the log takes at once.

use crate::shop::Shop;
use eventlog::MemoryLog;
use serde_json::{Value, json};

#[tokio::test]
async fn a_bill_that_can_not_be_stored_is_a_409_and_a_smaller_one_is_not() {
    let shop = Shop::on(MemoryLog::with_max_append_bytes(9_000), json!({})).await;
    let customer = shop.customer("ada@example.com").await;
    let mut products = Vec::new();
    for _ in 0..3 {
        let product = json!({ "title": "𝕋".repeat(900), "product_type": "tea", "vendor": "Farm", "inventory": 5 });
        let product = shop.post("/product", product).await.expect(201).text("/product/product_id");
        shop.add(&customer, &product, 1).await.expect(201);
        products.push(product);
    }
    let bill = format!("/customer/{customer}/cart/billcart");
    shop.post(&bill, Value::Null).await.problem(409, "CART_TOO_LARGE");
    shop.get(&format!("/customer/{customer}/cart")).await.expect(200);
    for product in &products[1..] {
        shop.send("DELETE", &format!("/customer/{customer}/cart/item/{product}"), "", Value::Null).await.expect(200);
    }
    shop.post(&bill, Value::Null).await.expect(201);
    // All at once are more than one append takes.
    let all: Vec<_> = products.iter().map(|product| json!({ "product_id": product, "quantity": 1 })).collect();
    let items = format!("/customer/{customer}/cart/item");
    let refused = shop.post(&items, Value::Array(all)).await.problem(413, "TOO_LARGE");
    assert!(!refused.text("/detail").contains("cart-"), "{:#}", refused.body);
}
