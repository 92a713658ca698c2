//! The same in PostgreSQL, in a schema of its own that is dropped afterwards.

use crate::{SOME, cpu, journal, live, many_products, opened, query, rate, settings, told};
use cartlog_projections::store::ReadStore;
use cartlog_projections::{PostgresReadStore, Projections, view_names};
use journal::Journal;
use postgres::testing::Scratch;
use postgres::{HeldRole, Role};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

async fn store(scratch: &Scratch) -> Arc<PostgresReadStore> {
    let store = PostgresReadStore::open(&scratch.database().await).await.unwrap();
    let role = |name: &'static str| Role::View { name: name.into(), version: 1 };
    let held: Vec<HeldRole> = view_names().map(|name| HeldRole { role: role(name), epoch: 1 }).collect();
    for held in &held {
        scratch.execute(&format!("INSERT INTO leaders VALUES ('{}', 1, 'bench', now())", held.role.name())).await;
    }
    Arc::new(store.leading(&held))
}

async fn open(store: &Arc<PostgresReadStore>, journal: &Journal) -> Projections {
    Projections::open(Arc::clone(store) as _, journal.clone(), settings(), |_| {}).await.unwrap()
}

pub async fn events(directory: &Path) {
    let (scratch, journal) = (Scratch::default(), journal(&directory.join("events-for-postgres.db")));
    live(opened(&journal).await, SOME).await;
    let store = store(&scratch).await;
    let (since, used) = (Instant::now(), cpu());
    let projections = open(&store, &journal).await;
    let events = projections.views().position().0 as usize;
    told("  cpu us/event, of ours", (cpu() - used) * 1e6 / events as f64, "us");
    rate("caught up from nothing, in PostgreSQL", events, since, "events/s");
    let since = Instant::now();
    projections.rebuild(None, |_| {}).await.unwrap();
    rate("rebuilt, in PostgreSQL", events, since, "events/s");
    told("the views on disk, in PostgreSQL", store.bytes().await.unwrap() as f64 / 1e6, "MB");
}

pub async fn lists(log: &Path) {
    let (scratch, journal) = (Scratch::default(), journal(log));
    let shop = many_products(&journal).await;
    let store = store(&scratch).await;
    let since = Instant::now();
    let projections = open(&store, &journal).await;
    rate("products caught up, in PostgreSQL", shop.events, since, "events/s");
    query(&projections.views(), &shop).await;
}
