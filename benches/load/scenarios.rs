//! What is measured.

use crate::Options;
use crate::client::Connection;
use crate::report::{Outcome, histogram, record};
use crate::server::{Server, Shop};
use crate::yardstick;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections of every scenario.
pub const CONNECTIONS: u64 = 64;

/// Makes the `n`-th request: method, target, body.
pub type Request = dyn Fn(&mut StdRng) -> (&'static str, String, Option<String>) + Send + Sync;

/// A name, what it aims at in answers a second, and what is asked.
pub type Scenario = (&'static str, Option<f64>, Arc<Request>);

/// Runs what is wanted, printing each outcome as it comes.
pub async fn run(options: &Options) -> Vec<Outcome> {
    let (products, customers) = if options.smoke { (50, 64) } else { (200, 2_000) };
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path());
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

/// What is asked for in a shop.
pub fn scenarios(shop: &Arc<Shop>, targets: [Option<f64>; 4]) -> Vec<Scenario> {
    let add = |shop: Arc<Shop>, one: bool| -> Arc<Request> {
        Arc::new(move |random: &mut StdRng| {
            let customer = &shop.customers[random.random_range(0..shop.customers.len())];
            let product =
                if one { &shop.products[0] } else { &shop.products[random.random_range(0..shop.products.len())] };
            ("POST", format!("/customer/{customer}/cart/item/{product}"), Some(r#"{"quantity":1}"#.to_owned()))
        })
    };
    let read = Arc::clone(shop);
    let get_cart: Arc<Request> = Arc::new(move |random: &mut StdRng| {
        let customer = &read.customers[random.random_range(0..read.customers.len())];
        ("GET", format!("/customer/{customer}/cart"), None)
    });
    let list: Arc<Request> = Arc::new(|_: &mut StdRng| ("GET", "/product?limit=10".to_owned(), None));
    let requests = [
        ("add to cart", add(Arc::clone(shop), false)),
        ("get cart", get_cart),
        ("add to cart, one product", add(Arc::clone(shop), true)),
        ("list 10 products", list),
    ];
    requests.into_iter().zip(targets).map(|((name, request), target)| (name, target, request)).collect()
}

/// Sends requests over all connections until the time is up.
pub async fn load(
    name: &'static str,
    target: Option<f64>,
    address: &str,
    headers: &str,
    seconds: u64,
    request: Arc<Request>,
) -> Outcome {
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..CONNECTIONS {
        let (address, headers, request) = (address.to_owned(), headers.to_owned(), Arc::clone(&request));
        tasks.spawn(async move {
            let mut random = StdRng::seed_from_u64(lane);
            let mut connection = Connection::open(&address, headers).await.expect("the server accepts");
            let (mut done, mut refused, mut latency) = (0u64, 0u64, histogram());
            while Instant::now() < until {
                let (method, target, body) = request(&mut random);
                let asked = Instant::now();
                let answer = connection.send(method, &target, body.as_deref()).await.expect("an answer");
                record(&mut latency, asked.elapsed());
                match answer.status {
                    200..300 => done += 1,
                    // A customer who has not shopped yet has no cart.
                    404 if method == "GET" => done += 1,
                    _ => {
                        if refused == 0 {
                            eprintln!("{method} {target}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
                        }
                        refused += 1;
                    }
                }
            }
            (done, refused, latency)
        });
    }
    let mut outcome =
        Outcome { name, unit: "answers", seconds: 0.0, done: 0, refused: 0, latency: histogram(), target, cpu: None };
    for (done, refused, latency) in tasks.join_all().await {
        outcome.done += done;
        outcome.refused += refused;
        outcome.latency.add(latency).expect("the same bounds");
    }
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome
}
