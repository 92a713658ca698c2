//! Who may create a store (api.md §1, Operators): everybody, or where sign-up is closed whoever operates the server.

use crate::cli::run::on;
use crate::support::{Answer, SECRET, Server, TestShop, new_app_id, new_store};
use serde_json::{Value, json};

const CLOSED: [&str; 2] = ["--sign-up", "closed"];

/// A token of the server's, as `cartlog token create` makes it.
fn token(server: &Server, more: &[&str]) -> Value {
    on(server.data(), &[&["token", "create", "--json", "--name", "Grace"], more].concat()).json()
}

fn text(token: &Value) -> String {
    format!("Bearer {}", token["token"].as_str().expect("the token"))
}

async fn create(client: &TestShop) -> Answer {
    client.post("/store", new_store(&new_app_id(), json!({}))).await
}

#[track_caller]
fn is_unauthorized(answer: Answer) {
    let answer = answer.problem(401, "OPERATOR_UNAUTHORIZED");
    assert!(answer.must_have("www-authenticate").starts_with("Bearer "), "{:?}", answer.headers);
}

#[tokio::test]
async fn where_sign_up_is_closed_only_an_operator_creates_stores() {
    let server = Server::start_with(&CLOSED);
    let nobody = TestShop::nobody(&server.url).await;
    let (operator, auditor) = (token(&server, &[]), token(&server, &["--role", "auditor"]));
    is_unauthorized(create(&nobody).await);
    // What is wrong with the request is nobody's business who may not.
    is_unauthorized(nobody.post("/store?nonsense=1", json!({})).await);
    for wrong in ["Bearer clo_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Basic Z3JhY2U6aG9wcGVy", "Bearer"] {
        is_unauthorized(create(&nobody.with("Authorization", wrong)).await);
    }
    let refused = create(&nobody.with("Authorization", &text(&auditor))).await.problem(403, "FORBIDDEN");
    assert!(refused.text("/detail").contains("auditor"), "{}", refused.body);

    let app_id = new_app_id();
    let grace = nobody.with("Authorization", &text(&operator));
    grace.post("/store", new_store(&app_id, json!({}))).await.expect(201);
    grace.post("/store", json!({})).await.refuses(&["#/name", "#/app_id", "#/app_secret"]);
    // The scheme has no case.
    create(&nobody.with("Authorization", &text(&operator).replace("Bearer", "bearer"))).await.expect(201);

    // All else of a store needs no operator, and no store's token makes one.
    let shop = TestShop::of(&server, &app_id).await;
    let store = shop.token().await;
    shop.get("/store").await.expect(200);
    is_unauthorized(create(&shop).await);
    is_unauthorized(create(&shop.with("Authorization", &format!("Bearer {store}"))).await);
    shop.with("ACCESS-TOKEN", &text(&operator).replace("Bearer ", "")).get("/store").await.problem(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_token_that_is_revoked_or_has_expired_creates_no_store() {
    let server = Server::start_with(&CLOSED);
    let nobody = TestShop::nobody(&server.url).await;
    let (lost, kept) = (token(&server, &[]), token(&server, &[]));
    let lost_client = nobody.with("Authorization", &text(&lost));
    create(&lost_client).await.expect(201);
    on(server.data(), &["token", "revoke", lost["token_id"].as_str().expect("an id")]).succeeded();
    is_unauthorized(create(&lost_client).await);
    create(&nobody.with("Authorization", &text(&kept))).await.expect(201);
    // By the time the answer to its maker is read it is over.
    is_unauthorized(create(&nobody.with("Authorization", &text(&token(&server, &["--expires", "1ms"])))).await);
}

#[tokio::test]
async fn a_key_answers_nobody_who_may_not_create_a_store() {
    let server = Server::start_with(&CLOSED);
    let nobody = TestShop::nobody(&server.url).await.keyed("once");
    let new = new_store(&new_app_id(), json!({}));
    is_unauthorized(nobody.post("/store", new.clone()).await);
    let operator = token(&server, &[]);
    let grace = nobody.with("Authorization", &text(&operator));
    let made = grace.post("/store", new.clone()).await.expect(201);
    let again = grace.post("/store", new.clone()).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &made.body));
    is_unauthorized(nobody.post("/store", new.clone()).await);
    on(server.data(), &["token", "revoke", operator["token_id"].as_str().expect("an id")]).succeeded();
    is_unauthorized(grace.post("/store", new).await);
}

#[tokio::test]
async fn who_tries_operators_tokens_is_told_to_wait_and_who_has_one_is_not() {
    // Four at once.
    let server = Server::start_with(&["--anonymous-rate-limit", "2", "--sign-up", "closed"]);
    let nobody = TestShop::nobody(&server.url).await;
    let grace = nobody.from("127.0.0.2").with("Authorization", &text(&token(&server, &[])));
    for client in [nobody.clone(), nobody.with("Authorization", "Bearer clo_wrong").from("127.0.0.3")] {
        let mut limited = false;
        for _ in 0..20 {
            let answer = create(&client).await;
            match answer.status {
                429 => limited = true,
                _ => is_unauthorized(answer),
            }
        }
        assert!(limited, "nothing limits it");
    }
    for _ in 0..10 {
        create(&grace).await.expect(201);
    }
}

#[tokio::test]
async fn where_sign_up_is_open_no_operators_token_is_looked_at() {
    let nobody = TestShop::nobody(&Server::shared().url).await;
    create(&nobody.with("Authorization", "Bearer clo_wrong")).await.expect(201);
    let credentials = json!({ "app_id": new_app_id(), "app_secret": SECRET });
    nobody.post("/store/token", credentials).await.problem(401, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn the_document_names_the_operators_token_where_it_may_be_asked_for() {
    let contract = TestShop::unchanged().await.contract();
    let scheme = &contract.document["components"]["securitySchemes"]["operatorToken"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));
    for operation in contract.operations() {
        let asks = operation.spec["security"].to_string().contains("operatorToken");
        let refuses = operation.errors().contains(&"OPERATOR_UNAUTHORIZED");
        assert_eq!([asks, refuses], [operation.to_string() == "POST /store"; 2], "{operation}");
    }
    let create = contract.operation("POST", "/store").expect("it is there");
    assert_eq!(create.spec["security"], json!([{}, { "operatorToken": [] }]));
    assert!(create.errors().contains(&"FORBIDDEN"));
}
