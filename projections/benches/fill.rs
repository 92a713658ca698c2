//! How fast events become rows, how fast lists answer, and how soon views are ready, on this machine:
//! `cargo bench -p cartlog-projections`, with ` -- events`, ` -- lists` or ` -- postgres` for a part. Prints a table; asserts nothing.
//!
//! Many shops at once, visits of about twenty events each, on the embedded log; the views in one SQLite file, as a server
//! keeps them; with `--features postgres` also in the PostgreSQL that `CARTLOG_TEST_POSTGRES` names, if it names one.

#![allow(clippy::unwrap_used, reason = "a measurement that can't go on has failed")]

#[cfg(feature = "postgres")]
mod postgres;

use cartlog_projections::store::ReadStore;
use cartlog_projections::views::*;
use cartlog_projections::{PageRequest, ProjectionSettings, Projections, SqliteReadStore, Start, View, Views};
use domain::StoreId;
use eventlog::{EventLog, Position, SqliteLog, SqliteOptions, Synchronous};
use journal::testing::{BusyShop, MemoryKeys};
use journal::{Delivery, Envelope, Journal};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SHOPS: u64 = 64;
const SOME: usize = 200_000;
const MANY: usize = 300_000;
const PRODUCTS: usize = 100_000;

fn main() {
    // `cargo bench` adds a flag of its own.
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let directory = tempfile::tempdir().unwrap();
        if is_wanted("events") {
            events(directory.path()).await;
        }
        if is_wanted("lists") {
            lists(&directory.path().join("products.db"), &directory.path().join("products.sqlite")).await;
        }
        #[cfg(feature = "postgres")]
        if is_wanted("postgres") && std::env::var_os("CARTLOG_TEST_POSTGRES").is_some() {
            postgres::events(directory.path()).await;
            postgres::lists(&directory.path().join("more-products.db")).await;
        }
    });
}

async fn opened(journal: &Journal) -> Vec<BusyShop> {
    let mut shops = Vec::new();
    for number in 0..SHOPS {
        shops.push(BusyShop::new(journal.clone(), number).await);
    }
    shops
}

async fn events(directory: &Path) {
    let journal = journal(&directory.join("events.db"));
    let shops = live(opened(&journal).await, SOME).await;
    fold_in_memory(&journal).await;
    let views = directory.join("views.sqlite");
    catch_up(&journal, &views).await;
    live(shops, MANY).await;
    start_with_many(&journal, &views).await;
}

fn journal(path: &Path) -> Journal {
    let options = SqliteOptions { synchronous: Synchronous::Normal, ..SqliteOptions::default() };
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(path, options).unwrap());
    Journal::new(log, Arc::new(MemoryKeys::default()))
}

fn told(what: &str, number: f64, unit: &str) {
    println!("{what:<60} {number:>12.1} {unit}");
}

fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn wrote() -> f64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    let line = io.lines().find(|l| l.starts_with("wchar")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1e6
}

fn rate(what: &str, times: usize, since: Instant, unit: &str) {
    told(what, times as f64 / since.elapsed().as_secs_f64(), unit);
}

/// Until there are so many events in all, about.
async fn live(shops: Vec<BusyShop>, events: usize) -> Vec<BusyShop> {
    let each = events / SHOPS as usize;
    let visits = shops.into_iter().map(|mut shop| {
        tokio::spawn(async move {
            while shop.events < each {
                shop.visit().await;
            }
            shop
        })
    });
    let mut shops = Vec::new();
    for visiting in visits.collect::<Vec<_>>() {
        shops.push(visiting.await.unwrap());
    }
    shops
}

async fn fold_in_memory(journal: &Journal) {
    let mut events = Vec::new();
    let mut after = Position::START;
    let since = Instant::now();
    while let Some(last) = {
        let read = journal.read_all(after, 1_000).await.unwrap();
        let last = read.last().map(Delivery::position);
        events.extend(read);
        last
    } {
        after = last;
    }
    rate("read and decoded", events.len(), since, "events/s");
    let events: Vec<Arc<Envelope>> = events
        .into_iter()
        .map(|delivery| match delivery {
            Delivery::Event(envelope) => envelope,
            Delivery::Unreadable(unreadable) => panic!("{unreadable}"),
        })
        .collect();
    let since = Instant::now();
    let rows = fold::<Stores>(&events)
        + fold::<Products>(&events)
        + fold::<Customers>(&events)
        + fold::<Shoppers>(&events)
        + fold::<Carts>(&events)
        + fold::<Invoices>(&events)
        + fold::<Orders>(&events)
        + fold::<GiftCards>(&events)
        + fold::<Credits>(&events)
        + fold::<Coupons>(&events)
        + fold::<Jobs>(&events)
        + fold::<Purchases>(&events);
    rate("folded in memory, all views", events.len(), since, "events/s");
    told("", rows as f64, "rows");
}

