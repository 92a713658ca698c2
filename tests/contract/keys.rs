//! What an `Idempotency-Key` is remembered for (api.md §1): every request that was accepted, by whatever process comes next; and
//! what makes two requests the same.

use super::table::{Case, World};
use crate::support::{PASSWORD, Server, TestShop, new_app_id, new_email, new_product, new_store};
use serde_json::{Value, json};

/// A request that was accepted.
struct Accepted {
    what: String,
    shop: TestShop,
    method: &'static str,
    path: String,
    body: Value,
    status: u16,
}

/// Sends the request with a key of its own; nothing, when it is refused.
async fn accepted(what: String, method: &'static str, case: Case, number: usize) -> Option<Accepted> {
    let Case { shop, path, body, .. } = case;
    let shop = shop.keyed(&format!("key {number}"));
    let answer = shop.send(method, &path, body.clone()).await;
    if !(200..300).contains(&answer.status) {
        return None;
    }
    assert!(!answer.is_replayed(), "{what}");
    Some(Accepted { what, shop, method, path, body, status: answer.status })
}

/// Every POST, PUT and DELETE, each once as it changes something, and once more as the same call, unkeyed, went before: then it
/// mostly changes nothing.
async fn everything(world: &World) -> Vec<Accepted> {
    let mut done = Vec::new();
    for operation in world.shop.contract().operations().into_iter().filter(|operation| operation.method != "GET") {
        let what = operation.to_string();
        // These ignore a key, or leave nobody to ask again.
        let case = world.case(&operation).await.expect("the table has every operation");
        let ignores = what == "POST /store/token" || case.path.ends_with("/send_confirmation");
        if ignores || (operation.method == "DELETE" && case.path.starts_with("/store")) {
            continue;
        }
        let method =
            ["POST", "PUT", "DELETE"].into_iter().find(|method| *method == operation.method).expect("one of them");
        let again = Case { shop: case.shop.clone(), path: case.path.clone(), body: case.body.clone(), ..case };
        let first = accepted(what.clone(), method, case, done.len()).await;
        done.push(first.unwrap_or_else(|| panic!("{what} is refused")));
        let before = again.shop.send(method, &again.path, again.body.clone()).await;
        if (200..300).contains(&before.status) {
            done.extend(accepted(format!("{what}, done already"), method, again, done.len()).await);
        }
    }
    done
}

#[tokio::test]
async fn every_accepted_request_is_remembered_across_a_restart() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let world = World::of(TestShop::on(&server).await).await;
    let done = everything(&world).await;
    assert!(done.len() > 50, "{}", done.len());
    server.kill();
    let server = Server::on(data.path(), &[]);
    // What all of them have done stands before this.
    let marker = world.shop.moved_to(&server).post("/product", new_product(json!({}))).await.expect(201).position();
    for Accepted { what, shop, method, path, body, status } in done {
        let again = shop.moved_to(&server).send(method, &path, body).await;
        assert_eq!((again.status, again.is_replayed()), (status, true), "{what}");
        assert!(again.position() <= marker, "{what} did something");
    }
}

#[tokio::test]
async fn a_repeat_of_what_changed_nothing_sells_nothing_twice() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (customer, product) = (shop.customer().await, shop.product(5, 100).await);
    let path = format!("/product/{product}/inventory");
    let set = async |shop: &TestShop| shop.keyed("k").put(&path, json!({ "set": 5 })).await.expect(200);
    let etag = async || shop.get(&format!("/product/{product}")).await.must_have("etag").to_owned();
    let before = etag().await;
    assert!(!set(&shop).await.is_replayed());
    // It only remembers: the product is what it was.
    assert_eq!(etag().await, before);
    let events = shop.get(&format!("/product/{product}/history")).await.each("/events", "type");
    assert_eq!(events, ["ProductCreated", "RequestRemembered"]);
    server.kill();
    let server = Server::on(data.path(), &[]);
    let shop = shop.moved_to(&server);
    shop.add(&customer, &product, 3).await.expect(201);
    assert!(set(&shop).await.is_replayed());
    assert_eq!(shop.stock(&product).await, (2, 3));
}

