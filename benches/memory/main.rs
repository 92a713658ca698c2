//! What the server holds after large carts: it should stay within its budget, plus what it takes anyway.
//!
//! `cargo bench --bench memory -- [--smoke] [--than BINARY] [--memory MIB]`: fifty carts of 1,000 lines with titles of 1,000
//! letters are filled, billed and read, twice as long as the budget would last if nothing were given back. `BINARY` is another
//! cartlog, of before a change, measured in the same run.

#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;
use support::client::{Answer, Connection};
use support::server::{self, BINARY, Server};

/// Letters of a title: as many as it may have.
const TITLE: usize = 1_000;
/// Lines that are added at once: as many as may be.
const AT_ONCE: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let after = |flag: &str| arguments.iter().position(|known| known == flag).and_then(|at| arguments.get(at + 1));
    let (carts, lines) = if arguments.iter().any(|argument| argument == "--smoke") { (5, 100) } else { (50, 1_000) };
    let memory = after("--memory").map_or("256", String::as_str);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        println!("{carts} billed carts of {lines} lines, titles of {TITLE} letters");
        let this = PathBuf::from(BINARY);
        measure(&format!("this, {memory} MiB"), &this, &["--memory", memory], carts, lines).await;
        if let Some(than) = after("--than") {
            measure("than", Path::new(than), &[], carts, lines).await;
        }
    });
}

async fn measure(name: &str, binary: &Path, flags: &[&str], carts: usize, lines: usize) {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(binary, data.path(), flags);
    let (_, headers) = server::open_store(&server.address).await;
    let mut connection = Connection::open(&server.address, headers).await.expect("the server accepts");
    println!("{name}: {:>4.0} MiB at the start", server.resident_mib());
    let mut items = Vec::new();
    for number in 0..lines {
        let title = format!("{number:0>width$}", width = TITLE);
        let product = format!(
            r#"{{"title":"{title}","product_type":"thing","vendor":"Bench","inventory":1000000,"sale_price_in_cents":1999}}"#
        );
        let product = post(&mut connection, "/product", &product).await.text("product_id").expect("an id");
        items.push(format!(r#"{{"product_id":"{product}","quantity":1}}"#));
    }
    let items: Vec<String> = items.chunks(AT_ONCE).map(|items| format!("[{}]", items.join(","))).collect();
    println!("{name}: {:>4.0} MiB with the products", server.resident_mib());
    let mut most: f64 = 0.0;
    for number in 0..carts {
        let customer = format!(
            r#"{{"currency":"EUR","email":"c{number}@example.com","first_name":"C","last_name":"{number}","password":"secret"}}"#
        );
        let customer = post(&mut connection, "/customer", &customer).await.text("customer_id").expect("an id");
        let mailed = send(&mut connection, "PUT", &format!("/customer/{customer}/send_confirmation"), None).await;
        let token = mailed.text("result").expect("the token of the link");
        send(&mut connection, "PUT", &format!("/customer/confirm/{token}"), None).await;
        for items in &items {
            post(&mut connection, &format!("/customer/{customer}/cart/item"), items).await;
        }
        send(&mut connection, "GET", &format!("/customer/{customer}/cart"), None).await;
        let billed = send(&mut connection, "POST", &format!("/customer/{customer}/cart/billcart"), None).await;
        let invoice = billed.text("invoice_id").expect("an id");
        send(&mut connection, "POST", &format!("/invoice/{invoice}/collected"), None).await;
        send(&mut connection, "GET", &format!("/customer/{customer}/cart/history?limit=100"), None).await;
        most = most.max(server.resident_mib());
    }
    println!("{name}: {most:>4.0} MiB at most");
    for seconds in [1, 10] {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
    println!("{name}: {:>4.0} MiB when idle again", server.resident_mib());
}

async fn post(connection: &mut Connection, target: &str, body: &str) -> Answer {
    send(connection, "POST", target, Some(body)).await
}

async fn send(connection: &mut Connection, method: &str, target: &str, body: Option<&str>) -> Answer {
    let answer = connection.send(method, target, body).await.expect("an answer");
    assert!(answer.status < 300, "{method} {target}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    answer
}
