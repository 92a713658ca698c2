//! A store that was filled from another log, or from a longer one, is never built on.

use crate::place::GENERATIONS;
use crate::world::{World, until};
use cartlog_projections::{FillError, Projections, Settings};
use eventlog::LogError;

/// As after a copy of the log to another engine.
#[tokio::test(flavor = "multi_thread")]
async fn views_of_another_log_are_filled_anew() {
    let (mut world, mut other) = (World::default(), World::default());
    let store = world.store().await;
    // So that the two worlds' ids are not the same.
    (0..100).for_each(|_| _ = other.id());
    let others = other.store().await;
    world.product(store, "A").await;
    other.product(others, "B").await;
    drop(world.open().await);
    let opened = Projections::open(world.read_store().await, other.journal.clone(), Settings::default(), |_| {});
    let projections = opened.await.expect("opens");
    let views = projections.views();
    assert!(views.store(store).await.expect("an answer").is_none(), "of the log before");
    assert!(views.store(others).await.expect("an answer").is_some());
    projections.start();
    // What was filled from the log before goes.
    let read_store = world.read_store().await;
    let log_id = other.journal.log_id().await.expect("an id");
    until(async || {
        let generations = read_store.generations().await.expect("generations");
        generations.iter().all(|known| known.checkpoint.log_id == log_id)
    })
    .await;
    projections.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_shorter_than_the_checkpoint_stops_loudly() {
    let mut world = World::default();
    world.store().await;
    drop(world.open().await);
    world.edit_read_store(&format!("UPDATE {GENERATIONS} SET position = 5")).await;
    let outcome = Projections::open(world.read_store().await, world.journal.clone(), Settings::default(), |_| {}).await;
    assert!(matches!(outcome.err(), Some(FillError::Log(LogError::ForeignCheckpoint { .. }))));
}
