//! How an invoice's amounts come about (api.md §6), step by step.

use crate::support::{Answer, TestShop};
use serde_json::{Value, json};

/// A store with this tax rate, and a confirmed customer.
async fn start(tax_rate_in_basis_points: u32) -> (TestShop, String) {
    let shop = TestShop::start_with(json!({ "tax_rate_in_basis_points": tax_rate_in_basis_points })).await;
    let customer = shop.customer().await;
    (shop, customer)
}

/// Puts so many of new products at these prices into the cart.
async fn fill(shop: &TestShop, customer: &str, lines: &[(u32, i64)]) {
    for (quantity, price) in lines {
        let product = shop.product(1_000_000, *price).await;
        shop.add(customer, &product, *quantity).await.expect(201);
    }
}

/// Total, discount, tax, gift cards, credits and what is left to collect.
fn amounts(answer: &Answer) -> [i64; 6] {
    assert_eq!(answer.number("/invoice/subtotal_amount_in_cents"), answer.number("/invoice/amount_due_in_cents"));
    ["total", "discount", "tax", "gift_card_used", "credit_used", "subtotal"]
        .map(|name| answer.number(&format!("/invoice/{name}_amount_in_cents")))
}

/// The same field of each line.
fn lines(answer: &Answer, field: &str) -> Vec<Value> {
    answer.each("/invoice/invoice_line_items", field)
}

#[tokio::test]
async fn an_invoice_has_its_fields_and_so_have_its_lines() {
    let (shop, customer) = start(0).await;
    let product = shop.product(10, 250).await;
    let cart = shop.add(&customer, &product, 2).await.expect(201);
    let billed = shop.bill_with(&customer, "", json!({ "shipping_amount_in_cents": 490 })).await.expect(201);
    let invoice = &billed["invoice"];
    assert_eq!((&invoice["customer_id"], &invoice["cart_id"]), (&json!(customer), &cart["cart"]["cart_id"]));
    assert_eq!((&invoice["currency"], &invoice["state"]), (&json!("EUR"), &json!("open")));
    assert_eq!(invoice["store_id"], shop.get("/store").await["store"]["store_id"]);
    for unset in ["coupon_code", "coupon_redemption", "order_id", "closed_at"] {
        assert_eq!(invoice[unset], Value::Null, "{unset}");
    }
    for empty in ["gift_card_spends", "credit_redemptions", "refunds"] {
        assert_eq!(invoice[empty], json!([]), "{empty}");
    }
    let path = format!("/invoice/{}", billed.text("/invoice/invoice_id"));
    assert_eq!(invoice["links"][0], json!({ "rel": "self", "href": path }));
    let (item, shipping) = (&invoice["invoice_line_items"][0], &invoice["invoice_line_items"][1]);
    assert_eq!((&item["type"], &item["product_id"], &item["quantity"]), (&json!("item"), &json!(product), &json!(2)));
    assert_eq!(
        (&item["cart_item_id"], &item["product_title"]),
        (&cart["cart"]["items"][0]["cart_item_id"], &json!("Darjeeling"))
    );
    assert_eq!((&item["unit_amount_in_cents"], &item["total_amount_in_cents"]), (&json!(250), &json!(500)));
    assert_eq!((&shipping["type"], &shipping["total_amount_in_cents"]), (&json!("shipping"), &json!(490)));
    assert_eq!((&shipping["product_id"], &shipping["cart_item_id"]), (&Value::Null, &Value::Null));
    assert_eq!(lines(&billed, "invoice_id"), vec![invoice["invoice_id"].clone(); 2]);
    assert_eq!(lines(&billed, "refunded_amount_in_cents"), [0, 0]);
    assert_eq!(amounts(&billed), [990, 0, 0, 0, 0, 990]);
    assert_eq!(shop.get(&path).await.expect(200).body, billed.body);
    assert_eq!(shop.stock(&product).await, (8, 2), "an open invoice holds its stock");
}

