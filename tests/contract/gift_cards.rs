//! Gift cards (api.md §8).

use crate::support::TestShop;
use serde_json::{Value, json};

#[tokio::test]
async fn a_gift_card_has_its_fields_and_its_recipients_currency() {
    let shop = TestShop::start().await;
    let (ada, eve) = (shop.customer().await, shop.customer().await);
    let new = json!({ "gifter_customer_id": ada, "recipient_customer_id": eve, "original_amount": 500 });
    let made = shop.post("/giftcard", new).await.expect(201);
    let card = &made["gift_card"];
    assert_eq!(card["store_id"], shop.get("/store").await["store"]["store_id"]);
    assert_eq!((&card["gifter_customer_id"], &card["recipient_customer_id"]), (&json!(ada), &json!(eve)));
    assert_eq!((&card["currency"], &card["spends"], &card["voided_at"]), (&json!("EUR"), &json!([]), &Value::Null));
    assert_eq!((&card["original_balance_in_cents"], &card["current_balance_in_cents"]), (&json!(500), &json!(500)));
    let path = format!("/giftcard/{}", made.text("/gift_card/gift_card_id"));
    assert_eq!(card["links"][0], json!({ "rel": "self", "href": path }));
    assert_eq!(shop.get(&path).await.expect(200).body, made.body);
    // Its currency is fixed at issue.
    shop.put(&format!("/customer/{eve}"), json!({ "currency": "USD" })).await.expect(200);
    assert_eq!(shop.get(&path).await.text("/gift_card/currency"), "EUR");
}

/// Whether somebody paid for it is for the books, and said by whoever issues it.
#[tokio::test]
async fn a_gift_card_is_sold_unless_it_is_given() {
    let shop = TestShop::start().await;
    let ada = shop.customer().await;
    let issue = async |source: Value| {
        let mut new = json!({ "gifter_customer_id": ada, "recipient_customer_id": ada, "original_amount": 5 });
        if !source.is_null() {
            new["source"] = source;
        }
        shop.post("/giftcard", new).await
    };
    for (asked, shown, told) in [
        (Value::Null, "sold", ", sold"),
        (json!("sold"), "sold", ", sold"),
        (json!("given"), "given", ", given by the store"),
    ] {
        let made = issue(asked).await.expect(201);
        let id = made.text("/gift_card/gift_card_id");
        assert_eq!(made.text("/gift_card/source"), shown);
        assert_eq!(shop.get(&format!("/giftcard/{id}")).await.text("/gift_card/source"), shown);
        let audited = shop.get(&format!("/audit/giftcard/{id}")).await.expect(200);
        let happened = audited.text("/events/0/happened");
        assert!(happened.ends_with(told), "{happened}");
    }
    for refused in [json!("unstated"), json!("Sold"), json!(1)] {
        issue(refused).await.refuses(&["#/source"]);
    }
}

#[tokio::test]
async fn what_a_gift_card_is_made_of_has_its_bounds() {
    let shop = TestShop::start().await;
    let (ada, eve) =
        (shop.unconfirmed_with(json!({})).await, shop.unconfirmed_with(json!({ "currency": "USD" })).await);
    let issue = async |gifter: &str, recipient: &str, amount: Value| {
        let card =
            json!({ "gifter_customer_id": gifter, "recipient_customer_id": recipient, "original_amount": amount });
        shop.post("/giftcard", card).await
    };
    issue(&ada, &ada, json!(0)).await.refuses(&["#/original_amount"]);
    issue(&ada, &ada, json!(-5)).await.refuses(&["#/original_amount"]);
    issue(&ada, &ada, json!("5")).await.refuses(&["#/original_amount"]);
    issue(&ada, &ada, json!(10_000_000_000_001_i64)).await.problem(400, "AMOUNT_OUT_OF_RANGE");
    issue(&ada, &ada, json!(10_000_000_000_000_i64)).await.expect(201);
    issue(&ada, &eve, json!(5)).await.problem(409, "CURRENCY_MISMATCH");
    issue("nobody", &ada, json!(5)).await.problem(404, "CUSTOMER_NOT_FOUND");
    issue(&ada, "0193a000-0000-7000-8000-000000000000", json!(5)).await.problem(404, "CUSTOMER_NOT_FOUND");
    shop.post("/giftcard", Value::Null).await.refuses(&[
        "#/gifter_customer_id",
        "#/recipient_customer_id",
        "#/original_amount",
    ]);
}

