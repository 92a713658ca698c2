//! A small store beside one at full load: what it waits for is its own.

use crate::client::Connection;
use crate::report::{Outcome, histogram, record};
use crate::server::Shop;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two commands of the small store.
const PAUSE: Duration = Duration::from_millis(10);
/// No store has it.
const NO_PRODUCT: &str = "00000000-0000-7000-8000-000000000000";

/// One after another until it is over: a command, a query of what it did; a command that is refused, and the same query.
pub async fn shopping(address: String, shop: Arc<Shop>, over: Arc<AtomicBool>) -> Vec<Outcome> {
    let (customer, product) = (&shop.customers[0], &shop.products[0]);
    let add = format!("/customer/{customer}/cart/item/{product}");
    let refused = format!("/customer/{customer}/cart/item/{NO_PRODUCT}");
    let cart = format!("/customer/{customer}/cart");
    let mut connection = Connection::open(&address, shop.headers.clone()).await.expect("the server accepts");
    let mut latencies = [histogram(), histogram(), histogram(), histogram()];
    let began = Instant::now();
    while !over.load(Ordering::Relaxed) {
        let steps = [("POST", &add, 201), ("GET", &cart, 200), ("POST", &refused, 404), ("GET", &cart, 200)];
        for ((method, target, status), latency) in steps.into_iter().zip(&mut latencies) {
            timed(&mut connection, method, target, status, latency).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    let names =
        ["  neighbour: add to cart", "  neighbour: get cart", "  neighbour: refused", "  neighbour: get cart then"];
    let outcome = |(name, latency): (&'static str, Histogram<u64>)| Outcome {
        name,
        unit: "answers",
        seconds,
        done: latency.len(),
        refused: 0,
        latency,
        target: None,
        cpu: None,
    };
    names.into_iter().zip(latencies).map(outcome).collect()
}

async fn timed(connection: &mut Connection, method: &str, target: &str, status: u16, latency: &mut Histogram<u64>) {
    let since = Instant::now();
    let answer = connection.send(method, target, (method == "POST").then_some(r#"{"quantity":1}"#)).await;
    record(latency, since.elapsed());
    let answer = answer.expect("an answer");
    // A view that was late makes a 201 a 202.
    assert!(
        answer.status == status || (answer.status, status) == (202, 201),
        "{method} {target}: {} {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
}
