//! What tokens of each role may do (api.md §1, Roles): every operation with every role, as the document, the table of api.md and the
//! server say alike.

use super::table::World;
use crate::support::{Answer, Contract, Operation, PASSWORD, SECRET, TestShop, new_customer, new_email};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The operations of a row of the table in api.md: what its second cell names.
fn row(role: &str) -> BTreeSet<String> {
    let document = include_str!("../../docs/api.md");
    let row = document.lines().find(|line| line.starts_with(&format!("| {role} |"))).expect("the row of the role");
    let spans = row.split('`').skip(1).step_by(2);
    spans.filter(|span| span.contains(" /")).map(str::to_owned).collect()
}

/// The same store by a token of that role.
pub(super) async fn with_role(shop: &TestShop, role: &str) -> TestShop {
    let ask = json!({ "app_id": shop.app_id, "app_secret": SECRET, "role": role });
    let issued = shop.anonymous().post("/store/token", ask).await.expect(201);
    assert_eq!(issued["role"], role);
    shop.with("ACCESS-TOKEN", &issued.text("/token"))
}

async fn ask(shop: &TestShop, operation: &Operation<'_>, path: &str, body: &Value) -> Answer {
    shop.send(operation.method, path, body.clone()).await
}

fn is_refused(answer: &Answer) -> bool {
    matches!(answer.status, 401 | 403) && answer.body["error"] != "CUSTOMER_IS_NOT_CONFIRMED"
}

/// Those that want a token.
async fn guarded() -> Vec<Operation<'static>> {
    let contract = Contract::get(&crate::support::Server::shared().url).await;
    contract.operations().into_iter().filter(|operation| !operation.is_open()).collect()
}

#[tokio::test]
async fn the_document_and_the_table_name_the_same_roles() {
    let (window, own) = (row("`storefront`"), row("`storefront`, with the customer's token"));
    assert!(window.len() > 5 && own.len() > 25, "{window:?} {own:?}");
    let mut named = BTreeSet::new();
    for operation in guarded().await {
        let name = operation.to_string();
        let mut roles = vec!["admin"];
        roles.extend((operation.method == "GET").then_some("auditor"));
        roles.extend((window.contains(&name) || own.contains(&name)).then_some("storefront"));
        assert_eq!(operation.spec["x-roles"], json!(roles), "{name}");
        let ways = operation.spec["security"].as_array().into_iter().flatten();
        let by_customer = ways.filter(|way| way.get("customerToken").is_some()).count();
        assert_eq!(by_customer, usize::from(own.contains(&name)), "{name}");
        named.insert(name);
    }
    assert!(window.is_subset(&named) && own.is_subset(&named), "the table names what there is not");
}

#[tokio::test]
async fn an_auditors_token_reads_everything_and_writes_nothing() {
    let world = World::new().await;
    let auditor = with_role(&world.shop, "auditor").await;
    for operation in guarded().await {
        let case = world.case(&operation).await.unwrap_or_else(|| panic!("{operation} is in no case"));
        let answer = ask(&auditor, &operation, &case.path, &case.body).await;
        match operation.method {
            "GET" => assert!(!is_refused(&answer), "{operation}: {}", answer.body),
            _ => drop(answer.problem(403, "FORBIDDEN")),
        }
    }
}

#[tokio::test]
async fn a_storefronts_token_does_what_a_shop_window_needs() {
    let world = World::new().await;
    let window = with_role(&world.shop, "storefront").await;
    let stranger = window.post("/customer", new_customer(json!({}))).await.expect(201).text("/customer_token");
    let (open, owned) = (row("`storefront`"), row("`storefront`, with the customer's token"));
    for operation in guarded().await {
        let name = operation.to_string();
        let case = world.case(&operation).await.unwrap_or_else(|| panic!("{operation} is in no case"));
        let by = async |shop: &TestShop| ask(shop, &operation, &case.path, &case.body).await;
        if open.contains(&name) {
            assert!(!is_refused(&by(&window).await), "{operation}");
        } else if owned.contains(&name) {
            by(&window).await.problem(401, "CUSTOMER_UNAUTHORIZED");
            for wrong in ["nonsense", "clc_nonsense"] {
                by(&window.with("CUSTOMER-TOKEN", wrong)).await.problem(401, "CUSTOMER_UNAUTHORIZED");
            }
            let of_another = by(&window.with("CUSTOMER-TOKEN", &stranger)).await;
            match name.as_str() {
                // Its path is about nobody: another one's email is nobody's.
                "PUT /customer/logout" => drop(of_another.problem(404, "CUSTOMER_NOT_FOUND")),
                _ => drop(of_another.problem(401, "CUSTOMER_UNAUTHORIZED")),
            }
            let right = by(&window.with("CUSTOMER-TOKEN", &log_in(&world, &window, &case.path).await)).await;
            assert!(!is_refused(&right), "{operation}: {}", right.body);
        } else {
            let own = log_in(&world, &window, "").await;
            by(&window.with("CUSTOMER-TOKEN", &own)).await.problem(403, "FORBIDDEN");
        }
    }
}

