//! Those without a valid token (api.md §1, Limits): how often an address may ask, and how often an account may be tried wrongly.

use crate::support::{Answer, PASSWORD, SECRET, Server, TestShop, new_app_id, new_store};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};

/// Asks until it is told to wait.
async fn until_limited(ask: impl AsyncFn() -> Answer) -> Answer {
    for _ in 0..20 {
        let answer = ask().await;
        if answer.status == 429 {
            return answer;
        }
    }
    panic!("nothing limits it")
}

async fn is_limited(ask: impl AsyncFn() -> Answer) {
    let limited = until_limited(ask).await.problem(429, "RATE_LIMITED");
    assert!(limited.must_have("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
}

#[tokio::test]
async fn an_address_without_a_valid_token_is_told_to_wait_and_no_other() {
    // Four at once: the store and its token are two of them.
    let server = Server::start_with(&["--anonymous-rate-limit", "2"]);
    let shop = TestShop::on(&server).await;
    let nobody = shop.anonymous();
    is_limited(async || nobody.post("/store", json!({})).await).await;
    is_limited(async || nobody.post("/store/token", json!({})).await).await;
    is_limited(async || nobody.put("/customer/confirm/nonsense", Value::Null).await).await;
    is_limited(async || shop.with("ACCESS-TOKEN", "nonsense").get("/store").await).await;
    is_limited(async || shop.with("ACCESS-TOKEN", "cla_nonsense").get("/store").await).await;
    // Who has a token goes on, and so does what needs none and costs nothing; another address has its own.
    for _ in 0..10 {
        shop.get("/store").await.expect(200);
        nobody.get("/healthz").await.expect(200);
    }
    nobody.from("127.0.0.2").post("/store", new_store(&new_app_id(), json!({}))).await.expect(201);
    // A proxy that nobody trusts says nothing.
    let proxied = nobody.with("X-Forwarded-For", "192.0.2.1");
    is_limited(async || proxied.post("/store", json!({})).await).await;
}

#[tokio::test]
async fn who_asks_with_a_revoked_token_is_limited_too() {
    let server = Server::start_with(&["--anonymous-rate-limit", "2"]);
    let shop = TestShop::on(&server).await;
    let revoked = shop.from("127.0.0.3").with("ACCESS-TOKEN", &shop.from("127.0.0.4").token().await);
    revoked.get("/store").await.expect(200);
    revoked.delete("/store/token").await.expect(204);
    revoked.get("/store").await.problem(401, "UNAUTHORIZED");
    is_limited(async || revoked.get("/store").await).await;
    shop.from("127.0.0.3").get("/store").await.expect(200);
}

#[tokio::test]
async fn a_trusted_proxy_says_whose_request_it_is() {
    let server = Server::start_with(&["--anonymous-rate-limit", "1", "--trust-proxy", "127.0.0.0/8"]);
    let nobody = TestShop::nobody(&server.url).await;
    let ask = async |by: &str| nobody.with("X-Forwarded-For", by).post("/store", json!({})).await;
    is_limited(async || ask("192.0.2.1").await).await;
    // What stands left of it anybody can have written.
    is_limited(async || ask("192.0.2.7, 192.0.2.1").await).await;
    ask("192.0.2.1, 192.0.2.2").await.problem(400, "VALIDATION_FAILED");
    is_limited(async || ask("192.0.2.2, 127.0.0.9").await).await;
    // A network of IPv6 is one client.
    is_limited(async || ask("2001:db8::1").await).await;
    is_limited(async || ask("2001:db8::2").await).await;
    ask("2001:db8:0:1::1").await.problem(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn wrong_secrets_slow_down_whoever_tries_them_and_nobody_else() {
    let server = Server::start_with(&["--wrong-tries", "3"]);
    let (shop, other) = (TestShop::on(&server).await, TestShop::on(&server).await);
    let ask = async |shop: &TestShop, app_id: &str, secret: &str| {
        shop.post("/store/token", json!({ "app_id": app_id, "app_secret": secret })).await
    };
    let attacker = shop.anonymous().from("127.0.0.5");
    for app_id in [shop.app_id.as_str(), "nobody"] {
        for number in 0..3 {
            ask(&attacker, app_id, &format!("wrong {number}")).await.problem(401, "INVALID_CREDENTIALS");
        }
        is_limited(async || ask(&attacker, app_id, "wrong").await).await;
    }
    // Right secrets are not told from wrong ones, but for one that was right lately.
    ask(&attacker, &other.app_id, SECRET).await.expect(201);
    ask(&attacker, &shop.app_id, SECRET).await.expect(201);
    shop.put("/store/secret", json!({ "app_secret": "another secret" })).await.expect(200);
    ask(&attacker, &shop.app_id, "another secret").await.problem(429, "RATE_LIMITED");
    ask(&shop, &shop.app_id, "another secret").await.expect(201);
}

#[tokio::test]
async fn wrong_passwords_slow_down_whoever_tries_them_and_nobody_else() {
    let server = Server::start_with(&["--wrong-tries", "3"]);
    let shop = TestShop::on(&server).await;
    let (ada, bob) = ("ada@example.com", "bob@example.com");
    for email in [ada, bob] {
        shop.unconfirmed_with(json!({ "email": email })).await;
    }
    let log_in = async |shop: &TestShop, email: &str, password: &str| {
        shop.put("/customer/login", json!({ "email": email, "password": password })).await
    };
    for _ in 0..3 {
        log_in(&shop, ada, "wrong").await.problem(401, "INVALID_CREDENTIALS");
    }
    is_limited(async || log_in(&shop, "ADA@example.com", PASSWORD).await).await;
    log_in(&shop, bob, PASSWORD).await.expect(200);
    log_in(&shop.from("127.0.0.6"), ada, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_right_secret_is_verified_while_many_wrong_ones_wait() {
    const WRONG: usize = 150;
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    server.kill();
    // The secret is not known to be right any more.
    let server = Server::on(data.path(), &[]);
    let shop = shop.moved_to(&server);
    let owner = shop.anonymous().from("127.0.0.7");
    owner.get("/healthz").await.expect(200);
    let wrong = |number: usize| {
        let credentials = json!({ "app_id": shop.app_id, "app_secret": format!("wrong {number}") });
        shop.post("/store/token", credentials).map(move |answer| answer.status)
    };
    let mut wrong: FuturesUnordered<_> = (0..WRONG).map(wrong).collect();
    // Hashing goes on, and most of them are there.
    for _ in 0..10 {
        assert_eq!(wrong.next().await, Some(401));
    }
    let right = owner.post("/store/token", json!({ "app_id": shop.app_id, "app_secret": SECRET }));
    tokio::pin!(right);
    let mut before = 0;
    loop {
        tokio::select! {
            biased;
            answer = &mut right => break drop(answer.expect(201)),
            status = wrong.next() => {
                assert_eq!(status, Some(401));
                before += 1;
            }
        }
    }
    assert!(before < WRONG / 2, "{before} wrong ones were served before");
}
