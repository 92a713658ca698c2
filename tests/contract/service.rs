//! What the server says of itself (api.md §12).

use crate::support::TestShop;
use serde_json::{Value, json};

#[tokio::test]
async fn the_process_lives_and_is_ready() {
    let shop = TestShop::unchanged().await.anonymous();
    assert_eq!(shop.get("/healthz").await.expect(200).body, json!({ "result": "ok" }));
    assert_eq!(shop.get("/readyz").await.expect(200).body, json!({ "result": "ok", "degraded": [] }));
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/docs"] {
        shop.send("HEAD", path, Value::Null).await.expect(200);
        shop.get(&format!("{path}/")).await.expect(200);
    }
}

#[tokio::test]
async fn metrics_are_in_prometheus_text_and_name_routes_not_ids() {
    let shop = TestShop::start().await;
    let product = shop.product(1, 1).await;
    shop.get(&format!("/product/{product}")).await.expect(200);
    shop.get("/nonsense").await.problem(404, "NOT_FOUND");
    let answer = shop.get("/metrics").await.expect(200);
    assert!(answer.must_have("content-type").starts_with("text/plain; version=0.0.4"));
    let metrics = answer.body.as_str().expect("text");
    for line in metrics.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(name.starts_with(|first: char| first.is_ascii_alphabetic()), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    for wanted in [
        "cartlog_commands_total{",
        "command=\"create_product\"",
        "cartlog_append_seconds",
        "cartlog_http_requests_total{",
        "route=\"/product/{product_id}\"",
        "route=\"none\"",
    ] {
        assert!(metrics.contains(wanted), "{wanted} is not in\n{metrics}");
    }
    assert!(metrics.lines().any(|line| line.contains("lag")), "{metrics}");
    assert!(!metrics.contains(&product) && !metrics.contains("nonsense"));
}

#[tokio::test]
async fn the_documentation_works_without_a_network() {
    let shop = TestShop::unchanged().await.anonymous();
    for (page, base) in [("/docs", "/"), ("/docs/", "/docs/")] {
        let answer = shop.get(page).await.expect(200);
        assert!(answer.must_have("content-type").starts_with("text/html"));
        let html = answer.body.as_str().expect("a page");
        assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("//cdn"), "{html}");
        let policy = answer.must_have("content-security-policy");
        assert!(policy.contains("default-src 'self'"), "{policy}");
        let references: Vec<_> = html.split(['"', '\'']).filter(|part| part.starts_with("./")).collect();
        assert!(references.len() >= 4, "{references:?}");
        for reference in references {
            let path = format!("{base}{}", reference.trim_start_matches("./")).replace("/docs/../", "/");
            let asset = shop.get(&path).await.expect(200);
            let wanted = match path.rsplit('.').next() {
                Some("js") => "javascript",
                Some("css") => "css",
                Some("png") => "png",
                _ => "json",
            };
            assert!(asset.must_have("content-type").contains(wanted), "{path}");
        }
    }
    for missing in ["/docs/nothing.js", "/docs/..%2f..%2fetc%2fpasswd", "/docs/%ff", "/docs/a/b"] {
        shop.get(missing).await.problem(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_path_that_nobody_has_is_a_404() {
    let shop = TestShop::unchanged().await;
    for path in
        ["/", "/nonsense", "/store/nonsense", "/product/a/b", "/customer/a/b/c", "/streaming", "/Product", "/STORE"]
    {
        shop.get(path).await.problem(404, "NOT_FOUND");
        shop.anonymous().post(path, json!({})).await.problem(404, "NOT_FOUND");
    }
}
