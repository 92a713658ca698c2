//! Of several nodes that believe to lead, one writes.

use crate::place::{held, lead, role};
use crate::shelf::{Shelf, VIEW, at};
use crate::world::until;
use cartlog_projections::PostgresReadStore;
use cartlog_projections::store::{ReadStore, ReadStoreError};
use postgres::Candidate;
use postgres::testing::Scratch;
use sqlx::Connection;

/// Every way to write.
async fn is_fenced(shelf: &Shelf, store: &PostgresReadStore) {
    let position = shelf.position().await.0;
    let outcomes = [
        store.commit(shelf.batch(position, position + 1, 99)).await,
        store.create(VIEW, at(0)).await.map(drop),
        store.swap(vec![shelf.table]).await,
        store.retire(VIEW.name.to_owned(), VIEW.version).await,
        store.drop_generation(VIEW.name.to_owned(), shelf.table.generation).await,
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(ReadStoreError::Fenced)), "{outcome:?}");
    }
    assert!(!shelf.has(99).await);
    assert_eq!(shelf.position().await.0, position);
    assert_eq!(shelf.store.generations().await.expect("generations").len(), 1);
}

#[tokio::test]
async fn a_store_that_does_not_lead_reads_and_writes_nothing() {
    let shelf = Shelf::new().await;
    shelf.store.commit(shelf.batch(0, 1, 1)).await.expect("written");
    let reading = PostgresReadStore::open(&shelf.scratch.database().await).await.expect("opens");
    assert!(reading.get(shelf.table, uuid::Uuid::from_u128(1).into()).await.expect("an answer").is_some());
    is_fenced(&shelf, &reading).await;
}

#[tokio::test]
async fn once_another_one_leads_nothing_of_the_one_before_is_written() {
    let shelf = Shelf::new().await;
    shelf.store.commit(shelf.batch(0, 1, 1)).await.expect("written");
    lead(&shelf.scratch, 2).await;
    is_fenced(&shelf, &shelf.store).await;
    let second = shelf.store.leading(&held(2));
    second.commit(shelf.batch(1, 2, 2)).await.expect("written");
    assert!(shelf.has(2).await);
    is_fenced(&shelf, &shelf.store).await;
}

/// Until so many sessions in this schema wait for a lock.
async fn until_waiting(scratch: &Scratch, sessions: usize) {
    let waiting = format!(
        "SELECT pid::text FROM pg_stat_activity WHERE application_name = '{}' AND wait_event_type = 'Lock'",
        scratch.schema
    );
    let mut connection = scratch.connection().await;
    let connection = tokio::sync::Mutex::new(&mut connection);
    until(async || {
        let asking = sqlx::query(sqlx::AssertSqlSafe(waiting.clone()));
        asking.fetch_all(&mut **connection.lock().await).await.expect("found").len() >= sessions
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_began_before_the_other_took_over_is_not_written_after_it() {
    let shelf = Shelf::new().await;
    let mut connection = shelf.scratch.connection().await;
    let mut taking = connection.begin().await.expect("begun");
    sqlx::query("UPDATE leaders SET epoch = 2").execute(&mut *taking).await.expect("taken");
    let (store, batch) = (shelf.store.clone(), shelf.batch(0, 1, 1));
    let writing = tokio::spawn(async move { store.commit(batch).await });
    until_waiting(&shelf.scratch, 1).await;
    taking.commit().await.expect("committed");
    let outcome = writing.await.expect("no panic");
    assert!(matches!(outcome, Err(ReadStoreError::Fenced)), "{outcome:?}");
    assert!(!shelf.has(1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_over_finds_all_that_the_leader_before_has_written() {
    let shelf = Shelf::new().await;
    let mut connection = shelf.scratch.connection().await;
    // Holds the batch up after it was found to be the leader's.
    let mut holding = connection.begin().await.expect("begun");
    sqlx::query("SELECT 1 FROM views_generations FOR UPDATE").execute(&mut *holding).await.expect("held");
    let (store, batch) = (shelf.store.clone(), shelf.batch(0, 1, 1));
    let writing = tokio::spawn(async move { store.commit(batch).await });
    until_waiting(&shelf.scratch, 1).await;
    let database = shelf.scratch.database().await;
    let taking = tokio::spawn(async move { Candidate::new(database, [role()], "second").lead().await });
    until_waiting(&shelf.scratch, 2).await;
    assert!(!writing.is_finished() && !taking.is_finished());
    holding.rollback().await.expect("let go");
    writing.await.expect("no panic").expect("written");
    let lease = taking.await.expect("no panic");
    assert_eq!(*lease.held().borrow(), held(2));
    assert!(shelf.has(1).await);
    is_fenced(&shelf, &shelf.store).await;
}
