//! How answers are encoded: as the client likes best, or as they are.

use crate::support::TestShop;
use flate2::read::GzDecoder;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use std::io::Read;

async fn get(shop: &TestShop, path: &str, accept: &str) -> (HeaderMap, Vec<u8>) {
    let mut request =
        reqwest::Client::builder().no_proxy().build().expect("a client").get(format!("{}{path}", shop.url));
    for (name, value) in shop.sent_headers() {
        request = request.header(name, value);
    }
    let answer = request.header("Accept-Encoding", accept).send().await.expect("an answer");
    (answer.headers().clone(), answer.bytes().await.expect("a body").to_vec())
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What a compressed body says.
pub fn decoded(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "gzip" => drop(GzDecoder::new(body).read_to_end(&mut plain).expect("it is gzip")),
        "br" => drop(brotli::Decompressor::new(body, 4_096).read_to_end(&mut plain).expect("it is Brotli")),
        "zstd" => plain = zstd::decode_all(body).expect("it is zstd"),
        other => panic!("{other} was not asked for"),
    }
    plain
}

#[tokio::test]
async fn an_answer_comes_in_the_coding_that_was_asked_for() {
    let shop = TestShop::start().await;
    let path = format!("/product/{}", shop.product_with(json!({ "description": "Leaves. ".repeat(500) })).await);
    let (headers, plain) = get(&shop, &path, "identity").await;
    assert_eq!(header(&headers, "content-encoding"), None);
    let tag = header(&headers, "etag").expect("a tag").to_owned();
    for coding in ["gzip", "br", "zstd"] {
        let (headers, body) = get(&shop, &path, coding).await;
        assert_eq!(header(&headers, "content-encoding"), Some(coding));
        let vary = header(&headers, "vary").map(str::to_lowercase);
        assert!(vary.is_some_and(|vary| vary.contains("accept-encoding")), "{headers:?}");
        assert!(body.len() < plain.len() / 4 && decoded(coding, &body) == plain, "{coding}");
        // Not the same byte by byte: a weak tag, which is as good for asking again.
        let weak = header(&headers, "etag").expect("a tag");
        assert_eq!(weak, format!("W/{tag}"));
        assert_eq!(shop.with("If-None-Match", weak).get(&path).await.expect(304).must_have("etag"), tag);
    }
    shop.with("If-Match", &format!("W/{tag}")).put(&path, json!({ "title": "Assam" })).await.expect(200);
    let (headers, body) = get(&shop, &path, "br;q=0.5, gzip;q=0.1, identity;q=0").await;
    assert_eq!(header(&headers, "content-encoding"), Some("br"));
    let product: Value = serde_json::from_slice(&decoded("br", &body)).expect("JSON");
    assert_eq!(product["product"]["title"], "Assam");
    let (headers, _) = get(&shop, "/store", "gzip, br, zstd").await;
    assert_eq!(header(&headers, "content-encoding"), None, "what is small stays as it is");
}
