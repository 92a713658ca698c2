//! `Idempotency-Key` (api.md §1).

use super::table::{Case, World};
use crate::support::{PASSWORD, SECRET, Server, TestShop, new_app_id, new_email, new_product, new_store};
use serde_json::{Value, json};

#[tokio::test]
async fn every_post_put_and_delete_with_a_key_does_its_work_once() {
    let world = World::new().await;
    let contract = world.shop.contract();
    let commands = contract.operations().into_iter().filter(|operation| operation.method != "GET");
    let mut number = 0;
    for operation in commands {
        let Case { shop, path, body, status } = world.case(&operation).await.expect("the table has every operation");
        let ignores = operation.to_string() == "POST /store/token" || path.ends_with("/send_confirmation");
        // What ends the store or its token leaves nobody to ask again.
        if operation.method == "DELETE" && path.starts_with("/store") {
            shop.keyed("k").delete(&path).await.expect(status);
            continue;
        }
        number += 1;
        let shop = shop.keyed(&format!("key {number} ~!"));
        let first = shop.send(operation.method, &path, body.clone()).await.expect(status);
        assert!(!first.is_replayed(), "{operation}");
        let again = shop.send(operation.method, &path, body).await.expect(status);
        assert_eq!(again.is_replayed(), !ignores, "{operation}");
        if !ignores {
            assert_eq!(again.body, first.body, "{operation}");
        }
    }
}

#[tokio::test]
async fn a_repeat_is_answered_as_the_first_request_and_does_nothing() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 100).await);
    let add = async || shop.keyed("add").add(&customer, &product, 2).await.expect(201);
    let first = add().await;
    let again = add().await;
    assert_eq!(
        (again["cart"].clone(), again.is_replayed(), shop.stock(&product).await),
        (first["cart"].clone(), true, (8, 2))
    );
    assert_eq!(again.position(), first.position());
    // What follows from a command is part of it: its answer shows the invoice, and the order.
    let bill = async || shop.keyed("bill").bill_with(&customer, "", Value::Null).await.expect(201);
    let (first, again) = (bill().await, bill().await);
    assert_eq!((&again.body, again.position()), (&first.body, first.position()));
    let path = format!("/invoice/{}/collected", first.text("/invoice/invoice_id"));
    let collect = async || shop.keyed("collect").post(&path, Value::Null).await.expect(201);
    let (first, again) = (collect().await, collect().await);
    assert_eq!((&again.body, again.position()), (&first.body, first.position()));
    let credit =
        async || shop.keyed("credit").post(&format!("/customer/{customer}/credit/5"), Value::Null).await.expect(201);
    assert_eq!(credit().await["credit"]["credit_id"], credit().await["credit"]["credit_id"]);
    assert_eq!(shop.get(&format!("/customer/{customer}/credit")).await.each("/credits", "credit_id").len(), 1);
}

#[tokio::test]
async fn the_same_key_with_another_body_or_query_is_refused() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 100).await);
    let refused = |answer: crate::support::Answer| answer.problem(422, "IDEMPOTENCY_KEY_REUSED");
    let path = format!("/product/{product}/inventory");
    shop.keyed("k").put(&path, json!({ "amount": 1 })).await.expect(200);
    refused(shop.keyed("k").put(&path, json!({ "amount": 2 })).await);
    shop.keyed("p").post("/product", new_product(json!({}))).await.expect(201);
    refused(shop.keyed("p").post("/product", new_product(json!({ "title": "Assam" }))).await);

    let invoice = shop.invoice(&customer, &product, 2).await;
    shop.collect(&invoice).await;
    let refund = format!("/invoice/{invoice}/refund");
    shop.keyed("r").post(&format!("{refund}?amount=5"), Value::Null).await.expect(201);
    refused(shop.keyed("r").post(&format!("{refund}?amount=6"), Value::Null).await);
    let billing = format!("/customer/{customer}/cart/billcart");
    shop.add(&customer, &product, 1).await.expect(201);
    shop.keyed("b").post(&billing, Value::Null).await.expect(201);
    refused(shop.keyed("b").post(&billing, json!({ "shipping_amount_in_cents": 5 })).await);
    let tag = format!("/product/{product}/tag");
    shop.post(&format!("{tag}/a"), Value::Null).await.expect(201);
    shop.post(&format!("{tag}/b"), Value::Null).await.expect(201);
    shop.keyed("t").delete(&format!("{tag}?tag=a")).await.expect(204);
    refused(shop.keyed("t").delete(&format!("{tag}?tag=b")).await);
    let email = new_email();
    shop.unconfirmed_with(json!({ "email": email })).await;
    let log_in = |password: &str| json!({ "email": email, "password": password });
    shop.keyed("l").put("/customer/login", log_in(PASSWORD)).await.expect(200);
    refused(shop.keyed("l").put("/customer/login", log_in("wrong")).await);
    // A body that is ignored makes no other request of it.
    shop.keyed("i").delete(&format!("{tag}?tag=b")).await.expect(204);
    assert!(shop.keyed("i").send("DELETE", &format!("{tag}?tag=b"), json!({ "x": 1 })).await.expect(204).is_replayed());
}

