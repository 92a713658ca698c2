//! HTTP/2 in clear text, by prior knowledge, as proxies and meshes speak it to what is behind them.

use crate::support::{Server, TestShop, new_product};
use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// A client on one connection, which ends with the test.
async fn connect(server: &Server) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(server.address()).await.expect("a connection");
    let (client, connection) = h2::client::handshake(stream).await.expect("it speaks HTTP/2");
    tokio::spawn(connection);
    client
}

fn request(server: &Server, shop: &TestShop, method: &str, path: &str) -> http::request::Builder {
    let request = Request::builder().method(method).uri(format!("{}{path}", server.url));
    shop.sent_headers().into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// Sends it with a body, and reads the answer.
async fn send(
    client: &SendRequest<Bytes>,
    request: http::request::Builder,
    body: &str,
) -> (StatusCode, HeaderMap, Value) {
    let mut client = client.clone().ready().await.expect("it takes requests");
    let request = request.header("Content-Type", "application/json").body(()).expect("a request");
    let (answer, mut sending) = client.send_request(request, body.is_empty()).expect("it takes the head");
    if !body.is_empty() {
        sending.send_data(Bytes::copy_from_slice(body.as_bytes()), true).expect("it takes the body");
    }
    let (head, mut body) = answer.await.expect("an answer").into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.expect("a piece of the body");
        body.flow_control().release_capacity(data.len()).expect("it was received");
        bytes.extend_from_slice(&data);
    }
    (head.status, head.headers, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn the_api_answers_many_requests_at_once_on_one_connection() {
    let server = Server::start();
    let shop = TestShop::on(&server).await;
    let client = connect(&server).await;
    let body = new_product(json!({ "inventory": 7 })).to_string();
    let create = |_: usize| send(&client, request(&server, &shop, "POST", "/product"), &body);
    let created = futures::future::join_all((0..50).map(create)).await;
    assert!(created.iter().all(|(status, ..)| *status == StatusCode::CREATED));
    let location = created[0].1["location"].to_str().expect("a path").to_owned();
    let (status, headers, product) = send(&client, request(&server, &shop, "GET", &location), "").await;
    assert_eq!((status, &product["product"]["inventory"]), (StatusCode::OK, &json!(7)));
    assert!(headers.contains_key("etag") && headers.contains_key("x-request-id"));
    // More than what is taken before somebody reads it.
    let large = new_product(json!({ "description": "x".repeat(9_000) })).to_string() + &" ".repeat(500_000);
    assert_eq!(send(&client, request(&server, &shop, "POST", "/product"), &large).await.0, StatusCode::CREATED);
    assert_eq!(shop.get("/product/count").await["count"], 51);
    // The other protocol on the same port.
    shop.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn strangers_get_as_little_as_by_http_1() {
    let server = Server::start();
    let shop = TestShop::on(&server).await;
    let client = connect(&server).await;
    let mut ready = client.clone().ready().await.expect("it takes requests");
    let stranger =
        request(&server, &shop.with("ACCESS-TOKEN", "nonsense"), "POST", "/product").body(()).expect("a request");
    // Its body never comes.
    let (answer, _sending) = ready.send_request(stranger, false).expect("it takes the head");
    assert_eq!(answer.await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    let long = request(&server, &shop, "GET", "/store").header("x-long", "x".repeat(100_000));
    let mut ready = client.clone().ready().await.expect("it takes requests");
    let refused = ready.send_request(long.body(()).expect("a request"), true).map(|(answer, _)| answer);
    if let Ok(answer) = refused {
        assert!(!answer.await.is_ok_and(|answer| answer.status().is_success()));
    }
}

#[tokio::test]
async fn a_server_that_stops_answers_what_is_under_way() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let client = connect(&server).await;
    let mut ready = client.clone().ready().await.expect("it takes requests");
    let head = request(&server, &shop, "POST", "/product").header("Content-Type", "application/json");
    let (answer, mut sending) =
        ready.send_request(head.body(()).expect("a request"), false).expect("it takes the head");
    // What came after it on the same connection was answered: it is under way.
    assert_eq!(send(&client, request(&server, &shop, "GET", "/healthz"), "").await.0, StatusCode::OK);
    std::process::Command::new("kill").arg(server.pid().to_string()).status().expect("kill runs");
    while TcpStream::connect(server.address()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    sending.send_data(Bytes::from(new_product(json!({})).to_string()), true).expect("it takes the body");
    assert_eq!(answer.await.expect("an answer").status(), StatusCode::CREATED);
    assert!(server.wait().success());
}
