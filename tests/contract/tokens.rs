//! Who a request comes from (api.md §1, Authentication, and §2).

use crate::support::{PASSWORD, SECRET, Server, TestShop, new_email};
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_is_issued_for_the_apps_secret_and_nothing_else() {
    let shop = TestShop::start().await;
    let ask = |app_id: &str, secret: &str| json!({ "app_id": app_id, "app_secret": secret });
    let issued = shop.anonymous().post("/store/token", ask(&shop.app_id, SECRET)).await.expect(201);
    assert!(issued.text("/token").len() > 30);
    let history = shop.get("/store/history?limit=250").await.expect(200);
    let last = history["events"].as_array().and_then(|events| events.last()).expect("an event").clone();
    assert_eq!(last["type"], "StoreTokenIssued");
    // The event stands in the log a moment after the token was made.
    let lives = time(&issued["expires_at"]) - time(&last["occurred_at"]);
    assert_eq!((lives + chrono::TimeDelta::minutes(1)).num_hours(), 24);

    let wrong =
        shop.post("/store/token", ask(&shop.app_id, "a wrong secret")).await.problem(401, "INVALID_CREDENTIALS");
    let unknown = shop.post("/store/token", ask("nobody", SECRET)).await.problem(401, "INVALID_CREDENTIALS");
    assert_eq!(wrong.body, unknown.body, "the answers tell which of the two was wrong");
    shop.post("/store/token", json!({ "app_id": shop.app_id })).await.refuses(&["#/app_secret"]);
}

fn time(value: &Value) -> chrono::DateTime<chrono::Utc> {
    value.as_str().and_then(|text| text.parse().ok()).expect("an RFC 3339 time")
}

#[tokio::test]
async fn whoever_does_not_say_who_it_is_is_not_let_in() {
    let (shop, other) = (TestShop::unchanged().await, TestShop::start().await);
    let token = shop.token().await;
    let strangers = [
        shop.anonymous(),
        shop.without("APP-ID"),
        shop.without("ACCESS-TOKEN"),
        shop.with("APP-ID", ""),
        shop.with("ACCESS-TOKEN", ""),
        shop.with("APP-ID", "nobody"),
        shop.with("APP-ID", &other.app_id),
        other.with("ACCESS-TOKEN", &token),
        shop.with("ACCESS-TOKEN", "nonsense"),
        shop.with("ACCESS-TOKEN", &format!("{token}x")),
        shop.with("ACCESS-TOKEN", &token[..token.len() - 1]),
        shop.with("ACCESS-TOKEN", &token.to_lowercase()),
        shop.with("ACCESS-TOKEN", SECRET),
    ];
    for stranger in strangers {
        stranger.get("/store").await.problem(401, "UNAUTHORIZED");
        stranger.post("/product", Value::Null).await.problem(401, "UNAUTHORIZED");
    }
    other.get("/store").await.expect(200);
}

#[tokio::test]
async fn what_needs_no_credentials_works_without_and_with_wrong_ones() {
    let shop = TestShop::unchanged().await;
    for stranger in [shop.anonymous(), shop.with("ACCESS-TOKEN", "nonsense")] {
        for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/docs"] {
            stranger.get(path).await.expect(200);
        }
        stranger.put("/customer/confirm/nonsense", Value::Null).await.problem(404, "CONFIRMATION_NOT_FOUND");
        stranger.token().await;
        stranger.post("/store", json!({})).await.problem(400, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn a_new_token_leaves_earlier_ones_valid_and_each_is_revoked_by_itself() {
    let shop = TestShop::start().await;
    let (second, third) =
        (shop.with("ACCESS-TOKEN", &shop.token().await), shop.with("ACCESS-TOKEN", &shop.token().await));
    for client in [&shop, &second, &third] {
        client.get("/store").await.expect(200);
    }
    second.delete("/store/token").await.expect(204);
    second.get("/store").await.problem(401, "UNAUTHORIZED");
    third.delete("/store/token?all=false").await.expect(204);
    third.get("/store").await.problem(401, "UNAUTHORIZED");
    shop.get("/store").await.expect(200);
}

#[tokio::test]
async fn all_tokens_can_be_revoked_together() {
    let shop = TestShop::start().await;
    let second = shop.with("ACCESS-TOKEN", &shop.token().await);
    second.delete("/store/token?all=maybe").await.refuses(&["#/all"]);
    second.delete("/store/token?all=true").await.expect(204);
    for client in [&shop, &second] {
        client.get("/store").await.problem(401, "UNAUTHORIZED");
    }
    shop.with("ACCESS-TOKEN", &shop.token().await).get("/store").await.expect(200);
}

#[tokio::test]
async fn the_oldest_token_goes_when_a_thousand_newer_ones_were_issued() {
    let shop = TestShop::start().await;
    let second = shop.with("ACCESS-TOKEN", &shop.token().await);
    // The shop's own is the oldest; with the second one there are two.
    let more = |count: usize| futures::future::join_all((0..count).map(|_| shop.token()));
    for _ in 0..9 {
        more(110).await;
    }
    more(8).await;
    shop.get("/store").await.expect(200);
    more(1).await;
    shop.get("/store").await.problem(401, "UNAUTHORIZED");
    second.get("/store").await.expect(200);
}

#[tokio::test]
async fn no_secret_is_in_any_file_and_no_person_in_the_log() {
    let data = tempfile::tempdir().expect("a directory");
    // What is kept in engines is none of these files.
    let mut server = Server::on_files(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let (token, email) = (shop.token().await, new_email());
    let customer = shop.unconfirmed_with(json!({ "email": email, "last_name": "Lovelace-Byron" })).await;
    let confirmation = shop.confirmation(&customer).await;
    shop.put("/customer/login", json!({ "email": email, "password": PASSWORD })).await.expect(200);
    std::process::Command::new("kill").arg(server.pid().to_string()).status().expect("kill runs");
    server.wait();
    let files = std::fs::read_dir(data.path()).expect("the files").map(|file| file.expect("a file").path());
    let mut seen = 0;
    for file in files.filter(|file| file.is_file()) {
        seen += 1;
        let bytes = std::fs::read(&file).expect("its bytes");
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        for secret in [SECRET, PASSWORD, &token, &confirmation] {
            assert!(!has(secret), "{secret} is in {}", file.display());
        }
        let is_log = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log"));
        assert!(!is_log || !(has(&email) || has("Lovelace-Byron")), "a person in {}", file.display());
    }
    assert!(seen >= 4, "{seen} files");
}

#[tokio::test]
async fn no_secret_is_in_any_answer_but_the_one_that_issues_the_token() {
    let shop = TestShop::start().await;
    let token = shop.token().await;
    let customer = shop.customer().await;
    shop.put(&format!("/customer/{customer}"), json!({ "password": "a new one" })).await.expect(200);
    let confirmation = shop.confirmation(&customer).await;
    let mut answers = String::new();
    for path in [
        "/store".to_owned(),
        "/store/history?limit=250".to_owned(),
        format!("/customer/{customer}"),
        format!("/customer/{customer}/history?limit=250"),
        format!("/customer/{customer}/snapshot"),
        "/metrics".to_owned(),
    ] {
        answers.push_str(&shop.get(&path).await.expect(200).body.to_string());
    }
    assert!(answers.contains("StoreCreated") && answers.contains("CustomerCreated"), "{answers}");
    for secret in [SECRET, PASSWORD, "a new one", token.as_str(), confirmation.as_str(), "argon2"] {
        assert!(!answers.contains(secret), "{secret} is in an answer");
    }
}
