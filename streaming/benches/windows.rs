//! How fast events become windows, and how fast windows answer. `cargo bench -p cartlog-streaming`.
//!
//! Five minutes of a busy shop: 4 of 10 events add to carts, the rest is what goes with it. Prints events/s for a worker
//! that reads and decodes the log, for storing alone, and microseconds a query.

#![allow(clippy::unwrap_used)]

use cartlog_streaming::testing::{Happened, Shop, What, at, clock, product, store};
use cartlog_streaming::{Batch, Horizon, SqliteWindows, Window, WindowStore, Worker};
use cartlog_streaming::{Metric, Side, Windows};
use chrono::TimeDelta;
use chrono_tz::Tz;
use domain::Timestamp;
use eventlog::{LogId, Position};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

const EVENTS: u64 = 200_000;
const PRODUCTS: u64 = 200;
const CUSTOMERS: u64 = 2_000;
const BATCH: usize = 1_000;

fn now() -> Timestamp {
    at("2026-11-24T10:20:30Z")
}

fn happened(number: u64) -> Happened {
    let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let what = match number % 10 {
        0..4 => What::Added { product: random % PRODUCTS, quantity: 1 },
        4 => What::LoggedIn { customer: random % CUSTOMERS },
        5 => What::Billed { coupon: Some(random % 20) },
        6 => What::Invoiced { cents: 12_345 },
        _ => What::QuantitySet { product: random % PRODUCTS },
    };
    let ago = TimeDelta::milliseconds(((EVENTS - number) * 300_000 / EVENTS) as i64);
    Happened { store: number % 3, at: now().minus(ago), what }
}

fn rate(what: &str, events: u64, since: Instant) {
    let per_second = events as f64 / since.elapsed().as_secs_f64();
    println!("{what:<50} {per_second:>12.0} events/s");
}

async fn time_query<T>(what: &str, query: impl AsyncFn() -> T) {
    const TIMES: u32 = 50;
    query().await;
    let since = Instant::now();
    for _ in 0..TIMES {
        std::hint::black_box(query().await);
    }
    let each = since.elapsed() / TIMES;
    println!("{what:<50} {:>12.0} µs", each.as_secs_f64() * 1e6);
}

async fn queries(windows: &Windows, of: &str) {
    for window in Window::ALL {
        let what = format!("top ten, {window}, {of}");
        time_query(&what, async || {
            windows.top_cart_items(store(1), Tz::Europe__Berlin, window, 10, now()).await.unwrap()
        })
        .await;
    }
    time_query("invoice amount", async || windows.invoice_amount(store(1), now()).await.unwrap()).await;
    time_query("log-ins", async || windows.customer_logins(store(1), now()).await.unwrap()).await;
}

/// A week in which each of many products is added in every hour.
async fn fill(windows: &dyn WindowStore, products: u64, hours: i64) {
    for hour in 0..hours {
        let mut batch = windows_batch(hour as u64);
        let time = now().minus(TimeDelta::hours(hours - hour));
        let cells = (0..products).map(|number| cartlog_streaming::Cell {
            minute: cartlog_streaming::Minute::of(time),
            metric: Metric::CartAdds,
            key: product(number).0,
        });
        let minutes = cells.map(|cell| (cell, 1)).collect();
        let after = Position(hour as u64);
        let added = cartlog_streaming::StoreBatch { after, minutes, log_ins: HashMap::new() };
        batch.stores.insert(store(1), added);
        windows.apply(Side::Live, batch).await.unwrap();
    }
}

fn windows_batch(after: u64) -> Batch {
    Batch {
        after: Position(after),
        checkpoint: eventlog::Checkpoint {
            log_id: LogId(uuid::Uuid::from_u128(1)),
            position: Position(after + 1),
            event_id: uuid::Uuid::from_u128(1),
        },
        event_hash: [0; 32].into(),
        stores: Default::default(),
        skipped: Vec::new(),
        horizon: Horizon::at(now()),
    }
}

#[tokio::main]
async fn main() {
    let mut shop = Shop::new();
    for number in 0..EVENTS {
        shop.happen(happened(number)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let open = |name| Arc::new(SqliteWindows::open(&directory.path().join(name)).unwrap());

    let worker = Worker::new(shop.journal.clone(), open("all.db"), clock(now()));
    let since = Instant::now();
    worker.catch_up(|_| ()).await.unwrap();
    rate("read, decoded, folded and stored", EVENTS, since);
    let since = Instant::now();
    worker.rebuild(|_| ()).await.unwrap();
    rate("rebuilt", EVENTS, since);
    queries(&worker.windows(), "200 products").await;

    let log_id = shop.journal.log_id().await.unwrap();
    let events = shop.journal.read_all(Position::START, EVENTS as usize).await.unwrap();
    let windows = open("stored.db");
    let since = Instant::now();
    let mut position = Position::START;
    for events in events.chunks(BATCH) {
        let batch = Batch::fold(log_id, position, events, &HashMap::new(), Horizon::at(now())).unwrap();
        position = batch.checkpoint.position;
        windows.apply(Side::Live, batch).await.unwrap();
    }
    rate("folded and stored", EVENTS, since);

    let windows = open("many.db");
    fill(&*windows, 10_000, 7 * 24).await;
    let worker = Worker::new(shop.journal.clone(), windows, clock(now()));
    queries(&worker.windows(), "10,000 products each hour").await;
}
