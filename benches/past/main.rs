//! What a command costs after much has happened to the same customer, coupon, gift card and invoice: it should cost the same.
//!
//! `cargo bench --bench past -- [--smoke] [COUNT…]`: after 1, 1,000 and 100,000 of each, unless told otherwise. The past is
//! written into the log beside the server, as commands would have. Median and 95th percentile of what a client waits, fsync on.

mod history;
#[path = "../support/mod.rs"]
mod support;

use history::Past;
use std::time::{Duration, Instant};
use support::client::{Answer, Connection};
use support::server::{BINARY, Server, Shop};

/// Lines of the cart that is replaced.
const LINES: usize = 100;
/// How often each thing is done.
const TIMES: usize = 40;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_smoke = arguments.iter().any(|argument| argument == "--smoke");
    arguments.retain(|argument| argument != "--smoke");
    let counts: Vec<usize> = match (is_smoke, arguments.is_empty()) {
        (true, _) => vec![1, 1_000],
        (false, true) => vec![1, 1_000, 100_000],
        (false, false) => arguments.iter().map(|count| count.parse().expect("a number")).collect(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for count in counts {
        runtime.block_on(after(count));
    }
}

/// Measures after so many past carts, uses, spends and refunds.
async fn after(count: usize) {
    let data = tempfile::tempdir().expect("a directory");
    let (shop, past) = {
        let server = Server::start(BINARY.as_ref(), data.path(), &[]);
        let shop = Shop::open(&server.address, LINES, 1).await;
        let past = Past::of(&mut open(&server, &shop).await, &shop).await;
        (shop, past)
    };
    past.write(data.path(), count).await;
    let server = Server::start(BINARY.as_ref(), data.path(), &[]);
    server.ready().await;
    let mut bench = Bench { connection: open(&server, &shop).await, customer: shop.customers[0].clone() };
    server.settled().await;
    println!("after {count}, resident {:.0} MiB", server.resident_mib());
    let items: Vec<String> =
        shop.products.iter().map(|product| format!(r#"{{"product_id":"{product}","quantity":1}}"#)).collect();
    let (items, one) = (format!("[{}]", items.join(",")), format!("/cart/item/{}", shop.products[0]));
    let refund = format!("/invoice/{}/refund?amount=1", past.invoice());
    let mut times = [const { Vec::new() }; 5];
    for _ in 0..TIMES {
        bench.must("/cart/item", Some(&items)).await;
        times[0].push(bench.must("/cart", None).await);
        times[1].push(bench.must(&one, None).await);
        times[2].push(bench.must("/cart/billcart?coupon=PAST", None).await);
        bench.must(&one, None).await;
        times[3].push(bench.must("/cart/billcart", None).await);
        times[4].push(bench.post(&refund, None).await);
    }
    let names = [
        "POST /cart over a cart of 100 lines",
        "add an item to an empty cart",
        "bill a cart with the coupon",
        "bill a cart, paid by the gift card",
        "refund of a cent",
    ];
    for (name, times) in names.into_iter().zip(&mut times) {
        times.sort();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1_000.0;
        println!("  {name:<40} {:>9.2} ms   95 % {:>9.2} ms", at(50), at(95));
    }
}

async fn open(server: &Server, shop: &Shop) -> Connection {
    Connection::open(&server.address, shop.headers.clone()).await.expect("the server accepts")
}

struct Bench {
    connection: Connection,
    customer: String,
}

impl Bench {
    /// What a client waits for a command on the customer's cart.
    async fn must(&mut self, path: &str, body: Option<&str>) -> Duration {
        let target = format!("/customer/{}{path}", self.customer);
        self.post(&target, body).await
    }

    async fn post(&mut self, target: &str, body: Option<&str>) -> Duration {
        let began = Instant::now();
        let answer = self.connection.send("POST", target, body).await.expect("an answer");
        let waited = began.elapsed();
        check(target, &answer);
        waited
    }
}

fn check(target: &str, answer: &Answer) {
    assert!(answer.status == 201, "{target}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
}
