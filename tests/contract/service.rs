//! What the server says of itself (api.md §12).

use crate::support::TestShop;
use serde_json::{Value, json};

#[tokio::test]
async fn the_process_lives_and_is_ready() {
    let shop = TestShop::unchanged().await.anonymous();
    assert_eq!(shop.get("/healthz").await.expect(200).body, json!({ "result": "ok" }));
    for path in ["/readyz", "/readyz?for=commands", "/readyz?for=queries"] {
        let ready = shop.get(path).await.expect(200);
        assert_eq!(ready["result"], "ok", "{:#}", ready.body);
        let parts = ready["parts"].as_array().expect("parts");
        for name in ["this server", "the event log", "the vault", "the views", "the metric windows", "the disk"] {
            let part =
                parts.iter().find(|part| part["name"] == name).unwrap_or_else(|| panic!("{name}: {:#}", ready.body));
            let well = json!({ "name": name, "state": "ok", "since": part["since"], "reason": null, "stops": [] });
            assert_eq!(part, &well);
        }
    }
    shop.get("/readyz?for=orders").await.problem(400, "VALIDATION_FAILED");
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
    for path in ["/nonsense", "/store/nonsense", "/product/a/b", "/customer/a/b/c", "/streaming", "/Product", "/STORE"]
    {
        shop.get(path).await.problem(404, "NOT_FOUND");
        shop.anonymous().post(path, json!({})).await.problem(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn the_root_leads_browsers_to_the_documentation_and_tells_others_what_there_is() {
    let shop = TestShop::unchanged().await.anonymous();
    let browser = shop.with("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    assert_eq!(browser.get("/").await.expect(307).must_have("location"), "/docs");
    for accept in ["*/*", "application/json", "application/json, text/html;q=0.5"] {
        let told = shop.with("Accept", accept).get("/").await.expect(200);
        assert!(told.must_have("vary").to_lowercase().contains("accept"));
        for link in told["links"].as_array().expect("links") {
            shop.get(link["href"].as_str().expect("an address")).await.expect(200);
        }
    }
    shop.post("/", json!({})).await.problem(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn the_type_of_every_error_leads_to_what_it_means_and_what_to_do() {
    let shop = TestShop::unchanged().await.anonymous();
    let all = shop.get("/errors").await.expect(200);
    let all = all["errors"].as_array().expect("errors");
    let codes = shop.contract().document.pointer("/components/schemas/Problem/properties/error/enum");
    assert_eq!(Some(all.len()), codes.and_then(Value::as_array).map(Vec::len));
    let browser = shop.with("Accept", "text/html");
    for error in all {
        let address = error["type"].as_str().expect("an address");
        assert_eq!(&shop.get(address).await.expect(200)["error"], error);
        let page = browser.get(address).await.expect(200);
        assert!(page.must_have("content-type").starts_with("text/html"), "{address}");
        let (html, code) = (page.body.as_str().expect("a page"), error["error"].as_str().expect("a code"));
        assert!(html.contains(code) && html.contains("What to do"), "{html}");
        assert!(page.must_have("content-security-policy").contains("default-src 'none'"));
    }
    let met = shop.get("/nonsense").await.problem(404, "NOT_FOUND").text("/type");
    assert_eq!(shop.get(&met).await.expect(200)["error"]["error"], "NOT_FOUND");
    for unknown in ["/errors/nonsense", "/errors/NOT_FOUND", "/errors/%ff"] {
        shop.get(unknown).await.problem(404, "NOT_FOUND");
        browser.get(unknown).await.problem(404, "NOT_FOUND");
    }
    assert!(browser.get("/errors").await.expect(200).body.as_str().is_some_and(|page| page.contains("CART_IS_EMPTY")));
}

#[tokio::test]
async fn the_documents_are_kept_by_clients_until_they_change() {
    let shop = TestShop::unchanged().await.anonymous();
    for path in ["/openapi.json", "/asyncapi.json"] {
        let answer = shop.get(path).await.expect(200);
        assert_eq!(answer.must_have("cache-control"), "no-cache", "{path}");
        let tag = answer.must_have("etag").to_owned();
        let kept = shop.with("If-None-Match", &tag).get(path).await.expect(304);
        assert_eq!((kept.must_have("etag"), &kept.body), (&*tag, &Value::Null));
        shop.with("If-None-Match", "\"other\"").get(path).await.expect(200);
    }
}

#[tokio::test]
async fn the_documentation_begins_with_the_first_call_and_ends_with_the_errors() {
    let shop = TestShop::unchanged().await.anonymous();
    for (page, errors) in [("/docs", "./errors/"), ("/docs/", "../errors/")] {
        let answer = shop.get(page).await.expect(200);
        let html = answer.body.as_str().expect("a page");
        let (operations, table) = (html.find("id=\"swagger-ui\""), html.find("id=\"errors\""));
        assert!(operations.is_some() && operations < table, "{html}");
        assert!(html.contains(&format!("href=\"{errors}insufficient-inventory\"")), "{html}");
        for wanted in ["persistAuthorization: true", "name=\"viewport\"", "openapi.json"] {
            assert!(html.contains(wanted), "{wanted}");
        }
    }
    let text = shop.contract().document["info"]["description"].as_str().expect("a description");
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words}"));
    assert!(place("curl $api/store ") < place("curl $api/store/token"));
    assert!(place("curl $api/store/token") < place("**Authorize**"));
    assert!(place("**Authorize**") < place("<details>"));
}
