//! What happens before a client is known (api.md §1): headers first, then the body, and that within bounds.

use crate::support::{Server, TestShop, new_product};
use futures::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request by hand, up to the end of its head.
async fn begin(shop: &TestShop, server: &Server, line: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    let credentials: String = shop
        .sent_headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\r\n", String::from_utf8_lossy(value)))
        .collect();
    let head = format!("{line} HTTP/1.1\r\n{headers}{credentials}\r\n");
    stream.write_all(head.as_bytes()).await.expect("it takes the head");
    stream
}

/// The first line that comes.
async fn status(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await.expect("an answer"));
    }
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

#[tokio::test]
async fn a_stranger_is_refused_before_a_body_is_asked_for_or_waited_for() {
    let server = Server::start();
    let shop = TestShop::on(&server).await;
    let stranger = shop.with("ACCESS-TOKEN", "nonsense");
    let headers = "Host: shop\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n";
    // Not a byte of the body is ever sent.
    let mut stream = begin(&stranger, &server, "POST /product", headers).await;
    assert_eq!(status(&mut stream).await, "HTTP/1.1 401 Unauthorized");
    let awaiting = format!("{headers}Expect: 100-continue\r\n");
    let mut stream = begin(&stranger, &server, "POST /product", &awaiting).await;
    assert_eq!(status(&mut stream).await, "HTTP/1.1 401 Unauthorized");
    let mut stream = begin(&shop, &server, "POST /nowhere", &awaiting).await;
    assert_eq!(status(&mut stream).await, "HTTP/1.1 404 Not Found");
    let mut stream = begin(&shop, &server, "POST /product", &awaiting).await;
    assert_eq!(status(&mut stream).await, "HTTP/1.1 100 Continue");
}

#[tokio::test]
async fn who_is_refused_while_still_sending_gets_the_answer() {
    let shop = TestShop::unchanged().await.with("Content-Type", "application/json");
    let body = vec![b' '; 900 * 1024];
    shop.with("ACCESS-TOKEN", "nonsense")
        .send_bytes("POST", "/product", body.clone())
        .await
        .problem(401, "UNAUTHORIZED");
    shop.send_bytes("POST", "/nowhere", body.clone()).await.problem(404, "NOT_FOUND");
    shop.send_bytes("PATCH", "/product", body.clone()).await.problem(405, "METHOD_NOT_ALLOWED");
    shop.anonymous().send_bytes("POST", "/store", body).await.problem(413, "TOO_LARGE");
}

#[tokio::test]
async fn bodies_that_break_off_half_way_hold_no_more_than_there_is_for_all() {
    const MIB: usize = 1024 * 1024;
    let server = Server::start_with(&["--body-memory", "2"]);
    let shop = TestShop::on(&server).await;
    let headers = "Host: shop\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n";
    let half = vec![b' '; MIB / 2];
    let mut streams = join_all((0..20).map(|_| begin(&shop, &server, "POST /product", headers))).await;
    let sending = join_all(streams.iter_mut().map(|stream| stream.write_all(&half)));
    let held = async {
        loop {
            let metrics = shop.get("/metrics").await.expect(200);
            let text = metrics.body.as_str().expect("text").to_owned();
            let line = text.lines().find_map(|line| line.strip_prefix("cartlog_request_body_bytes "));
            let held: usize = line.and_then(|held| held.parse().ok()).expect("the gauge");
            assert!(held <= 2 * MIB, "{held} bytes");
            if held > MIB {
                break;
            }
        }
    };
    // Those that find no room are refused, and read on as far as they send.
    futures::future::join(sending, held).await;
    drop(streams);
    let mut made = shop.post("/product", new_product(json!({}))).await;
    while made.status == 503 {
        made = shop.post("/product", new_product(json!({}))).await;
    }
    made.expect(201);
}

#[tokio::test]
async fn a_request_of_http_1_1_names_its_host_once() {
    let server = Server::start();
    let shop = TestShop::on(&server).await;
    for (hosts, wanted) in [
        ("Host: shop\r\n", "HTTP/1.1 200 OK"),
        ("", "HTTP/1.1 400 Bad Request"),
        ("Host: shop\r\nHost: shop\r\n", "HTTP/1.1 400 Bad Request"),
        ("Host: shop\r\nHost: other\r\n", "HTTP/1.1 400 Bad Request"),
    ] {
        let mut stream = begin(&shop, &server, "GET /store", hosts).await;
        assert_eq!(status(&mut stream).await, wanted, "{hosts:?}");
    }
    let mut stream = TcpStream::connect(server.address()).await.expect("a connection");
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await.expect("it takes the head");
    assert_eq!(status(&mut stream).await, "HTTP/1.0 200 OK");
}
