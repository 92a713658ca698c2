//! Histories: what happened, by whom, and whether it was altered.

use super::run::{cartlog, on, on_files, run, signal};
use crate::support::{SECRET, Server, TestShop};
use serde_json::json;
use std::fs;

#[tokio::test]
async fn an_invoice_is_told_event_by_event_with_and_without_a_server() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (customer, product) = (shop.customer().await, shop.product(9, 1_250).await);
    shop.add(&customer, &product, 2).await.expect(201);
    let invoice = shop.bill(&customer).await;
    shop.post(&format!("/invoice/{invoice}/collected"), serde_json::Value::Null).await.expect(201);
    let object = format!("invoice/{invoice}");
    let ask = |more: &[&str]| on(data.path(), &[&["audit", "history", &object], more].concat()).succeeded();
    // Where views and windows stand in the log may be an event of it, or not yet, or no longer.
    let events = |told: &str| serde_json::from_str::<serde_json::Value>(told).expect("JSON")["events"].clone();

    let (table, json) = (ask(&[]), ask(&["--json"]));
    for part in ["25.00 EUR", "issued", "collected", "token ", "chain is whole", "seen by the views"] {
        assert!(table.contains(part), "no '{part}' in\n{table}");
    }
    let history: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let types: Vec<_> = history["events"].as_array().into_iter().flatten().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["InvoiceIssued", "InvoiceCollected"]);
    let changes = history["events"][1]["changes"].as_array().expect("changes");
    let state = changes.iter().find(|change| change["field"] == "state").expect("a state");
    assert_eq!((&state["before"], &state["after"]), (&"open".into(), &"collected".into()));
    assert!(table.contains("state: open → collected"), "{table}");
    assert_eq!(history["chain"]["tip"], history["events"][1]["hash"]);
    let lines = ask(&["--jsonl"]);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (last, each) = lines.split_last().expect("lines");
    assert_eq!((&json!(each), &last["object"]), (&history["events"], &history["object"]));
    assert_eq!(last["chain"]["tip"], history["chain"]["tip"]);
    assert_eq!(on(data.path(), &["audit", "history", &object, "--json", "--jsonl"]).code, 2);
    // Filters leave out events, and nothing of what vouches for them.
    let collected = ask(&["--type", "InvoiceCollected"]);
    assert!(collected.contains("1 of 2 events") && collected.contains("chain is whole"), "{collected}");
    let of = |more: &[&str]| events(&ask(&[more, &["--json"]].concat())).as_array().map_or(0, Vec::len);
    let token = history["events"][1]["actor"].as_str().expect("an actor").replace("token ", "token:");
    assert!(token.starts_with("token:"), "{token}");
    let (by_token, by_nobody) = (of(&["--actor", &token]), of(&["--actor", "anonymous"]));
    assert_eq!((by_token + of(&["--actor", "system"]), by_nobody), (2, 0));
    assert_eq!(of(&["--until", "2000-01-01T00:00:00Z"]), 0);
    let request = history["events"][1]["request_id"].as_str().expect("a request").to_owned();
    assert_eq!([of(&["--request-id", &request]), of(&["--since", "2000-01-01T00:00:00Z"])], [1, 2]);
    let wrong = on(data.path(), &["audit", "history", &object, "--actor", "me"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("token:ID"), "{}", wrong.stderr);
    let cart = on(data.path(), &["audit", "history", &format!("cart/{customer}")]).succeeded();
    assert!(cart.contains("2 × 'Darjeeling' at 12.50 EUR added") && cart.contains("billed"), "{cart}");

    signal(server.pid(), "TERM");
    server.wait();
    assert_eq!(events(&ask(&["--json"])), events(&json));
    assert_eq!(ask(&[]).lines().take(5).collect::<Vec<_>>(), table.lines().take(5).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_was_behind_an_event_is_told_by_name() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let ask = json!({ "app_id": shop.app_id, "app_secret": SECRET, "name": "the till at the door" });
    let issued = shop.post("/store/token", ask).await.expect(201);
    let till = shop.with("ACCESS-TOKEN", &issued.text("/token")).with("Cartlog-Actor", "Ada Byron");
    let object = format!("product/{}", till.product(9, 1_250).await);
    let table = on(data.path(), &["audit", "history", &object]).succeeded();
    assert!(table.contains("the till at the door") && table.contains("Ada Byron"), "{table}");
    assert!(!table.contains(&issued.text("/token_id")), "{table}");
    let json = on(data.path(), &["audit", "history", &object, "--json"]).succeeded();
    let history: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let by = &history["events"][0]["by"];
    assert_eq!((&by["token_id"], &by["actor_name"]), (&issued["token_id"], &json!("Ada Byron")));
    // Who has no name is told by the token's id.
    shop.put(&format!("/{object}"), json!({ "title": "Assam" })).await.expect(200);
    assert!(on(data.path(), &["audit", "history", &object]).succeeded().contains("token 0"));
}

/// What a client has named something, to be read on somebody's terminal.
#[tokio::test]
async fn a_name_can_do_nothing_to_the_terminal_that_shows_it() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let title = "red\nforged 1 event\u{202e}tea";
    let product = shop.product_with(serde_json::json!({ "title": title })).await;
    let ask = |more: &[&str]| {
        let object = format!("product/{product}");
        on(data.path(), &[&["audit", "history", &object], more].concat()).succeeded()
    };
    let table = ask(&[]);
    assert!(table.contains(r"red\nforged 1 event\u{202e}tea"), "{table}");
    let json = ask(&["--json"]);
    for told in [&table, &json] {
        assert!(!told.contains('\u{202e}'), "{told}");
    }
    let history: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(history["events"][0]["data"]["title"], title);
}

