//! The same load with PostgreSQL, Kafka and Redis in the place of files, and how fast each of them catches up with a long log.
//!
//! It runs on what the environment names: `eval "$(tests/services env)"`. Every run has names of its own there.

use crate::Options;
use crate::client::Connection;
use crate::long::{self, Size, once};
use crate::pressure::CONNECTIONS;
use crate::report::{Outcome, histogram, record};
use crate::scenarios::{self, measured};
use crate::server::{Server, Shop, open_store};
use postgres::Database;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;
use vault::PostgresVault;

/// What has to be there.
const SERVICES: [&str; 3] = ["CARTLOG_VIEWS_URL", "CARTLOG_KAFKA_BROKERS", "CARTLOG_WINDOWS_URL"];
/// Between two looks at how far somebody is.
const LOOK: Duration = Duration::from_millis(20);

/// Load over HTTP first, then the catching up.
pub async fn run(options: &Options) -> Vec<Outcome> {
    for name in SERVICES {
        let is_set = std::env::var(name).is_ok_and(|value| !value.is_empty());
        assert!(
            is_set,
            "{name} is not set; start the services and say where they are: tests/services up; eval \"$(tests/services env)\""
        );
    }
    let mut outcomes = shop(options).await;
    outcomes.extend(catch_up(options).await);
    outcomes
}

/// One node with all roles.
async fn shop(options: &Options) -> Vec<Outcome> {
    let (products, customers) = if options.smoke { (50, 64) } else { (200, 2_000) };
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start_on_engines(&options.server, data.path(), &["--namespace", &namespace()]);
    println!(
        "PostgreSQL, Kafka and Redis: {products} products, {customers} customers, {CONNECTIONS} connections, {} s each",
        options.seconds
    );
    let shop = Arc::new(Shop::open(&server.address, products, customers).await);
    let mut outcomes = Vec::new();
    for (name, target, request) in scenarios::scenarios(&shop, [Some(2_000.0), None, None, None]) {
        if !options.wants(name) {
            continue;
        }
        let over = Arc::new(AtomicBool::new(false));
        let watching = tokio::spawn(behind(server.address.clone(), Arc::clone(&shop), Arc::clone(&over)));
        outcomes.push(measured(&server, name, target, &shop.headers, options.seconds, request).await);
        over.store(true, Ordering::Relaxed);
        let behind = watching.await.expect("it counts to its end");
        println!("{}  (aim p99 250 ms)", behind.line());
        outcomes.push(behind);
    }
    if options.wants(scenarios::NEIGHBOUR) {
        outcomes.extend(scenarios::beside(&server, &shop, options).await);
    }
    outcomes
}

/// How far views are behind while others shop: how long a query waits that wants to see a command which was answered just now.
async fn behind(address: String, shop: Arc<Shop>, over: Arc<AtomicBool>) -> Outcome {
    let (customer, product) = (&shop.customers[0], &shop.products[0]);
    let add = format!("/customer/{customer}/cart/item/{product}");
    let see = format!("/customer/{customer}/cart");
    let mut connection = Connection::open(&address, shop.headers.clone()).await.expect("the server accepts");
    let (began, mut done, mut latency) = (Instant::now(), 0, histogram());
    while !over.load(Ordering::Relaxed) {
        connection.send("POST", &add, Some(r#"{"quantity":1}"#)).await.expect("an answer");
        let position = connection.header("cartlog-position").expect("where it stands in the log");
        let since = Instant::now();
        let seen = connection.send_with(&format!("Cartlog-Min-Position: {position}\r\n"), "GET", &see, None).await;
        assert_eq!(seen.expect("an answer").status, 200);
        record(&mut latency, since.elapsed());
        done += 1;
        tokio::time::sleep(LOOK).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    Outcome {
        name: "  until views have seen it",
        unit: "looks",
        seconds,
        done,
        refused: 0,
        latency,
        target: None,
        cpu: None,
    }
}

/// A long log, and engines that know nothing of it yet.
async fn catch_up(options: &Options) -> Vec<Outcome> {
    let size = match options.smoke {
        true => Size { events: 20_000, customers: 1_000, products: 1_000 },
        false => Size { events: 300_000, customers: 20_000, products: 20_000 },
    };
    println!("{} events, {} customers, {} products", size.events, size.customers, size.products);
    let namespace = namespace();
    let data = tempfile::tempdir().expect("a directory");
    let start =
        |role| Server::start_on_engines(&options.server, data.path(), &["--namespace", &namespace, "--role", role]);
    let (store, _) = open_store(&start("api,views").address).await;
    let (_, wrote) = long::write(data.path(), vault(&namespace).await, store, &size).await;
    let mut outcomes = vec![wrote];
    for (role, name, follower, target) in [
        ("views", "PostgreSQL's views filled", "carts", 20_000.0),
        ("stream", "Kafka and Redis filled", "kafka", 30_000.0),
    ] {
        let began = Instant::now();
        let server = start(role);
        caught_up(&server.address, follower).await;
        let outcome = once(name, "events", size.events, began, Some(target));
        println!("{}   resident {:.0} MiB", outcome.line(), server.resident_mib());
        outcomes.push(outcome);
    }
    outcomes
}

/// Waits until the follower's gauge, which is not there in the beginning, says that nothing is left.
async fn caught_up(address: &str, follower: &str) {
    let gauge = format!("cartlog_follower_lag_events{{follower=\"{follower}\"}}");
    let mut connection = Connection::open(address, String::new()).await.expect("the server accepts");
    loop {
        let answer = connection.send("GET", "/metrics", None).await.expect("an answer");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if text.lines().any(|line| line.split_once(' ') == Some((gauge.as_str(), "0"))) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn vault(namespace: &str) -> Arc<PostgresVault> {
    let url =
        std::env::var("CARTLOG_VAULT_URL").or_else(|_| std::env::var("CARTLOG_VIEWS_URL")).expect("looked at above");
    let options = postgres::DatabaseOptions { schema: Some(namespace.to_owned()), ..Default::default() };
    let database = Database::open(&url, options).await.expect("the server made it");
    Arc::new(PostgresVault::open(&database).await.expect("the server made it"))
}

fn namespace() -> String {
    format!("bench_{}", Uuid::now_v7().simple())
}
