//! Invoices: collected, failed, listed (api.md §6).

use crate::support::TestShop;
use serde_json::{Value, json};

#[tokio::test]
async fn a_collected_invoice_has_an_order_and_cant_be_collected_or_failed_again() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 100).await);
    let invoice = shop.invoice(&customer, &product, 2).await;
    let path = format!("/invoice/{invoice}");
    let collected = shop.post(&format!("{path}/collected"), Value::Null).await.expect(201);
    let order = &collected["order"];
    assert_eq!((&order["invoice_id"], &order["customer_id"]), (&json!(invoice), &json!(customer)));
    assert_eq!(order["status"], "pending");
    let now = shop.get(&path).await.expect(200);
    assert_eq!((&now["invoice"]["state"], &now["invoice"]["order_id"]), (&json!("collected"), &order["order_id"]));
    assert!(now["invoice"]["closed_at"].is_string());
    assert_eq!(shop.stock(&product).await, (8, 2), "a pending order holds its stock");
    shop.post(&format!("{path}/collected"), Value::Null).await.problem(409, "INVOICE_IS_NOT_OPEN");
    shop.put(&format!("{path}/failed"), Value::Null).await.problem(409, "INVOICE_IS_NOT_OPEN");
    assert_eq!(shop.get("/order").await.each("/orders", "order_id").len(), 1);
}

#[tokio::test]
async fn an_invoice_is_collected_once_however_many_try() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 100).await);
    let path = format!("/invoice/{}/collected", shop.invoice(&customer, &product, 2).await);
    let answers = futures::future::join_all((0..5).map(|_| shop.post(&path, Value::Null))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(shop.get("/order").await.each("/orders", "order_id").len(), 1);
}

#[tokio::test]
async fn an_invoice_with_nothing_to_collect_is_collected_or_failed_as_any_other() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 0).await);
    let collected = shop.invoice(&customer, &product, 1).await;
    shop.collect(&collected).await;
    let failed = shop.invoice(&customer, &product, 1).await;
    shop.put(&format!("/invoice/{failed}/failed"), Value::Null).await.expect(200);
    assert_eq!(shop.stock(&product).await, (9, 1));
}

#[tokio::test]
async fn what_a_failed_invoice_took_goes_back_and_a_repeat_changes_nothing() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 100).await);
    let (card, credit) = (shop.gift_card(&customer, &customer, 30).await, shop.credit(&customer, 40).await);
    let coupon = shop.coupon(json!({ "amount": 10, "usage_limit": 1 })).await;
    shop.add(&customer, &product, 2).await.expect(201);
    let billed = shop.bill_with(&customer, &format!("?coupon={coupon}"), Value::Null).await.expect(201);
    let invoice = billed.text("/invoice/invoice_id");
    assert_eq!(shop.get(&format!("/coupon_code/{coupon}")).await.number("/coupon/redemption_count"), 1);

    let failed = shop.put(&format!("/invoice/{invoice}/failed"), Value::Null).await.expect(200);
    assert_eq!(failed.text("/invoice/state"), "failed");
    assert!(failed["invoice"]["closed_at"].is_string());
    assert!(failed.at("/invoice/gift_card_spends/0/reversed_at").is_string());
    assert!(failed.at("/invoice/credit_redemptions/0/reversed_at").is_string());
    let balances = async || {
        let card = shop.get(&format!("/giftcard/{card}")).await.expect(200);
        let credit = shop.get(&format!("/customer/{customer}/credit/{credit}")).await.expect(200);
        assert!(card.at("/gift_card/spends/0/reversed_at").is_string());
        assert!(credit.at("/credit/redemptions/0/reversed_at").is_string());
        let left = "current_balance_in_cents";
        (card.number(&format!("/gift_card/{left}")), credit.number(&format!("/credit/{left}")))
    };
    assert_eq!((balances().await, shop.stock(&product).await), ((30, 40), (10, 0)));
    assert_eq!(shop.get(&format!("/coupon_code/{coupon}")).await.number("/coupon/redemption_count"), 0);
    let again = shop.put(&format!("/invoice/{invoice}/failed"), Value::Null).await.expect(200);
    assert_eq!((again["invoice"].clone(), balances().await), (failed["invoice"].clone(), (30, 40)));
    shop.post(&format!("/invoice/{invoice}/collected"), Value::Null).await.problem(409, "INVOICE_IS_NOT_OPEN");
    // The coupon's only use is free again.
    shop.add(&customer, &product, 1).await.expect(201);
    shop.bill_with(&customer, &format!("?coupon={coupon}"), Value::Null).await.expect(201);
}

#[tokio::test]
async fn lists_hold_open_invoices_and_the_others_when_asked() {
    let shop = TestShop::start().await;
    let (ada, eve, product) = (shop.customer().await, shop.customer().await, shop.product(100, 100).await);
    let open = shop.invoice(&ada, &product, 1).await;
    let collected = shop.invoice(&ada, &product, 1).await;
    shop.collect(&collected).await;
    let failed = shop.invoice(&eve, &product, 1).await;
    shop.put(&format!("/invoice/{failed}/failed"), Value::Null).await.expect(200);
    let cases: [(String, Vec<&String>); 7] = [
        ("/invoice".to_owned(), vec![&open]),
        ("/invoice?closed=false".to_owned(), vec![&open]),
        ("/invoice?closed=true".to_owned(), vec![&failed, &collected, &open]),
        (format!("/customer/{ada}/invoices"), vec![&open]),
        (format!("/customer/{ada}/invoices?closed=true"), vec![&collected, &open]),
        (format!("/customer/{eve}/invoices?closed=false"), vec![]),
        (format!("/customer/{eve}/invoices?closed=true"), vec![&failed]),
    ];
    for (path, wanted) in cases {
        let found = shop.get(&path).await.expect(200).each("/invoices", "invoice_id");
        assert_eq!(found, wanted.into_iter().map(|id| json!(id)).collect::<Vec<_>>(), "{path}");
    }
    shop.get("/invoice?closed=2").await.refuses(&["#/closed"]);
    shop.get("/invoice?state=open").await.refuses(&["#/state"]);
    shop.get("/customer/nobody/invoices").await.problem(404, "CUSTOMER_NOT_FOUND");
}
