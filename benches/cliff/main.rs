//! What adding to carts costs when there are more customers than streams in memory: it should cost nearly the same.
//!
//! `cargo bench --bench cliff -- [--smoke] [--than BINARY]`: with room for 64 streams and for 4,000, while 400 customers shop whose
//! carts have a past. `BINARY` is another cartlog, of before a change, measured in the same run.

#[path = "../support/mod.rs"]
mod support;

use domain::cart::{CartClosed, CartEvent, CartOpened, CloseReason};
use domain::{CartId, CustomerId, StoreId};
use eventlog::StreamName;
use journal::testing::{BEGINNING, to_append};
use journal::{Tail, ToAppend};
use rand::RngExt;
use rand::rngs::StdRng;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::client::Connection;
use support::pressure;
use support::server::{BINARY, Server, Shop};
use uuid::Uuid;

/// Rooms that are compared: beside the customers' number, and beyond it.
const ROOMS: [usize; 2] = [64, 4_000];
const PRODUCTS: usize = 20;

/// What is measured, and for how long.
struct Options {
    customers: usize,
    /// Events in the past of each cart.
    past: usize,
    seconds: u64,
    binaries: Vec<(&'static str, PathBuf)>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_smoke = arguments.iter().any(|argument| argument == "--smoke");
    let than = arguments.iter().position(|argument| argument == "--than").and_then(|at| arguments.get(at + 1));
    let mut binaries = vec![("this", PathBuf::from(BINARY))];
    binaries.extend(than.map(|than| ("than", PathBuf::from(than))));
    let options = match is_smoke {
        true => Options { customers: 100, past: 200, seconds: 2, binaries },
        false => Options { customers: 400, past: 800, seconds: 10, binaries },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(compare(&options));
}

async fn compare(options: &Options) {
    println!("{} customers, each cart with {} events", options.customers, options.past);
    for (name, binary) in &options.binaries {
        let data = tempfile::tempdir().expect("a directory");
        let shop = Arc::new(prepared(binary, data.path(), options).await);
        for room in ROOMS {
            measure(name, binary, data.path(), &shop, room, options.seconds).await;
        }
    }
}

/// A shop whose customers have shopped before.
async fn prepared(binary: &Path, data: &Path, options: &Options) -> Shop {
    let (shop, store) = {
        let server = Server::start(binary, data, &[]);
        let shop = Shop::open(&server.address, PRODUCTS, options.customers).await;
        let mut connection = Connection::open(&server.address, shop.headers.clone()).await.expect("it accepts");
        let answer = connection.send("GET", "/store", None).await.expect("an answer");
        let store = answer.text("store_id").and_then(|id| id.parse().ok()).expect("the store's id");
        (shop, StoreId(store))
    };
    write_past(data, store, &shop.customers, options.past).await;
    shop
}

/// Carts that were opened and closed, written as commands would have.
async fn write_past(data: &Path, store: StoreId, customers: &[String], events: usize) {
    let journal = support::journal(data, support::vault(data));
    for customer in customers {
        let customer_id = CustomerId(customer.parse().expect("an id"));
        let closed_cart = |_| {
            let cart_id = CartId(Uuid::now_v7());
            let opened = CartOpened { cart_id, customer_id, store_id: store };
            let closed = CartClosed { cart_id, reason: CloseReason::Replaced, items: Vec::new() };
            [CartEvent::from(opened), closed.into()]
        };
        let past: Vec<ToAppend> = (0..events / 2).flat_map(closed_cart).map(|event| written(store, event)).collect();
        let stream = StreamName::new(format!("cart-{customer}"));
        journal.append(&stream, Tail::default(), &past).await.expect("the log is there");
    }
}

fn written(store: StoreId, event: CartEvent) -> ToAppend {
    to_append(Uuid::now_v7(), store, BEGINNING, event)
}

async fn measure(name: &str, binary: &Path, data: &Path, shop: &Arc<Shop>, room: usize, seconds: u64) {
    let server = Server::start(binary, data, &["--cached-streams", &room.to_string()]);
    server.ready().await;
    server.settled().await;
    let customers = Arc::clone(shop);
    let add: Arc<pressure::Request> = Arc::new(move |random: &mut StdRng| {
        let customer = &customers.customers[random.random_range(0..customers.customers.len())];
        let product = &customers.products[random.random_range(0..customers.products.len())];
        ("POST", format!("/customer/{customer}/cart/item/{product}"), Some(r#"{"quantity":1}"#.to_owned()))
    });
    // The first command of each customer after a start reads the stream: that is no matter of room.
    pressure::load("warm", None, &server.address, &shop.headers, seconds.div_ceil(3), Arc::clone(&add)).await;
    let before = server.cpu();
    let outcome = pressure::load("add to cart", None, &server.address, &shop.headers, seconds, add).await;
    let (rate, cpu) = (outcome.done as f64 / outcome.seconds, (server.cpu() - before).as_secs_f64() * 1_000.0);
    println!(
        "{name}: room for {room:>5} streams: {rate:>7.0} adds/s, {:.2} ms of a core each, resident {:.0} MiB",
        cpu / outcome.done.max(1) as f64,
        server.resident_mib()
    );
}