#[tokio::test]
async fn a_key_belongs_to_store_method_and_path() {
    let (shop, other) = (TestShop::start().await, TestShop::start().await);
    let create = async |shop: &TestShop| {
        let made = shop.keyed("same").post("/product", new_product(json!({}))).await.expect(201);
        assert!(!made.is_replayed());
        made.text("/product/product_id")
    };
    let (first, second) = (create(&shop).await, create(&other).await);
    assert_ne!(first, second);
    let keyed = shop.keyed("same");
    let unkeyed = shop.product(5, 1).await;
    for (method, path, body, status) in [
        ("PUT", format!("/product/{first}"), json!({ "title": "x" }), 200),
        ("PUT", format!("/product/{unkeyed}"), json!({ "title": "y" }), 200),
        ("PUT", format!("/product/{first}/inventory"), json!({ "amount": 5 }), 200),
        ("POST", format!("/product/{first}/tag/a"), Value::Null, 201),
        ("DELETE", format!("/product/{first}/tag"), Value::Null, 204),
        ("DELETE", format!("/product/{first}"), Value::Null, 204),
    ] {
        assert!(!keyed.send(method, &path, body).await.expect(status).is_replayed(), "{method} {path}");
    }
    // Aliases and trailing slashes are the same path.
    assert!(keyed.put(&format!("/products/{unkeyed}/"), json!({ "title": "y" })).await.expect(200).is_replayed());
    assert!(keyed.delete(&format!("/admin/products/{first}")).await.expect(204).is_replayed());
}

#[tokio::test]
async fn after_an_error_the_key_may_be_used_again() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(1, 100).await);
    let keyed = shop.keyed("k");
    keyed.add(&customer, &product, 2).await.problem(409, "INSUFFICIENT_INVENTORY");
    shop.put(&format!("/product/{product}/inventory"), json!({ "set": 5 })).await.expect(200);
    assert!(!keyed.add(&customer, &product, 2).await.expect(201).is_replayed());
    keyed.post("/product", json!({})).await.problem(400, "VALIDATION_FAILED");
    assert!(!keyed.post("/product", new_product(json!({}))).await.expect(201).is_replayed());
    let email = new_email();
    let log_in = |password: &str| json!({ "email": email, "password": password });
    keyed.put("/customer/login", log_in(PASSWORD)).await.problem(401, "INVALID_CREDENTIALS");
    shop.unconfirmed_with(json!({ "email": email })).await;
    keyed.put("/customer/login", log_in("wrong")).await.problem(401, "INVALID_CREDENTIALS");
    assert!(!keyed.put("/customer/login", log_in(PASSWORD)).await.expect(200).is_replayed());
    let billing = format!("/customer/{customer}/cart/billcart");
    keyed.post(&format!("{billing}?coupon=later"), Value::Null).await.problem(404, "COUPON_NOT_FOUND");
    shop.coupon(json!({ "code": "later", "amount": 1, "minimum_amount_in_cents": 300 })).await;
    keyed.post(&format!("{billing}?coupon=later"), Value::Null).await.problem(409, "COUPON_MINIMUM_NOT_REACHED");
    assert!(!keyed.post(&billing, Value::Null).await.expect(201).is_replayed());
}

#[tokio::test]
async fn ids_of_a_keyed_request_follow_from_the_key() {
    let shop = TestShop::start().await;
    let version = |id: &str| id.as_bytes()[14];
    let plain = shop.product(1, 1).await;
    let keyed = shop.keyed("k").post("/product", new_product(json!({}))).await.expect(201).text("/product/product_id");
    assert_eq!((version(&plain), version(&keyed)), (b'7', b'8'));
}

#[tokio::test]
async fn a_key_of_a_new_store_belongs_to_its_app_id() {
    let nobody = TestShop::nobody(&Server::shared().url).await.keyed("k");
    let (first, second) = (new_app_id(), new_app_id());
    let made = nobody.post("/store", new_store(&first, json!({}))).await.expect(201);
    let again = nobody.post("/store", new_store(&first, json!({}))).await.expect(201);
    assert_eq!((again["store"].clone(), again.is_replayed()), (made["store"].clone(), true));
    assert!(!nobody.post("/store", new_store(&second, json!({}))).await.expect(201).is_replayed());
    nobody
        .post("/store", new_store(&first, json!({ "app_secret": "another secret" })))
        .await
        .problem(422, "IDEMPOTENCY_KEY_REUSED");
    nobody.keyed("other").post("/store", new_store(&first, json!({}))).await.problem(409, "APP_ID_ALREADY_EXISTS");
}