/// A token of the customer whom the path is about, or of the world's; anew, as some operations end it.
async fn log_in(world: &World, window: &TestShop, path: &str) -> String {
    let customer = path.split('/').nth(2).filter(|part| part.len() == 36).unwrap_or(&world.customer);
    let email = world.shop.get(&format!("/customer/{customer}")).await.expect(200).text("/customer/email");
    let login = json!({ "email": email, "password": PASSWORD });
    window.put("/customer/login", login).await.expect(200).text("/customer_token")
}

#[tokio::test]
async fn a_customers_token_ends_with_a_log_out_and_with_another_password() {
    let shop = TestShop::start().await;
    let window = with_role(&shop, "storefront").await;
    let email = new_email();
    let created = window.post("/customer", new_customer(json!({ "email": email }))).await.expect(201);
    let customer = created.text("/customer/customer_id");
    let own = |token: &str| window.with("CUSTOMER-TOKEN", token);
    let path = format!("/customer/{customer}");
    own(&created.text("/customer_token")).get(&path).await.expect(200);
    // Another store's window knows nothing of it.
    let other = with_role(&TestShop::start().await, "storefront").await;
    other
        .with("CUSTOMER-TOKEN", &created.text("/customer_token"))
        .get(&path)
        .await
        .problem(401, "CUSTOMER_UNAUTHORIZED");

    let log_in = |password: &str| window.put("/customer/login", json!({ "email": email, "password": password }));
    let second = log_in(PASSWORD).await.expect(200).text("/customer_token");
    own(&second).put("/customer/logout", json!({ "email": email })).await.expect(200);
    for ended in [created.text("/customer_token"), second] {
        own(&ended).get(&path).await.problem(401, "CUSTOMER_UNAUTHORIZED");
    }
    let third = log_in(PASSWORD).await.expect(200).text("/customer_token");
    own(&third).put(&path, json!({ "password": "another one" })).await.expect(200);
    own(&third).get(&path).await.problem(401, "CUSTOMER_UNAUTHORIZED");
    let fourth = log_in("another one").await.expect(200).text("/customer_token");
    own(&fourth).get(&path).await.expect(200);
    // Whoever runs the shop needs none.
    shop.get(&path).await.expect(200);
    shop.delete(&path).await.expect(204);
    own(&fourth).get(&path).await.problem(401, "CUSTOMER_UNAUTHORIZED");
}

#[tokio::test]
async fn a_token_is_shown_once_and_to_a_shop_window_alone() {
    let shop = TestShop::start().await;
    let window = with_role(&shop, "storefront").await;
    let email = new_email();
    let sign_up = new_customer(json!({ "email": email }));
    let keyed = window.keyed("sign-up");
    assert!(keyed.post("/customer", sign_up.clone()).await.expect(201).body["customer_token"].is_string());
    let repeated = keyed.post("/customer", sign_up).await.expect(201);
    assert_eq!(repeated.header("idempotent-replayed"), Some("true"));
    assert_eq!(repeated.body["customer_token"], Value::Null);
    let login = json!({ "email": email, "password": PASSWORD });
    let keyed = window.keyed("log-in");
    assert!(keyed.put("/customer/login", login.clone()).await.expect(200).body["customer_token"].is_string());
    assert_eq!(keyed.put("/customer/login", login.clone()).await.expect(200).body["customer_token"], Value::Null);
    assert_eq!(shop.put("/customer/login", login).await.expect(200).body["customer_token"], Value::Null);
    shop.post("/customer", new_customer(json!({}))).await.expect(201);
}

#[tokio::test]
async fn a_shop_window_is_not_told_what_stands_in_a_mail() {
    let shop = TestShop::start().await;
    let window = with_role(&shop, "storefront").await;
    let created = window.post("/customer", new_customer(json!({}))).await.expect(201);
    let own = window.with("CUSTOMER-TOKEN", &created.text("/customer_token"));
    let path = format!("/customer/{}/send_confirmation", created.text("/customer/customer_id"));
    assert_eq!(own.put(&path, Value::Null).await.expect(200)["result"], "ok");
    // Who runs the shop is, where there is no mail server.
    assert_ne!(shop.put(&path, Value::Null).await.expect(200)["result"], "ok");
}

#[tokio::test]
async fn a_role_or_a_name_that_there_is_not_is_named() {
    let shop = TestShop::unchanged().await;
    let ask = |field: &str, value: Value| {
        let mut ask = json!({ "app_id": shop.app_id, "app_secret": SECRET });
        ask[field] = value;
        ask
    };
    for (field, value) in [
        ("role", json!("owner")),
        ("role", json!(null)),
        ("name", json!("")),
        ("name", json!("x".repeat(101))),
        ("name", json!("a\u{1b}[2J")),
    ] {
        shop.post("/store/token", ask(field, value)).await.refuses(&[&format!("#/{field}")]);
    }
}