#[tokio::test]
async fn every_kind_of_object_has_a_history() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (customer, product) = (shop.customer().await, shop.product(9, 1_250).await);
    let gift =
        serde_json::json!({ "gifter_customer_id": customer, "recipient_customer_id": customer, "original_amount": 70 });
    let gift_card = shop.post("/giftcard", gift).await.expect(201).text("/gift_card/gift_card_id");
    let credit = shop
        .post(&format!("/customer/{customer}/credit/50"), serde_json::Value::Null)
        .await
        .expect(201)
        .text("/credit/credit_id");
    let coupon = serde_json::json!({ "code": "TEN", "style": "percent_off", "amount": 10 });
    let coupon = shop.post("/coupon_code", coupon).await.expect(201).text("/coupon/coupon_code_id");
    shop.add(&customer, &product, 1).await.expect(201);
    let invoice = shop.bill(&customer).await;
    let collected = shop.post(&format!("/invoice/{invoice}/collected"), serde_json::Value::Null).await.expect(201);
    let store = shop.get("/store").await.expect(200).text("/store/store_id");
    for (kind, id, said) in [
        ("cart", customer.as_str(), "opened"),
        ("order", &collected.text("/order/order_id"), "1 × 'Darjeeling'"),
        ("giftcard", &gift_card, "gift card of 0.70 EUR issued"),
        ("credit", &credit, "0.50 EUR"),
        ("customer", &customer, "Ada Byron <ada-"),
        ("product", &product, "held for cart"),
        ("coupon", &coupon, "10 % off"),
        ("store", &store, "app_id 'app-"),
    ] {
        let told = on(data.path(), &["audit", "history", &format!("{kind}/{id}")]).succeeded();
        assert!(told.contains(said), "no '{said}' in\n{told}");
    }
}

#[tokio::test]
async fn a_log_that_was_altered_gives_itself_away() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on_files(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let product = shop.product(9, 1_250).await;
    shop.put(&format!("/product/{product}"), serde_json::json!({ "title": "Assam" })).await.expect(200);
    signal(server.pid(), "TERM");
    server.wait();
    let history = ["audit", "history", &format!("product/{product}")];
    on_files(data.path(), &history).succeeded();

    let log = data.path().join("log.sqlite");
    let mut bytes = fs::read(&log).expect("a log");
    let at = bytes.windows(10).position(|window| window == b"Darjeeling").expect("the title stands in the log");
    bytes[at..at + 10].copy_from_slice(b"Dandelions");
    fs::write(&log, bytes).expect("it can be written");
    let told = on_files(data.path(), &history);
    assert_eq!(told.code, 3, "{}{}", told.stdout, told.stderr);
    assert!(told.stdout.contains("BROKEN: revision 1 "), "{}", told.stdout);
}

#[test]
fn what_is_not_there_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    let _server = Server::on(data.path(), &[]);
    let ask = |object: &str| on(data.path(), &["audit", "history", object]).failed();
    assert!(ask("invoice/0193b0c2-7b1e-7c55-9d2e-5f0c6a1f3b77").contains("no invoice 0193b0c2"));
    assert!(ask("basket/1").contains("'basket'"));
    assert!(ask("invoice").contains("KIND/ID"));
    assert_eq!(run(&mut cartlog(&["audit", "history"])).code, 2);
}