fn fold<V: View>(events: &[Arc<Envelope>]) -> usize {
    let mut rows: HashMap<_, Option<V::Row>> = HashMap::new();
    for envelope in events.iter().filter(|envelope| V::SOURCE.has(envelope.event.category())) {
        for key in V::keys(envelope, &V::Store::default()).as_slice() {
            V::apply(rows.entry(*key).or_default(), *key, envelope, &V::Store::default()).unwrap();
        }
    }
    rows.len()
}

async fn open(journal: &Journal, path: &Path) -> Projections {
    let store = Arc::new(SqliteReadStore::open(path).unwrap());
    Projections::open(store, journal.clone(), settings(), |_| {}).await.unwrap()
}

async fn catch_up(journal: &Journal, path: &Path) {
    let (c, w) = (cpu(), wrote());
    let since = Instant::now();
    let projections = open(journal, path).await;
    let events = projections.views().position().0 as usize;
    told("  wrote", wrote() - w, "MB");
    told("  cpu us/event", (cpu() - c) * 1e6 / events as f64, "us");
    rate("caught up from nothing", events, since, "events/s");
    let since = Instant::now();
    projections.rebuild(None, |_| {}).await.unwrap();
    rate("rebuilt", events, since, "events/s");
}

async fn start_with_many(journal: &Journal, path: &Path) {
    let since = Instant::now();
    let projections = open(journal, path).await;
    let events = projections.views().position().0;
    rate("caught up with what came since", events as usize - SOME, since, "events/s");
    drop(projections);
    let since = Instant::now();
    let projections = open(journal, path).await;
    told(&format!("ready again with {events} events"), since.elapsed().as_secs_f64() * 1e3, "ms");
    drop(projections);
    let bytes = SqliteReadStore::open(path).unwrap().bytes().await.unwrap();
    told("the views on disk", bytes as f64 / 1e6, "MB");
}

async fn many_products(journal: &Journal) -> BusyShop {
    let mut shop = BusyShop::new(journal.clone(), 1_000).await;
    while shop.events < PRODUCTS {
        shop.new_product().await;
    }
    shop
}

async fn lists(log: &Path, path: &Path) {
    let journal = journal(log);
    let shop = many_products(&journal).await;
    let since = Instant::now();
    let (c, w) = (cpu(), wrote());
    let views = open(&journal, path).await.views();
    told("  wrote", wrote() - w, "MB");
    told("  cpu us/event", (cpu() - c) * 1e6 / PRODUCTS as f64, "us");
    rate("products caught up", PRODUCTS, since, "events/s");
    query(&views, &shop).await;
}

async fn query(views: &Views, shop: &BusyShop) {
    let (store, all) = (shop.store(), ProductFilter::default());
    let deep = page_5000(views, store).await;
    for (what, start) in [
        ("10 of 100,000 products, page 1", Start::First),
        ("the same by cursor, page 5,000", deep),
        ("the same by number, page 5,000", Start::Page(5_000)),
    ] {
        let page = PageRequest { start, limit: 10 };
        repeat(what, async || assert_eq!(views.products(store, &all, &page).await.unwrap().items.len(), 10)).await;
    }
    let page = PageRequest::first(10);
    for text in ["tables", "red_table", "no. 77777"] {
        let what = format!("searched for '{text}'");
        repeat(&what, async || _ = views.search_products(store, &ProductSearch::new(text), &page).await.unwrap()).await;
    }
}

async fn page_5000(views: &Views, store: StoreId) -> Start {
    let mut start = Start::First;
    for _ in 0..499 {
        let page = PageRequest { start, limit: 100 };
        start = Start::At(views.products(store, &Default::default(), &page).await.unwrap().next.unwrap());
    }
    let page = PageRequest { start, limit: 90 };
    Start::At(views.products(store, &Default::default(), &page).await.unwrap().next.unwrap())
}

async fn repeat(what: &str, query: impl AsyncFn()) {
    const RUN: Duration = Duration::from_secs(2);
    query().await;
    let (since, mut times) = (Instant::now(), 0);
    while since.elapsed() < RUN {
        query().await;
        times += 1;
    }
    rate(what, times, since, "queries/s");
}

fn settings() -> ProjectionSettings {
    let fill_events = std::env::var("FILL").map_or(8_000, |n| n.parse().unwrap());
    ProjectionSettings { fill_events, ..ProjectionSettings::default() }
}