#[tokio::test]
async fn tokens_and_confirmation_mails_ignore_a_key() {
    let shop = TestShop::start().await;
    let customer = shop.unconfirmed_with(json!({})).await;
    let credentials = json!({ "app_id": shop.app_id, "app_secret": SECRET });
    let token = async || shop.keyed("k").post("/store/token", credentials.clone()).await.expect(201);
    let (first, second) = (token().await, token().await);
    assert_ne!(first["token"], second["token"]);
    assert!(!second.is_replayed());
    assert_ne!(shop.keyed("k").confirmation(&customer).await, shop.keyed("k").confirmation(&customer).await);
}

#[tokio::test]
async fn requests_with_the_same_key_at_the_same_time_do_the_work_once() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(50, 100).await);
    let keyed = shop.keyed("k");
    let answers = futures::future::join_all((0..6).map(|_| keyed.post("/product", new_product(json!({}))))).await;
    let made: Vec<_> = answers.into_iter().map(|answer| answer.expect(201)).collect();
    assert!(made.iter().all(|answer| answer["product"] == made[0]["product"]));
    assert_eq!(made.iter().filter(|answer| !answer.is_replayed()).count(), 1);
    let answers = futures::future::join_all((0..6).map(|_| keyed.add(&customer, &product, 3))).await;
    assert!(answers.into_iter().all(|answer| answer.expect(201).number("/cart/items/0/quantity") == 3));
    let answers = futures::future::join_all((0..6).map(|_| keyed.bill_with(&customer, "", Value::Null))).await;
    let invoices: Vec<_> = answers.into_iter().map(|answer| answer.expect(201).text("/invoice/invoice_id")).collect();
    assert!(invoices.iter().all(|invoice| *invoice == invoices[0]));
    assert_eq!(shop.stock(&product).await, (47, 3));
}

#[tokio::test]
async fn a_repeat_answers_as_the_first_also_when_the_resource_is_gone() {
    let shop = TestShop::start().await;
    let email = new_email();
    let keyed = shop.keyed("k");
    let product = keyed.post("/product", new_product(json!({}))).await.expect(201).text("/product/product_id");
    let customer = keyed.post("/customer", crate::support::new_customer(json!({ "email": email }))).await.expect(201);
    let customer = customer.text("/customer/customer_id");
    shop.delete(&format!("/product/{product}")).await.expect(204);
    shop.delete(&format!("/customer/{customer}")).await.expect(204);
    let again = keyed.post("/product", new_product(json!({}))).await.expect(201);
    assert_eq!((again.text("/product/product_id"), again.is_replayed()), (product, true));
    assert!(again["product"]["deleted_at"].is_string());
}

#[tokio::test]
async fn a_key_is_1_to_255_printable_ascii_characters() {
    let shop = TestShop::start().await;
    let long = "k".repeat(255);
    for good in ["a", "a b~!\"#", long.as_str()] {
        shop.keyed(good).post("/product", new_product(json!({}))).await.expect(201);
    }
    for bad in ["", &format!("{long}k"), "schlüssel", "tab\there"] {
        shop.keyed(bad).post("/product", new_product(json!({}))).await.refuses(&["#/Idempotency-Key"]);
        shop.keyed(bad).delete("/coupon_code/nobody").await.refuses(&["#/Idempotency-Key"]);
        // A GET has no use for one.
        shop.keyed(bad).get("/product").await.expect(200);
    }
}

#[tokio::test]
async fn a_key_is_remembered_after_kill_9() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (customer, product) = (shop.customer().await, shop.product(10, 100).await);
    let made = shop.keyed("k").post("/product", new_product(json!({}))).await.expect(201);
    let added = shop.keyed("k").add(&customer, &product, 2).await.expect(201);
    let billed = shop.keyed("k").bill_with(&customer, "", Value::Null).await.expect(201);
    server.kill();
    let server = Server::on(data.path(), &[]);
    let shop = shop.moved_to(&server);
    let again = shop.keyed("k").post("/product", new_product(json!({}))).await.expect(201);
    assert_eq!((again["product"].clone(), again.is_replayed()), (made["product"].clone(), true));
    let again = shop.keyed("k").add(&customer, &product, 2).await.expect(201);
    assert_eq!((again["cart"]["cart_id"].clone(), again.is_replayed()), (added["cart"]["cart_id"].clone(), true));
    let again = shop.keyed("k").bill_with(&customer, "", Value::Null).await.expect(201);
    assert_eq!((again["invoice"].clone(), again.is_replayed()), (billed["invoice"].clone(), true));
    assert_eq!(shop.stock(&product).await, (8, 2));
}
