//! Plain connections: what no HTTP client would send can be sent, and what comes back is read as far as it is HTTP.

use super::values;
use crate::contract::encodings::decoded;
use crate::support::Answer;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No working answer takes so long; a server that hangs fails the test instead of stopping it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a request that asks to close the connection, and reads the answer to its end; `None` where there is none.
pub async fn exchange(address: &str, bytes: &[u8]) -> Option<Answer> {
    wait_for(bytes, talk(address, bytes, false)).await
}

/// Sends what may be only a part of a request, and says that nothing more comes.
pub async fn throw(address: &str, bytes: &[u8]) -> Option<Answer> {
    wait_for(bytes, talk(address, bytes, true)).await
}

async fn wait_for(bytes: &[u8], answer: impl Future<Output = Vec<u8>>) -> Option<Answer> {
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    let answer = answer.unwrap_or_else(|_| panic!("no end of the answer to {}", String::from_utf8_lossy(bytes)));
    (!answer.is_empty()).then(|| parse(bytes, &answer))
}

async fn talk(address: &str, bytes: &[u8], is_all: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("the server takes connections");
    // The server may answer and close before it has read all of it.
    let _ = stream.write_all(bytes).await;
    if is_all {
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

fn parse(asked: &[u8], answer: &[u8]) -> Answer {
    let first = asked.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let asked = String::from_utf8_lossy(&first[..first.len().min(300)]).replace(" HTTP/1.1", "");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    if let Some(rest) = head.strip_prefix("HTTP/1.1 100").map(|_| &answer[(end + 4).min(answer.len())..]) {
        return parse(first, rest);
    }
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{asked}: no HTTP: {head}"));
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
    };
    let headers: HeaderMap = lines.filter_map(header).collect();
    let body = answer.get(end + 4..).unwrap_or_default();
    let body = match headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        true => joined(body),
        false => body.to_vec(),
    };
    let coding = headers.get("content-encoding").and_then(|coding| coding.to_str().ok());
    let body = coding.map(|coding| decoded(coding, &body)).unwrap_or(body);
    let body = match (body.is_empty(), serde_json::from_slice(&body)) {
        (true, _) => Value::Null,
        (false, Ok(json)) => json,
        (false, Err(_)) => Value::String(String::from_utf8_lossy(&body).into_owned()),
    };
    Answer { asked, status, headers, body }
}

/// The chunks of a body, without their sizes.
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&chunks[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size) = size.filter(|size| *size > 0) else { break };
        body.extend(chunks.get(end + 2..end + 2 + size).unwrap_or_default());
        chunks = chunks.get(end + 4 + size..).unwrap_or_default();
    }
    body
}

impl Answer {
    /// Whether the router saw the request: what is no HTTP is refused below it, without a word.
    pub fn is_of_the_router(&self) -> bool {
        let below = self.header("x-request-id").is_none();
        assert!(
            !below || matches!(self.status, 400 | 414 | 431 | 505),
            "{}: {} without a request id",
            self.asked,
            self.status
        );
        !below
    }
}

/// What is hardly HTTP any more.
pub fn broken(rng: &mut StdRng) -> Vec<u8> {
    let good = "GET /readyz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n";
    let post = "POST /product HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n";
    let fixed: [String; 26] = [
        String::new(),
        "\r\n\r\n".to_owned(),
        "GET".to_owned(),
        "GET /".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "GET /a b c HTTP/1.1\r\n\r\n".to_owned(),
        "GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET http://shop/readyz HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
        "CONNECT shop:80 HTTP/1.1\r\nHost: shop:80\r\n\r\n".to_owned(),
        "OPTIONS * HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".to_owned(),
        "GET /#fragment HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".to_owned(),
        "GET /\u{e4} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".to_owned(),
        "GET readyz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nMS\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}".to_owned(),
        "GET / HTTP/1.1\r\nNo colon here\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n: no name\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n folded: line\r\n\r\n".to_owned(),
        format!("{post}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{{}}"),
        format!("{post}Content-Length: -1\r\n\r\n{{}}"),
        format!("{post}Content-Length: 99999999999999999999\r\n\r\n{{}}"),
        format!("{post}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{{}}"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{{}}"),
        // Breaks off in the middle of its body.
        format!("{post}Connection: close\r\nContent-Length: 500\r\n\r\n{{"),
    ];
    match rng.random_range(0..10) {
        0..6 => fixed.choose(rng).cloned().unwrap_or_default().into_bytes(),
        6 => values::noise(rng),
        7 => {
            let mut bytes = good.as_bytes().to_vec();
            let at = rng.random_range(0..bytes.len() - 4);
            bytes[at] = rng.random();
            bytes
        }
        8 => {
            let many = rng.random_range(1..300);
            let lines: String = (0..many).map(|number| format!("X-Header-{number}: {number}\r\n")).collect();
            format!("GET /readyz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n{lines}\r\n").into_bytes()
        }
        _ => {
            let long = "x".repeat(rng.random_range(1_000..200_000));
            let target = format!("GET /product/{long} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
            let header = format!("GET /readyz HTTP/1.1\r\nHost: shop\r\nX-Long: {long}\r\nConnection: close\r\n\r\n");
            [target, header].choose(rng).cloned().unwrap_or_default().into_bytes()
        }
    }
}
