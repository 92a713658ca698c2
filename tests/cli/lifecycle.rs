//! A server's life: it says where it listens, ends gracefully, and comes back with everything.

use super::run::{cartlog, ended, signal};
use crate::support::{Server, TestShop};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

#[tokio::test]
async fn port_0_picks_one_and_says_which() {
    let server = Server::start();
    assert!(server.url.starts_with("http://127.0.0.1:") && !server.url.ends_with(":0"), "{}", server.url);
    let shop = TestShop::on(&server).await;
    shop.get("/healthz").await.expect(200);
    shop.ready().await;
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_graceful_stop_and_after_kill_9() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on(data.path(), &[]);
    let shop = TestShop::on(&server).await;
    let customer = shop.customer().await;
    let first = shop.product(5, 100).await;
    signal(server.pid(), "TERM");
    assert!(server.wait().success());
    assert!(!data.path().join("control.sock").exists());

    let server = Server::on(data.path(), &[]);
    let shop = shop.moved_to(&server);
    shop.add(&customer, &first, 2).await.expect(201);
    server.kill();

    let server = Server::on(data.path(), &[]);
    let shop = shop.moved_to(&server);
    let product = shop.get(&format!("/product/{first}")).await.expect(200);
    assert_eq!((product.number("/product/inventory"), product.number("/product/reserved")), (3, 2));
}

#[tokio::test]
async fn requests_under_way_are_answered_before_the_end() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::on(data.path(), &[]);
    let address = server.url.trim_start_matches("http://").to_owned();
    let body = json!({ "name": "Late", "app_id": "late", "app_secret": "a good secret" }).to_string();
    let mut connection = TcpStream::connect(&address).expect("a connection");
    let head = format!(
        "POST /store HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).expect("it takes the head");
    // With the head read, the server asks for the body: the request is under way.
    let mut interim = [0; 25];
    connection.read_exact(&mut interim).expect("it asks for the body");
    assert!(interim.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&interim));

    signal(server.pid(), "TERM");
    // Stopping has begun once nobody else is let in.
    while TcpStream::connect(&address).is_ok() {
        std::thread::yield_now();
    }
    connection.write_all(body.as_bytes()).expect("it takes the body");
    let mut answer = String::new();
    BufReader::new(connection).read_line(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(server.wait().success());
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let data = tempfile::tempdir().expect("a directory");
    let mut child = cartlog(&["serve", "--listen", "127.0.0.1:0", "--log", "info", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let line = lines.next().expect("a line").expect("a line");
    let address = line.strip_prefix("listening on http://").expect("it says where").to_owned();
    // A request that never ends keeps the graceful stop waiting.
    let mut connection = TcpStream::connect(address).expect("a connection");
    let head = "POST /store HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    connection.write_all(head.as_bytes()).expect("it takes the head");
    connection.read_exact(&mut [0; 25]).expect("it asks for the body");
    signal(child.id(), "INT");
    let mut log = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
    assert!(log.any(|line| line.contains("stopping")), "it did not say that it stops");
    signal(child.id(), "INT");
    assert_eq!(ended(&mut child).code(), Some(130));
}

#[tokio::test]
async fn log_lines_for_machines_are_json_and_hold_no_secret() {
    let data = tempfile::tempdir().expect("a directory");
    let log = data.path().join("log.txt");
    let file = std::fs::File::create(&log).expect("a file");
    let mut child = cartlog(&["serve", "--listen", "127.0.0.1:0", "--log", "debug", "--log-format", "json", "--data"])
        .arg(data.path().join("data"))
        .stdout(Stdio::piped())
        .stderr(file)
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let line = lines.next().expect("a line").expect("a line");
    let url = line.strip_prefix("listening on ").expect("it says where");
    let secrets = what_only_clients_know(url).await;
    signal(child.id(), "TERM");
    assert!(ended(&mut child).success());
    let log = std::fs::read_to_string(log).expect("a log");
    assert!(log.contains("/customer/login") && log.contains("/customer/confirm/{token}"), "it tells of requests");
    for secret in &secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

/// Uses every kind of secret that there is against the server. Gives all of them.
async fn what_only_clients_know(url: &str) -> Vec<String> {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let ask = async |method: reqwest::Method, path: &str, token: &str, body: Value| {
        let request = client.request(method, format!("{url}{path}")).json(&body);
        let request =
            request.header("APP-ID", "s").header("ACCESS-TOKEN", token).header("Idempotency-Key", "key-5f0c6a1f");
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json::<Value>().await.expect("JSON")
    };
    let text =
        |answer: &Value, pointer: &str| answer.pointer(pointer).and_then(Value::as_str).expect(pointer).to_owned();
    let (post, put) = (reqwest::Method::POST, reqwest::Method::PUT);
    let store = json!({ "name": "S", "app_id": "s", "app_secret": "hunter2 hunter2" });
    ask(post.clone(), "/store", "", store).await;
    let credentials = json!({ "app_id": "s", "app_secret": "hunter2 hunter2" });
    let token = text(&ask(post.clone(), "/store/token", "", credentials).await, "/token");
    let person = json!({
        "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace-Byron", "currency": "EUR",
        "password": "analytical",
    });
    let customer = text(&ask(post, "/customer", &token, person).await, "/customer/customer_id");
    let mailed = ask(put.clone(), &format!("/customer/{customer}/send_confirmation"), &token, Value::Null).await;
    let confirmation = text(&mailed, "/result");
    ask(put.clone(), &format!("/customer/confirm/{confirmation}"), "", Value::Null).await;
    let log_in = json!({ "email": "ada@example.com", "password": "analytical" });
    ask(put.clone(), "/customer/login", &token, log_in).await;
    ask(put.clone(), "/store/secret", &token, json!({ "app_secret": "correct horse" })).await;
    ask(put, &format!("/customer/{customer}"), &token, json!({ "password": "difference engine" })).await;
    let known = ["hunter2", "correct horse", "analytical", "difference engine", "ada@example.com", "Lovelace-Byron"];
    let known = known.into_iter().chain(["$argon2", "key-5f0c6a1f"]).map(str::to_owned);
    known.chain([token, confirmation]).collect()
}
