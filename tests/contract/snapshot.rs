//! A customer with all that belongs to it (api.md §4, snapshot).

use crate::support::TestShop;
use serde_json::{Value, json};

#[tokio::test]
async fn all_six_parts_are_there_where_there_is_nothing() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    let answer = shop.get(&format!("/customer/{customer}/snapshot")).await.expect(200);
    let snapshot = answer["customer"].as_object().expect("an object");
    assert_eq!(snapshot["cart"], Value::Null);
    for empty in ["last_10_invoices", "last_10_orders", "active_giftcards", "active_credits", "top_10_ordered_products"]
    {
        assert_eq!(snapshot[empty], json!([]), "{empty}");
    }
    let own = shop.get(&format!("/customer/{customer}")).await.expect(200);
    for (name, value) in own["customer"].as_object().expect("an object") {
        assert_eq!(&snapshot[name], value, "{name}");
    }
    shop.get("/customer/nobody/snapshot").await.problem(404, "CUSTOMER_NOT_FOUND");
}

#[tokio::test]
async fn a_snapshot_shows_what_the_resources_show() {
    let shop = TestShop::start().await;
    let (customer, friend) = (shop.customer().await, shop.customer().await);
    let (tea, pot) = (shop.product(99, 100).await, shop.product(99, 300).await);
    let spent = shop.gift_card(&friend, &customer, 10).await;
    let first = shop.invoice(&customer, &tea, 2).await;
    let second = shop.invoice(&customer, &pot, 3).await;
    let third = shop.invoice(&customer, &tea, 9).await;
    let order = shop.collect(&first).await;
    shop.collect(&second).await;
    let (card, credit) = (shop.gift_card(&friend, &customer, 20).await, shop.credit(&customer, 30).await);
    let voided = shop.credit(&customer, 30).await;
    shop.delete(&format!("/customer/{customer}/credit/{voided}")).await.expect(204);
    shop.add(&customer, &tea, 1).await.expect(201);

    let answer = shop.get(&format!("/customer/{customer}/snapshot")).await.expect(200);
    let snapshot = &answer["customer"];
    let of = async |path: String, name: &str| shop.get(&path).await.expect(200)[name].clone();
    assert_eq!(snapshot["cart"], of(format!("/customer/{customer}/cart"), "cart").await);
    assert_eq!(answer.each("/customer/last_10_invoices", "invoice_id"), [&third, &second, &first].map(|id| json!(id)));
    assert_eq!(snapshot["last_10_invoices"][2], of(format!("/invoice/{first}"), "invoice").await);
    assert_eq!(snapshot["last_10_orders"][1], of(format!("/order/{order}"), "order").await);
    assert_eq!(snapshot["active_giftcards"], json!([of(format!("/giftcard/{card}"), "gift_card").await]));
    assert_eq!(
        snapshot["active_credits"],
        json!([of(format!("/customer/{customer}/credit/{credit}"), "credit").await])
    );
    assert!(!answer.body["customer"]["active_giftcards"].to_string().contains(&spent));
    // Only what was collected counts.
    assert_eq!(answer.each("/customer/top_10_ordered_products", "product_id"), [pot.as_str(), tea.as_str()]);
    assert_eq!(answer.each("/customer/top_10_ordered_products", "num_ordered"), [3, 2]);
    shop.collect(&third).await;
    let answer = shop.get(&format!("/customer/{customer}/snapshot")).await.expect(200);
    assert_eq!(answer.each("/customer/top_10_ordered_products", "num_ordered"), [11, 3]);
}

#[tokio::test]
async fn the_last_ten_are_the_newest_ten() {
    let shop = TestShop::start().await;
    let customer = shop.customer().await;
    let mut invoices = Vec::new();
    for _ in 0..11 {
        let product = shop.product(1, 1).await;
        let invoice = shop.invoice(&customer, &product, 1).await;
        shop.collect(&invoice).await;
        invoices.push(json!(invoice));
    }
    invoices.reverse();
    let answer = shop.get(&format!("/customer/{customer}/snapshot")).await.expect(200);
    assert_eq!(answer.each("/customer/last_10_invoices", "invoice_id"), invoices[..10]);
    assert_eq!(answer.each("/customer/last_10_orders", "invoice_id"), invoices[..10]);
    assert_eq!(answer.each("/customer/top_10_ordered_products", "num_ordered"), [1; 10]);
}
