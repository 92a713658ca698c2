//! Many clients at once.

use super::books::{Books, cents, items, text};
use super::client::{Asked, Client, Says};
use super::knobs;
use crate::support::{Answer, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

fn asked(method: &'static str, path: String, body: Value, key: impl Into<String>) -> Asked {
    Asked { method, path, body, key: key.into() }
}

/// The answers to requests that are sent at the same time.
async fn at_once(client: &Client, requests: impl IntoIterator<Item = Asked>) -> Vec<Answer> {
    let ask = |request: Asked| {
        let client = client.clone();
        async move { client.insist(&request).await }
    };
    requests.into_iter().map(ask).collect::<JoinSet<_>>().join_all().await
}

/// Confirmed customers, made at the same time.
async fn customers(client: &Client, count: usize) -> Vec<String> {
    let make = |_| {
        let client = client.clone();
        async move { client.customer("EUR").await }
    };
    (0..count).map(make).collect::<JoinSet<_>>().join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_pieces_a_crowd_buys_exactly_fifty() {
    let clients = knobs::count("CARTLOG_TEST_CLIENTS", 64);
    let client = Client::open(&Server::shared().url, json!({})).await;
    let (product, customers) = (client.product(50, 1_000).await, customers(&client, clients).await);
    let add = |customer: &String| {
        let path = format!("/customer/{customer}/cart/item/{product}");
        asked("POST", path, json!({ "quantity": 1 }), format!("add {customer}"))
    };
    let added = at_once(&client, customers.iter().map(add)).await;
    assert_eq!(added.iter().filter(|answer| answer.status == 201).count(), 50);
    assert!(added.iter().all(|answer| answer.is_done() || answer.error() == "INSUFFICIENT_INVENTORY"));
    let bill = |customer: &String| {
        asked("POST", format!("/customer/{customer}/cart/billcart"), Value::Null, format!("bill {customer}"))
    };
    let billed = at_once(&client, customers.iter().map(bill)).await;
    assert_eq!(billed.iter().filter(|answer| answer.status == 201).count(), 50);
    assert!(billed.iter().all(|answer| answer.is_done() || answer.error() == "NO_CART_IS_OPEN"));
    let product = &client.get(&format!("/product/{product}")).await["product"];
    assert_eq!((cents(&product["inventory"]), cents(&product["reserved"])), (0, 50));
    Books::read(&client).await.check();
}

/// Carts of one customer are billed while the next one is filled, and some of the invoices fail meanwhile, which puts back what
/// they spent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_gives_each_cent_once_to_bills_that_come_quickly() {
    let client = Client::open(&Server::shared().url, json!({})).await;
    let (product, customer) = (client.product(1_000, 700).await, client.customer("EUR").await);
    for amount in [900, 250, 1_100] {
        let gift =
            json!({ "gifter_customer_id": customer, "recipient_customer_id": customer, "original_amount": amount });
        client.post("/giftcard", gift).await.expect(201);
        client.post(&format!("/customer/{customer}/credit/{amount}"), Value::Null).await.expect(201);
    }
    let mut bills = JoinSet::new();
    for number in 0..8 {
        let path = format!("/customer/{customer}/cart/item/{product}");
        client.insist(&asked("POST", path, json!({ "quantity": 1 }), format!("add {number}"))).await.expect(201);
        let (client, path) = (client.clone(), format!("/customer/{customer}/cart/billcart"));
        bills.spawn(async move {
            let billed = client.insist(&asked("POST", path, Value::Null, format!("bill {number}"))).await;
            if let (Some(invoice), 0) = (billed.id("invoice"), number % 3) {
                let failed = asked("PUT", format!("/invoice/{invoice}/failed"), Value::Null, format!("fail {number}"));
                client.insist(&failed).await.expect(200);
            }
        });
    }
    bills.join_all().await;
    let books = Books::read(&client).await;
    books.check();
    let of = |invoice: &Value, field: &str| cents(&invoice[field]);
    let live = books.invoices.iter().filter(|invoice| invoice["state"] == "open");
    let spent: i64 = live
        .map(|invoice| of(invoice, "gift_card_used_amount_in_cents") + of(invoice, "credit_used_amount_in_cents"))
        .sum();
    let left = books.gift_cards.iter().chain(&books.credits).map(|balance| of(balance, "current_balance_in_cents"));
    assert_eq!(spent + left.sum::<i64>(), 2 * (900 + 250 + 1_100));
}

/// Each of these is sent 32 times at once with one key: one does it, all say the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_requests_with_one_key_do_the_work_once_and_answer_the_same() {
    let times = knobs::count("CARTLOG_TEST_CLIENTS", 32);
    let client = Client::open(&Server::shared().url, json!({})).await;
    let (product, customer) = (client.product(100, 1_000).await, client.customer("EUR").await);
    let of_customer = |rest: &str| format!("/customer/{customer}{rest}");
    let mut all = Vec::new();
    for (number, (method, path, body)) in [
        ("POST", of_customer(&format!("/cart/item/{product}")), json!({ "quantity": 3 })),
        ("POST", of_customer("/cart/item"), json!([{ "product_id": product, "quantity": 2 }])),
        ("PUT", format!("/product/{product}/inventory"), json!({ "amount": -20 })),
        ("POST", of_customer("/credit/700"), Value::Null),
        ("POST", of_customer("/cart/billcart"), json!({ "shipping_amount_in_cents": 100 })),
        ("POST", "/customer/credit/5".to_owned(), Value::Null),
        ("DELETE", of_customer(""), Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let request = asked(method, path, body, format!("key {number}"));
        let answers = at_once(&client, vec![request; times]).await;
        let first = answers.iter().filter(|answer| !answer.was_replayed()).count();
        assert_eq!(first, 1, "{}", answers[0].asked);
        let said: BTreeSet<_> = answers.iter().map(|answer| (answer.status, answer.body.to_string())).collect();
        assert_eq!(said.len(), 1, "{}: {said:#?}", answers[0].asked);
        assert!(answers[0].is_done(), "{}: {:#}", answers[0].asked, answers[0].body);
        all.extend(answers);
    }
    let product = &client.get(&format!("/product/{product}")).await["product"];
    assert_eq!((cents(&product["inventory"]), cents(&product["reserved"])), (75, 5));
    let invoices = client.list("/invoice?closed=true", "invoices").await;
    let lines = invoices.iter().map(|invoice| items(&invoice["invoice_line_items"]).len());
    assert_eq!(lines.collect::<Vec<_>>(), [2]);
    assert_eq!(text(&invoices[0]["state"]), "open");
}
