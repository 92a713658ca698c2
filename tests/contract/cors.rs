//! Pages of other origins, as the headers have it (api.md §1, Browsers). What a browser makes of them: `browser`.

use crate::support::{Answer, Server, TestShop};
use serde_json::Value;

const ORIGIN: &str = "https://shop.example";

async fn preflight(shop: &TestShop, origin: &str, method: &str) -> Answer {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client
        .request(reqwest::Method::OPTIONS, format!("{}/product", shop.url))
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", "access-token,app-id,content-type,idempotency-key");
    Answer::read("OPTIONS /product".to_owned(), request.send().await.expect("an answer")).await
}

fn names(answer: &Answer, header: &str) -> Vec<String> {
    let mut names: Vec<_> = answer.must_have(header).split(',').map(|name| name.trim().to_lowercase()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn without_the_setting_no_origin_is_told_anything() {
    let shop = TestShop::unchanged().await;
    let answer = shop.with("Origin", ORIGIN).get("/store").await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(preflight(&shop, ORIGIN, "POST").await.status, 405);
}

#[tokio::test]
async fn an_allowed_origin_may_do_all_that_the_api_takes_and_read_all_that_it_says() {
    let server = Server::start_with(&["--cors-origins", "https://shop.example,http://localhost:3000"]);
    let shop = TestShop::on(&server).await;
    for origin in [ORIGIN, "http://localhost:3000"] {
        let answer = preflight(&shop, origin, "PUT").await.expect(200);
        assert_eq!(answer.must_have("access-control-allow-origin"), origin);
        assert_eq!(names(&answer, "access-control-allow-methods"), ["delete", "get", "head", "post", "put"]);
        let taken = names(&answer, "access-control-allow-headers");
        for header in shop.contract().operations().iter().flat_map(|operation| headers_of(operation.spec)) {
            assert!(taken.contains(&header), "{header} is not allowed: {taken:?}");
        }
        assert!(taken.contains(&"access-token".to_owned()) && taken.contains(&"content-type".to_owned()));
        assert!(answer.header("access-control-max-age").is_some());
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    let answer = shop.with("Origin", ORIGIN).get("/store").await.expect(200);
    assert_eq!(answer.must_have("access-control-allow-origin"), ORIGIN);
    let readable = names(&answer, "access-control-expose-headers");
    for header in [
        "cartlog-as-of-position",
        "cartlog-position",
        "etag",
        "idempotent-replayed",
        "link",
        "location",
        "ratelimit",
        "retry-after",
        "x-request-id",
    ] {
        assert!(readable.contains(&header.to_owned()), "{header} can't be read: {readable:?}");
    }
}

/// The header parameters of an operation.
fn headers_of(spec: &Value) -> Vec<String> {
    let parameters = spec["parameters"].as_array().into_iter().flatten();
    let headers = parameters.filter(|parameter| parameter["in"] == "header");
    headers.filter_map(|header| header["name"].as_str()).map(str::to_lowercase).collect()
}

#[tokio::test]
async fn refusals_are_readable_too_and_caches_keep_origins_apart() {
    let server = Server::start_with(&["--cors-origins", ORIGIN, "--rate-limit", "1"]);
    let shop = TestShop::on(&server).await.with("Origin", ORIGIN);
    let mut answers = vec![
        shop.anonymous().get("/store").await.problem(401, "UNAUTHORIZED"),
        shop.get("/nowhere").await.problem(404, "NOT_FOUND"),
        shop.anonymous().post("/store", Value::Null).await.problem(400, "VALIDATION_FAILED"),
        shop.get("/healthz").await.expect(200),
    ];
    let mut last = shop.get("/store").await;
    while last.status == 200 {
        last = shop.get("/store").await;
    }
    answers.push(last.problem(429, "RATE_LIMITED"));
    for answer in &answers {
        assert_eq!(answer.must_have("access-control-allow-origin"), ORIGIN, "{}", answer.asked);
        let vary: Vec<_> = answer.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect();
        assert!(vary.join(",").to_lowercase().contains("origin"), "{}: {vary:?}", answer.asked);
    }
    let other = shop.with("Origin", "https://evil.example").get("/healthz").await.expect(200);
    assert_eq!(other.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn all_origins_may_be_allowed() {
    let server = Server::start_with(&["--cors-origins", "*"]);
    let shop = TestShop::on(&server).await;
    assert_eq!(preflight(&shop, "https://any.example", "POST").await.must_have("access-control-allow-origin"), "*");
}