#[tokio::test]
async fn the_same_request_written_otherwise_is_the_same() {
    let shop = TestShop::start().await.with("Content-Type", "application/json");
    let send = async |method: &str, path: &str, key: &str, body: &str| {
        shop.keyed(key).send_bytes(method, path, body.as_bytes().to_vec()).await
    };
    let first = r#"{"title":"Tea / Pot","product_type":"tea","vendor":"Hill","inventory":10}"#;
    let other =
        "{ \"inventory\" : 10,\n\t\"vendor\":\"H\\u0069ll\", \"product_type\":\"tea\",\"title\":\"Tea \\/ Pot\" } ";
    let made = send("POST", "/product", "k", first).await.expect(201);
    let again = send("POST", "/product", "k", other).await.expect(201);
    assert_eq!((again.is_replayed(), &again["product"]), (true, &made["product"]));
    let more = first.replace("10", "11");
    send("POST", "/product", "k", &more).await.problem(422, "IDEMPOTENCY_KEY_REUSED");
    let coupon = |query: &str| format!("/coupon_code?{query}");
    send("POST", &coupon("code=A-1&amount=5"), "c", "").await.expect(201);
    assert!(send("POST", &coupon("amount=%35&&code=%41-1"), "c", "").await.expect(201).is_replayed());
    send("POST", &coupon("amount=6&code=A-1"), "c", "").await.problem(422, "IDEMPOTENCY_KEY_REUSED");
    // What counts as missing is missing.
    let (customer, product) = (shop.customer().await, shop.product(5, 100).await);
    shop.add(&customer, &product, 1).await.expect(201);
    let billing = format!("/customer/{customer}/cart/billcart");
    send("POST", &billing, "b", "").await.expect(201);
    for nothing in ["{}", " { } ", "null", "[]", "\"{}\""] {
        assert!(send("POST", &billing, "b", nothing).await.expect(201).is_replayed(), "{nothing}");
    }
    send("POST", &billing, "b", r#"{"shipping_amount_in_cents":1}"#).await.problem(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn a_repeat_with_another_secret_is_another_request_also_after_a_restart() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (app_id, email) = (new_app_id(), new_email());
    let with = |secret: &str| {
        let customer = crate::support::new_customer(json!({ "email": email, "password": secret }));
        let log_in = json!({ "email": email, "password": secret });
        [
            ("POST", "/store", new_store(&app_id, json!({ "app_secret": secret })), 201),
            ("POST", "/customer", customer, 201),
            ("PUT", "/customer/login", log_in, 200),
        ]
    };
    for (method, path, body, status) in with(PASSWORD) {
        assert!(!shop.keyed("k").send(method, path, body).await.expect(status).is_replayed(), "{path}");
    }
    server.kill();
    let server = Server::on(data.path(), &[]);
    let shop = shop.moved_to(&server).keyed("k");
    for (method, path, body, status) in with(PASSWORD) {
        assert!(shop.send(method, path, body).await.expect(status).is_replayed(), "{path}");
    }
    for (method, path, body, _) in with("another secret") {
        shop.send(method, path, body).await.problem(422, "IDEMPOTENCY_KEY_REUSED");
    }
}

#[tokio::test]
async fn an_old_key_of_a_billing_or_a_batch_answers_what_it_did() {
    let shop = TestShop::start().await;
    let (customer, product) = (shop.customer().await, shop.product(10, 100).await);
    shop.add(&customer, &product, 1).await.expect(201);
    let bill = async || shop.keyed("b").bill_with(&customer, "", Value::Null).await.expect(201);
    let batch = async || shop.keyed("b").post("/customer/credit/5", Value::Null).await.expect(202);
    let (billed, job) = (bill().await, batch().await);
    shop.add(&customer, &product, 2).await.expect(201);
    assert_eq!(bill().await.text("/invoice/invoice_id"), billed.text("/invoice/invoice_id"));
    assert_eq!((batch().await.text("/job_id"), shop.stock(&product).await), (job.text("/job_id"), (7, 3)));
    // Derived from the key: UUIDv8.
    assert_eq!(job.text("/job_id").as_bytes()[14], b'8');
    shop.post("/product", new_product(json!({}))).await.expect(201);
}
