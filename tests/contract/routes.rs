//! Every route, driven from the document's list of operations: a route without a case in the table fails these tests.

use super::table::{Case, World};
use crate::support::{Answer, Operation, TestShop, new_email};
use serde_json::Value;
use uuid::Uuid;

#[tokio::test]
async fn every_route_has_its_no_token_other_store_and_happy_case() {
    let (world, other) = (World::new().await, TestShop::start().await);
    let contract = world.shop.contract();
    let operations = contract.operations();
    assert!(operations.len() > 90, "{} operations", operations.len());
    for operation in &operations {
        let case = world.case(operation).await.unwrap_or_else(|| panic!("the table has no case for {operation}"));
        if !operation.is_open() {
            let stranger = case.shop.anonymous();
            stranger.send(operation.method, &case.path, case.body.clone()).await.problem(401, "UNAUTHORIZED");
            check_other_store(&world, &other, operation, &case).await;
        }
        case.shop.send(operation.method, &case.path, case.body).await.expect(case.status);
    }
}

/// What the world's store has is nothing to another one: not found, or another list without any of it.
async fn check_other_store(world: &World, other: &TestShop, operation: &Operation<'_>, case: &Case) {
    if case.path.starts_with("/store") {
        // Nothing in these requests names a store: each has only its own.
        return;
    }
    let answer = other.send(operation.method, &case.path, case.body.clone()).await;
    let names = |text: &str| world.secrets().into_iter().any(|secret| text.contains(secret));
    let asked = format!("{} {}", case.path, case.body);
    if operation.path == "/customer/login" {
        answer.problem(401, "INVALID_CREDENTIALS");
    } else if names(&asked) || operation.path.contains("_id}") || operation.path.contains("{code}") {
        let Answer { asked, status, body, .. } = answer;
        assert_eq!(status, 404, "{asked} of another store: {body:#}");
        let nobodys = case.body.to_string();
        let nobodys = serde_json::from_str(&without_names(world, &nobodys)).expect("JSON still");
        let unknown = other.send(operation.method, &without_names(world, &case.path), nobodys).await;
        assert_eq!(body, unknown.body, "{asked}: another store's thing is told from one that never was");
    } else if operation.path == "/streaming/topcoupon" {
        answer.problem(404, "COUPON_NOT_FOUND");
    } else {
        let answer = answer.expect(case.status);
        assert!(!names(&answer.body.to_string()), "{}: {:#}", answer.asked, answer.body);
    }
}

/// The same about what no store has.
fn without_names(world: &World, text: &str) -> String {
    let stranger = |secret: &str| match (secret.parse::<Uuid>(), secret.contains('@')) {
        (Ok(_), _) => Uuid::now_v7().to_string(),
        (Err(_), true) => new_email(),
        (Err(_), false) => "NOBODYS".to_owned(),
    };
    world.secrets().into_iter().fold(text.to_owned(), |text, secret| text.replace(secret, &stranger(secret)))
}

#[tokio::test]
async fn every_operation_is_exercised_and_every_status_that_it_answers_is_documented() {
    let world = World::new().await;
    let contract = world.shop.contract();
    for operation in &contract.operations() {
        let Case { shop, path, body, status } = world.case(operation).await.expect("the table has every operation");
        let unknown = shop.send(operation.method, &with_unknown(&path), body.clone()).await;
        match operation.is_service() || (operation.method == "GET" && operation.is_open()) {
            // A page is for people, whose mail programs add to links.
            true => assert!(unknown.status < 500, "{}", unknown.asked),
            false => drop(unknown.refuses(&["#/nonsense"])),
        }
        let Case { path, body, .. } = world.case(operation).await.expect("the table has every operation");
        // Each answer is checked against the document as it comes.
        let answer = shop.send(operation.method, &path, body).await.expect(status);
        let documented = operation.spec["responses"].as_object().expect("responses").keys();
        let successes: Vec<_> = documented.filter(|status| status.starts_with('2')).map(String::as_str).collect();
        let late = if status == 202 { "" } else { "202" };
        let wanted: Vec<_> = successes.iter().filter(|documented| **documented != late).collect();
        assert_eq!(wanted, [&status.to_string()], "{operation}");
        if status == 201 {
            leads_somewhere(&shop, &answer).await;
        }
        if let ("GET", Some(tag)) = (operation.method, answer.header("etag")) {
            let unchanged = shop.with("If-None-Match", tag).get(&path).await.expect(304);
            assert_eq!(unchanged.header("etag"), Some(tag));
        }
    }
}

/// `Location` is a path of the API, and what it names is there.
async fn leads_somewhere(shop: &TestShop, created: &Answer) {
    let location = created.must_have("location").to_owned();
    let contract = shop.contract();
    let operations = ["GET", "PUT", "DELETE"].map(|method| contract.operation(method, &location));
    assert!(operations.iter().any(Option::is_some), "{}: {location} is no path of the API", created.asked);
    if operations[0].is_some() {
        shop.get(&location).await.expect(200);
    }
}

/// The same path with a parameter that nobody knows.
fn with_unknown(path: &str) -> String {
    format!("{path}{}nonsense=1", if path.contains('?') { '&' } else { '?' })
}

#[tokio::test]
async fn a_wrong_method_is_a_405_that_names_the_right_ones() {
    let shop = TestShop::unchanged().await;
    let contract = shop.contract();
    let paths = contract.document["paths"].as_object().expect("paths");
    for path in paths.keys() {
        let known: Vec<_> =
            contract.operations().into_iter().filter(|known| known.path == path).map(|known| known.method).collect();
        let path = path.replace(['{', '}'], "");
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
            let is_known = known.contains(&method) || (method == "HEAD" && known.contains(&"GET"));
            // An alias knows only what it stands for.
            if is_known {
                continue;
            }
            let answer = shop.send(method, &path, Value::Null).await.expect(405);
            let allowed = answer.must_have("allow").to_owned();
            let allowed: Vec<_> = allowed.split(',').map(str::trim).filter(|method| *method != "HEAD").collect();
            let mut known = known.clone();
            known.sort_unstable();
            let mut sorted = allowed.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, known, "{}", answer.asked);
            if method != "HEAD" {
                assert_eq!(answer["error"], "METHOD_NOT_ALLOWED", "{}", answer.asked);
            }
        }
    }
}