#[tokio::test]
async fn only_an_open_cart_with_something_in_it_is_billed_and_only_once() {
    let (shop, customer) = start(0).await;
    shop.bill_with(&customer, "", Value::Null).await.problem(404, "NO_CART_IS_OPEN");
    shop.post(&format!("/customer/{customer}/cart"), Value::Null).await.expect(201);
    shop.bill_with(&customer, "", Value::Null).await.problem(409, "CART_IS_EMPTY");
    shop.bill_with("nobody", "", Value::Null).await.problem(404, "CUSTOMER_NOT_FOUND");
    fill(&shop, &customer, &[(1, 100)]).await;
    let answers = futures::future::join_all((0..5).map(|_| shop.bill_with(&customer, "", Value::Null))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for loser in answers.into_iter().filter(|answer| answer.status != 201) {
        loser.problem(404, "NO_CART_IS_OPEN");
    }
    assert_eq!(shop.get("/invoice").await.each("/invoices", "invoice_id").len(), 1);
}

#[tokio::test]
async fn the_total_is_quantities_at_the_prices_of_this_moment_plus_shipping() {
    let (shop, customer) = start(0).await;
    let product = shop.product(10, 100).await;
    shop.add(&customer, &product, 3).await.expect(201);
    fill(&shop, &customer, &[(2, 55), (1, 0)]).await;
    shop.put(&format!("/product/{product}"), json!({ "sale_price_in_cents": 120 })).await.expect(200);
    let billed = shop.bill_with(&customer, "", json!({ "shipping_amount_in_cents": 7 })).await.expect(201);
    assert_eq!(lines(&billed, "total_amount_in_cents"), [360, 110, 0, 7]);
    assert_eq!(amounts(&billed), [477, 0, 0, 0, 0, 477]);
    shop.put(&format!("/product/{product}"), json!({ "sale_price_in_cents": 1 })).await.expect(200);
    let path = format!("/invoice/{}", billed.text("/invoice/invoice_id"));
    assert_eq!(shop.get(&path).await["invoice"], billed["invoice"], "a new price alters no invoice");
}

#[tokio::test]
async fn shipping_is_a_line_only_where_it_is_given() {
    let (shop, customer) = start(0).await;
    for (body, wanted) in [
        (Value::Null, vec!["item"]),
        (json!({}), vec!["item"]),
        (json!([]), vec!["item"]),
        (json!("{}"), vec!["item"]),
        (json!({ "shipping_amount_in_cents": 0 }), vec!["item", "shipping"]),
    ] {
        fill(&shop, &customer, &[(1, 5)]).await;
        let billed = shop.bill_with(&customer, "", body.clone()).await.expect(201);
        assert_eq!(lines(&billed, "type"), wanted, "{body}");
    }
    let bad = json!({ "shipping_amount_in_cents": -1 });
    shop.bill_with(&customer, "", bad).await.refuses(&["#/shipping_amount_in_cents"]);
    shop.bill_with(&customer, "?shipping_amount_in_cents=1", Value::Null)
        .await
        .refuses(&["#/shipping_amount_in_cents"]);
}

#[tokio::test]
async fn tax_is_taken_of_each_item_line_rounded_half_up_and_never_of_shipping() {
    let (shop, customer) = start(1_900).await;
    // 19 % of 50 is 9.5, of 2 × 13 is 4.94, of 1 is 0.19, of 3 is 0.57.
    fill(&shop, &customer, &[(1, 50), (2, 13), (1, 1), (1, 3)]).await;
    let billed = shop.bill_with(&customer, "", json!({ "shipping_amount_in_cents": 1_000 })).await.expect(201);
    assert_eq!(lines(&billed, "tax_amount_in_cents"), [10, 5, 0, 1, 0]);
    assert_eq!(lines(&billed, "tax_rate_in_basis_points"), [1_900, 1_900, 1_900, 1_900, 0]);
    assert_eq!(amounts(&billed), [1_080, 0, 16, 0, 0, 1_096]);
}

#[tokio::test]
async fn the_tax_rate_at_billing_counts() {
    let (shop, customer) = start(1_000).await;
    fill(&shop, &customer, &[(1, 1_000)]).await;
    shop.put("/store", json!({ "tax_rate_in_basis_points": 2_000 })).await.expect(200);
    let billed = shop.bill_with(&customer, "", Value::Null).await.expect(201);
    assert_eq!(amounts(&billed), [1_000, 0, 200, 0, 0, 1_200]);
}

#[tokio::test]
async fn dollars_off_is_spread_over_the_items_largest_remainder_first() {
    let (shop, customer) = start(0).await;
    let coupon = shop.coupon(json!({ "style": "dollars_off", "amount": 10 })).await;
    // 10 over 14, 25 and 61: 1.4, 2.5 and 6.1.
    fill(&shop, &customer, &[(1, 14), (1, 25), (1, 61)]).await;
    let shipping = json!({ "shipping_amount_in_cents": 500 });
    let billed = shop.bill_with(&customer, &format!("?coupon={coupon}"), shipping).await.expect(201);
    assert_eq!(lines(&billed, "discount_amount_in_cents"), [1, 3, 6, 0]);
    assert_eq!(amounts(&billed), [600, 10, 0, 0, 0, 590]);

    let used = &billed["invoice"]["coupon_redemption"];
    let known = shop.get(&format!("/coupon_code/{coupon}")).await.expect(200);
    assert_eq!((&billed["invoice"]["coupon_code"], &used["amount_in_cents"]), (&json!(coupon), &json!(10)));
    assert_eq!(used["coupon_code_id"], known["coupon"]["coupon_code_id"]);
    assert_eq!(used["invoice_id"], billed["invoice"]["invoice_id"]);
    assert!(used["coupon_code_redemption_id"].is_string() && used["created_at"].is_string());
}

#[tokio::test]
async fn a_discount_is_at_most_what_the_items_cost() {
    let (shop, customer) = start(1_900).await;
    let coupon = shop.coupon(json!({ "amount": 1_000_000 })).await;
    fill(&shop, &customer, &[(1, 30), (2, 15)]).await;
    let shipping = json!({ "shipping_amount_in_cents": 500 });
    let billed = shop.bill_with(&customer, &format!("?coupon={coupon}"), shipping).await.expect(201);
    assert_eq!(
        (amounts(&billed), lines(&billed, "discount_amount_in_cents")),
        ([560, 60, 0, 0, 0, 500], vec![json!(30), json!(30), json!(0)])
    );
}

#[tokio::test]
async fn percent_off_is_taken_of_the_items_alone_and_rounded_down_and_tax_of_what_is_left() {
    let (shop, customer) = start(1_000).await;
    let coupon = shop.coupon(json!({ "style": "percent_off", "amount": 15 })).await;
    // 15 % of 333 is 49.95: 49, over 111 and 222 16.33 and 32.67.
    fill(&shop, &customer, &[(1, 111), (2, 111)]).await;
    let shipping = json!({ "shipping_amount_in_cents": 1_000 });
    let billed = shop.bill_with(&customer, &format!("?coupon={}", coupon.to_lowercase()), shipping).await.expect(201);
    assert_eq!(lines(&billed, "discount_amount_in_cents"), [16, 33, 0]);
    // 10 % of 95 is 9.5, of 189 is 18.9.
    assert_eq!(lines(&billed, "tax_amount_in_cents"), [10, 19, 0]);
    assert_eq!(amounts(&billed), [1_333, 49, 29, 0, 0, 1_313]);
    let all = shop.coupon(json!({ "style": "percent_off", "amount": 100 })).await;
    fill(&shop, &customer, &[(3, 33)]).await;
    let billed = shop.bill_with(&customer, &format!("?coupon={all}"), Value::Null).await.expect(201);
    assert_eq!((amounts(&billed), billed.text("/invoice/state")), ([99, 99, 0, 0, 0, 0], "open".to_owned()));
}

#[tokio::test]
async fn what_passes_an_amount_is_refused_and_nothing_happened() {
    let (shop, customer) = start(0).await;
    let product = shop.product(10, 10_000_000_000_000).await;
    shop.add(&customer, &product, 2).await.expect(201);
    shop.bill_with(&customer, "", Value::Null).await.problem(400, "AMOUNT_OUT_OF_RANGE");
    shop.put(&format!("/customer/{customer}/cart/item/{product}"), json!({ "quantity": 1 })).await.expect(200);
    let shipping = |amount: i64| json!({ "shipping_amount_in_cents": amount });
    shop.bill_with(&customer, "", shipping(1)).await.problem(400, "AMOUNT_OUT_OF_RANGE");
    shop.bill_with(&customer, "", shipping(10_000_000_000_001)).await.problem(400, "AMOUNT_OUT_OF_RANGE");
    shop.put("/store", json!({ "tax_rate_in_basis_points": 1 })).await.expect(200);
    shop.bill_with(&customer, "", Value::Null).await.problem(400, "AMOUNT_OUT_OF_RANGE");
    shop.put("/store", json!({ "tax_rate_in_basis_points": 0 })).await.expect(200);
    assert_eq!(shop.get("/invoice?closed=true").await["invoices"], json!([]));
    let billed = shop.bill_with(&customer, "", Value::Null).await.expect(201);
    assert_eq!(billed.number("/invoice/total_amount_in_cents"), 10_000_000_000_000);
}

/// What was spent of each balance: the ids with their amounts.
fn spent(answer: &Answer, list: &str, id: &str) -> Vec<(Value, Value)> {
    let of = |field: &str| answer.each(&format!("/invoice/{list}"), field);
    of(id).into_iter().zip(of("amount_in_cents")).collect()
}

#[tokio::test]
async fn gift_cards_are_spent_before_credits_the_oldest_first_each_at_most_its_balance() {
    let (shop, customer) = start(0).await;
    let first_credit = shop.credit(&customer, 50).await;
    let first_card = shop.gift_card(&customer, &customer, 30).await;
    let second_card = shop.gift_card(&customer, &customer, 40).await;
    let second_credit = shop.credit(&customer, 60).await;
    fill(&shop, &customer, &[(1, 150)]).await;
    let billed = shop.bill_with(&customer, "", Value::Null).await.expect(201);
    assert_eq!(amounts(&billed), [150, 0, 0, 70, 80, 0]);
    let cards = spent(&billed, "gift_card_spends", "gift_card_id");
    assert_eq!(cards, [(json!(first_card), json!(30)), (json!(second_card), json!(40))]);
    let credits = spent(&billed, "credit_redemptions", "credit_id");
    assert_eq!(credits, [(json!(first_credit), json!(50)), (json!(second_credit), json!(30))]);
    assert_eq!(billed.text("/invoice/state"), "open", "with nothing left to collect it stays open as any other");
    let left = shop.get(&format!("/customer/{customer}/credit/{second_credit}")).await.expect(200);
    assert_eq!(left.number("/credit/current_balance_in_cents"), 30);
}

#[tokio::test]
async fn a_store_may_have_credits_spent_before_gift_cards() {
    let (shop, customer) = start(0).await;
    shop.put("/store", json!({ "credit_order_preference": "credit" })).await.expect(200);
    let card = shop.gift_card(&customer, &customer, 30).await;
    let credit = shop.credit(&customer, 50).await;
    fill(&shop, &customer, &[(1, 60)]).await;
    let billed = shop.bill_with(&customer, "", Value::Null).await.expect(201);
    assert_eq!(amounts(&billed), [60, 0, 0, 10, 50, 0]);
    assert_eq!(spent(&billed, "gift_card_spends", "gift_card_id"), [(json!(card), json!(10))]);
    assert_eq!(spent(&billed, "credit_redemptions", "credit_id"), [(json!(credit), json!(50))]);
}

#[tokio::test]
async fn only_received_cards_of_the_invoices_currency_are_spent_and_none_that_is_void_or_empty() {
    let (shop, customer) = start(0).await;
    let friend = shop.customer().await;
    shop.gift_card(&customer, &friend, 1_000).await;
    let voided = shop.gift_card(&friend, &customer, 1_000).await;
    shop.delete(&format!("/giftcard/{voided}")).await.expect(204);
    let voided = shop.credit(&customer, 1_000).await;
    shop.delete(&format!("/customer/{customer}/credit/{voided}")).await.expect(204);
    shop.credit(&customer, 25).await;
    shop.put(&format!("/customer/{customer}"), json!({ "currency": "USD" })).await.expect(200);
    let dollars = shop.credit(&customer, 10).await;
    fill(&shop, &customer, &[(1, 500)]).await;
    let billed = shop.bill_with(&customer, "", Value::Null).await.expect(201);
    assert_eq!((billed.text("/invoice/currency"), amounts(&billed)), ("USD".to_owned(), [500, 0, 0, 0, 10, 490]));
    assert_eq!(spent(&billed, "credit_redemptions", "credit_id"), [(json!(dollars), json!(10))]);
    shop.put(&format!("/customer/{customer}"), json!({ "currency": "EUR" })).await.expect(200);
    fill(&shop, &customer, &[(1, 500)]).await;
    let billed = shop.bill_with(&customer, "", Value::Null).await.expect(201);
    assert_eq!((billed.text("/invoice/currency"), amounts(&billed)), ("EUR".to_owned(), [500, 0, 0, 0, 25, 475]));
}

#[tokio::test]
async fn two_invoices_at_the_same_moment_never_spend_the_same_cent() {
    let (shop, customer) = start(0).await;
    shop.gift_card(&customer, &customer, 100).await;
    shop.credit(&customer, 100).await;
    let product = shop.product(100, 70).await;
    let shopping = (0..6).map(|_| async {
        shop.add(&customer, &product, 1).await.expect(201);
        // Another one may have billed it together with its own.
        shop.bill_with(&customer, "", Value::Null).await
    });
    let answers = futures::future::join_all(shopping).await;
    let billed: Vec<_> = answers.into_iter().filter(|answer| answer.status == 201).collect();
    let mut sums = [0; 2];
    for [total, discount, tax, cards, credits, due] in billed.iter().map(amounts) {
        assert_eq!(total - discount + tax, cards + credits + due);
        sums = [sums[0] + total, sums[1] + cards + credits];
    }
    assert_eq!(sums, [6 * 70, 200]);
}
