//! A store that has been at it for long: what it takes to start, to remember, and to find things in it.
//!
//! The log is written beside the server, as commands would have: a million events by way of HTTP take too long.

use crate::Options;
use crate::client::Connection;
use crate::pressure::Request;
use crate::report::{Outcome, histogram};
use crate::scenarios::{Scenario, measured};
use crate::server::{Server, open_store};
use crate::support;
use domain::StoreId;
use journal::Keys;
use journal::testing::BusyShop;
use rand::RngExt;
use rand::rngs::StdRng;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Shops of the one store that are busy at once: they share no stream.
const SHOPS: usize = 64;

/// How much there is.
pub struct Size {
    pub events: usize,
    pub customers: usize,
    pub products: usize,
}

/// Writes the log, then starts the server on it, twice, and asks it.
pub async fn run(options: &Options) -> Vec<Outcome> {
    let size = match options.smoke {
        true => Size { events: 20_000, customers: 1_000, products: 6_000 },
        false => Size { events: 1_000_000, customers: 100_000, products: 100_000 },
    };
    println!("{} events, {} customers, {} products", size.events, size.customers, size.products);
    let data = tempfile::tempdir().expect("a directory");
    let (store, headers) = {
        let server = Server::start(&options.server, data.path(), &[]);
        open_store(&server.address).await
    };
    let (customers, wrote) = write(data.path(), support::vault(data.path()), store, &size).await;
    let mut outcomes = vec![wrote];

    // All views are filled from nothing.
    std::fs::remove_file(data.path().join("views.sqlite")).expect("the server made it");
    let began = Instant::now();
    let server = Server::start(&options.server, data.path(), &[]);
    server.ready().await;
    outcomes.push(once("views filled from nothing", "events", size.events, began, Some(50_000.0)));
    println!("{}   resident {:.0} MiB", outcomes[1].line(), server.resident_mib());
    drop(server);

    let began = Instant::now();
    let server = Server::start(&options.server, data.path(), &[]);
    server.ready().await;
    outcomes.push(once("starts again", "starts", 1, began, Some(1.0)));
    println!("{}   resident {:.0} MiB", outcomes[2].line(), server.resident_mib());

    for (name, target, request) in questions(&server.address, &headers, customers, &size).await {
        if options.wants(name) {
            outcomes.push(measured(&server, name, target, &headers, options.seconds, request).await);
        }
    }
    outcomes
}

/// Writes what happened in the store; gives its customers.
pub async fn write(data: &Path, vault: Arc<dyn Keys>, store: StoreId, size: &Size) -> (Vec<String>, Outcome) {
    let journal = support::journal(data, vault);
    let began = Instant::now();
    let mut shops = tokio::task::JoinSet::new();
    for number in 0..SHOPS {
        let mut shop = BusyShop::in_store(journal.clone(), number as u64 + 1, store);
        let (events, customers, products) = (size.events / SHOPS, size.customers / SHOPS, size.products / SHOPS);
        shops.spawn(async move {
            shop.fit_out().await;
            for _ in shop.customers().len()..=customers {
                shop.new_customer().await;
            }
            for _ in 0..=products {
                shop.new_product().await;
            }
            while shop.events < events {
                shop.visit().await;
            }
            shop
        });
    }
    let shops = shops.join_all().await;
    let events = shops.iter().map(|shop| shop.events).sum();
    let wrote = once("written to the log", "events", events, began, None);
    println!("{}", wrote.line());
    let customers = shops.iter().flat_map(|shop| shop.customers()).map(ToString::to_string).collect();
    (customers, wrote)
}

pub fn once(name: &'static str, unit: &'static str, done: usize, began: Instant, target: Option<f64>) -> Outcome {
    let seconds = began.elapsed().as_secs_f64();
    Outcome { name, unit, seconds, done: done as u64, refused: 0, latency: histogram(), target, cpu: None }
}

async fn questions(address: &str, headers: &str, customers: Vec<String>, size: &Size) -> Vec<Scenario> {
    let first = "/product?limit=10".to_owned();
    let deep = page(address, headers, size.products / 20).await;
    let list = |target: String| -> Arc<Request> { Arc::new(move |_: &mut StdRng| ("GET", target.clone(), None)) };
    let cart = move |random: &mut StdRng| {
        let customer = &customers[random.random_range(0..customers.len())];
        ("GET", format!("/customer/{customer}/cart"), None)
    };
    vec![
        ("list of 10, first page", Some(8_000.0), list(first)),
        ("list of 10, by cursor in the middle", Some(8_000.0), list(deep)),
        ("get any cart", Some(20_000.0), Arc::new(cart)),
    ]
}

/// The target of the page of ten that comes after `skipped` products.
async fn page(address: &str, headers: &str, skipped: usize) -> String {
    let mut connection = Connection::open(address, headers.to_owned()).await.expect("the server accepts");
    let mut target = "/product?limit=100".to_owned();
    for _ in 0..skipped / 100 {
        let answer = connection.send("GET", &target, None).await.expect("an answer");
        target = answer.link("next").expect("a next page");
    }
    target.replace("limit=100", "limit=10")
}
