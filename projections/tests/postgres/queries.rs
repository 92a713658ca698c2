//! Whether queries are answered: a table that somebody keeps locked is found, whoever asks for it or nobody.

use crate::place::{held, lead};
use crate::world::{World, in_batches_of, until};
use cartlog_projections::{PostgresReadStore, Projections};
use postgres::testing::Scratch;
use sqlx::Executor;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_is_told_by_its_view_and_no_other_and_that_nothing_is_written() {
    let (scratch, mut world) = (Scratch::default(), World::default());
    let store = PostgresReadStore::open(&scratch.database().await).await.expect("opens");
    lead(&scratch, 1).await;
    let shop = world.store().await;
    let product = world.product(shop, "Tea").await;
    let filling =
        Projections::open(Arc::new(store.leading(&held(1))), world.restarted_journal(), in_batches_of(10), |_| {});
    let filled = filling.await.expect("they are filled");
    filled.start();
    let views = filled.views();
    world.caught_up(&views).await;
    let silent = async || views.unanswering().await.failing.into_iter().map(|(view, _)| view).collect::<Vec<_>>();
    assert_eq!(silent().await, Vec::<&str>::new());

    let mut locker = scratch.connection().await;
    // Longer than a session of ours may.
    let lock = "SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE products_1 IN ACCESS EXCLUSIVE MODE";
    locker.execute(lock).await.expect("it is locked");
    until(async || silent().await == ["products"]).await;
    world.delete_product(shop, product).await;
    until(async || views.status().trouble.is_some()).await;
    locker.execute("ROLLBACK").await.expect("it is free");
    until(async || silent().await.is_empty() && views.status().trouble.is_none()).await;
    world.caught_up(&views).await;
    filled.stop().await;
}