#[tokio::test]
async fn lists_are_of_a_gifter_or_a_recipient_and_of_those_with_something_left_when_asked() {
    let shop = TestShop::start().await;
    let (ada, eve) = (shop.customer().await, shop.customer().await);
    let product = shop.product(9, 100).await;
    let spent = shop.gift_card(&ada, &eve, 100).await;
    shop.invoice(&eve, &product, 1).await;
    let voided = shop.gift_card(&ada, &eve, 100).await;
    shop.delete(&format!("/giftcard/{voided}")).await.expect(204);
    let good = shop.gift_card(&ada, &eve, 100).await;
    let back = shop.gift_card(&eve, &ada, 100).await;
    let cases = [
        (format!("/giftcard?giftercustomerid={ada}"), vec![&good, &voided, &spent]),
        (format!("/giftcard?recipientcustomerid={ada}"), vec![&back]),
        (format!("/giftcard?giftercustomerid={ada}&recipientcustomerid={eve}"), vec![&good, &voided, &spent]),
        (format!("/giftcard?giftercustomerid={ada}&recipientcustomerid={ada}"), vec![]),
        (format!("/giftcard?giftercustomerid={ada}&active=true"), vec![&good]),
        (format!("/giftcard?giftercustomerid={ada}&active=false"), vec![&good, &voided, &spent]),
        (format!("/customer/{eve}/giftcards"), vec![&good, &voided, &spent]),
        (format!("/customer/{eve}/giftcards?active=true"), vec![&good]),
        (format!("/customer/{ada}/giftcards"), vec![&back]),
    ];
    for (path, wanted) in cases {
        let found = shop.get(&path).await.expect(200).each("/gift_cards", "gift_card_id");
        assert_eq!(found, wanted.into_iter().map(|id| json!(id)).collect::<Vec<_>>(), "{path}");
    }
    shop.get("/giftcard").await.refuses(&["#/giftercustomerid"]);
    shop.get("/giftcard?active=true").await.refuses(&["#/giftercustomerid"]);
    shop.get(&format!("/giftcard?giftercustomerid={ada}&active=2")).await.refuses(&["#/active"]);
    shop.get("/giftcard?giftercustomerid=nobody").await.problem(404, "CUSTOMER_NOT_FOUND");
    shop.get("/giftcard?recipientcustomerid=").await.problem(404, "CUSTOMER_NOT_FOUND");
    shop.get("/customer/nobody/giftcards").await.problem(404, "CUSTOMER_NOT_FOUND");
}

#[tokio::test]
async fn what_is_spent_shows_on_the_card_until_it_is_empty_or_void() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(9, 60).await);
    let path = format!("/giftcard/{}", shop.gift_card(&customer, &customer, 100).await);
    let first = shop.invoice(&customer, &product, 1).await;
    let second = shop.invoice(&customer, &product, 1).await;
    let card = shop.get(&path).await.expect(200);
    assert_eq!(card.number("/gift_card/current_balance_in_cents"), 0);
    assert_eq!(card.each("/gift_card/spends", "invoice_id"), [first.as_str(), second.as_str()]);
    assert_eq!(card.each("/gift_card/spends", "amount_in_cents"), [60, 40]);
    assert_eq!(card.each("/gift_card/spends", "remaining_balance_in_cents"), [40, 0]);
    assert_eq!(card.each("/gift_card/spends", "reversed_at"), [Value::Null, Value::Null]);
    let invoice = shop.get(&format!("/invoice/{second}")).await.expect(200);
    for same in ["gift_card_spend_id", "gift_card_id", "amount_in_cents", "remaining_balance_in_cents"] {
        assert_eq!(invoice["invoice"]["gift_card_spends"][0][same], card["gift_card"]["spends"][1][same], "{same}");
    }
    shop.put(&format!("/invoice/{first}/failed"), Value::Null).await.expect(200);
    assert_eq!(shop.get(&path).await.number("/gift_card/current_balance_in_cents"), 60);

    assert_eq!(shop.delete(&path).await.expect(204).body, Value::Null);
    let voided = shop.get(&path).await.expect(200);
    assert_eq!(voided.number("/gift_card/current_balance_in_cents"), 0);
    assert_eq!(voided.number("/gift_card/original_balance_in_cents"), 100);
    assert!(voided["gift_card"]["voided_at"].is_string());
    shop.delete(&path).await.expect(204);
    assert_eq!(shop.get(&path).await.body, voided.body);
    shop.put(&format!("/invoice/{second}/failed"), Value::Null).await.expect(200);
    assert_eq!(shop.get(&path).await.number("/gift_card/current_balance_in_cents"), 0, "what is void stays at 0");
    shop.delete("/giftcard/nobody").await.problem(404, "GIFT_CARD_NOT_FOUND");
}
