//! What is measured.

use crate::Options;
use crate::pressure::{CONNECTIONS, Request, load};
use crate::report::Outcome;
use crate::server::{Server, Shop};
use crate::{neighbour, yardstick};
use rand::RngExt;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The scenario of two stores.
pub const NEIGHBOUR: &str = "add to cart, beside another store";

/// A name, what it aims at in answers a second, and what is asked.
pub type Scenario = (&'static str, Option<f64>, Arc<Request>);

/// Runs what is wanted, printing each outcome as it comes.
pub async fn run(options: &Options) -> Vec<Outcome> {
    let (products, customers) = if options.smoke { (50, 64) } else { (200, 2_000) };
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(&options.server, data.path(), &[]);
    println!("{products} products, {customers} customers, {CONNECTIONS} connections, {} s each", options.seconds);
    let shop = Arc::new(Shop::open(&server.address, products, customers).await);
    let mut outcomes = Vec::new();
    outcomes.push(yardstick::run(options.seconds.min(3)).await);
    println!("{}", outcomes[0].line());
    for (name, target, request) in scenarios(&shop, [Some(15_000.0), Some(20_000.0), Some(7_500.0), Some(8_000.0)]) {
        if !options.wants(name) {
            continue;
        }
        outcomes.push(measured(&server, name, target, &shop.headers, options.seconds, request).await);
    }
    if options.wants(NEIGHBOUR) {
        outcomes.extend(beside(&server, &shop, options).await);
    }
    outcomes
}

/// A store at full load, and what another one sees of it.
pub async fn beside(server: &Server, shop: &Arc<Shop>, options: &Options) -> Vec<Outcome> {
    let small = Arc::new(Shop::open_as(&server.address, "neighbour", 1, 1).await);
    let over = Arc::new(AtomicBool::new(false));
    let shopping = tokio::spawn(neighbour::shopping(server.address.clone(), small, Arc::clone(&over)));
    let request = add_to_cart(Arc::clone(shop), false);
    let mut outcomes = vec![measured(server, NEIGHBOUR, None, &shop.headers, options.seconds, request).await];
    over.store(true, Ordering::Relaxed);
    let seen = shopping.await.expect("it counts to its end");
    seen.iter().for_each(|outcome| println!("{}  (aim p99 100 ms)", outcome.line()));
    outcomes.extend(seen);
    outcomes
}

/// Loads the server, and says what it came to and what it cost.
pub async fn measured(
    server: &Server,
    name: &'static str,
    target: Option<f64>,
    headers: &str,
    seconds: u64,
    request: Arc<Request>,
) -> Outcome {
    let before = server.cpu();
    let mut outcome = load(name, target, &server.address, headers, seconds, request).await;
    outcome.cpu = Some(server.cpu() - before);
    println!("{}   resident {:.0} MiB", outcome.line(), server.resident_mib());
    outcome
}

/// Somebody's cart gets something, or always the same thing.
fn add_to_cart(shop: Arc<Shop>, one: bool) -> Arc<Request> {
    Arc::new(move |random: &mut StdRng| {
        let customer = &shop.customers[random.random_range(0..shop.customers.len())];
        let product = if one { &shop.products[0] } else { &shop.products[random.random_range(0..shop.products.len())] };
        ("POST", format!("/customer/{customer}/cart/item/{product}"), Some(r#"{"quantity":1}"#.to_owned()))
    })
}

/// What is asked for in a shop.
pub fn scenarios(shop: &Arc<Shop>, targets: [Option<f64>; 4]) -> Vec<Scenario> {
    let read = Arc::clone(shop);
    let get_cart: Arc<Request> = Arc::new(move |random: &mut StdRng| {
        let customer = &read.customers[random.random_range(0..read.customers.len())];
        ("GET", format!("/customer/{customer}/cart"), None)
    });
    let list: Arc<Request> = Arc::new(|_: &mut StdRng| ("GET", "/product?limit=10".to_owned(), None));
    let requests = [
        ("add to cart", add_to_cart(Arc::clone(shop), false)),
        ("get cart", get_cart),
        ("add to cart, one product", add_to_cart(Arc::clone(shop), true)),
        ("list 10 products", list),
    ];
    requests.into_iter().zip(targets).map(|((name, request), target)| (name, target, request)).collect()
}
