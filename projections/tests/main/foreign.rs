//! A store that was filled from another log, or from a longer one, is never read on top of.

use crate::place::GENERATIONS;
use crate::world::World;
use cartlog_projections::{FillError, Projections, Settings};
use eventlog::LogError;

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_another_log_stops_loudly() {
    let (mut world, mut other) = (World::default(), World::default());
    let store = world.store().await;
    world.product(store, "A").await;
    other.store().await;
    drop(world.open().await);
    let outcome = Projections::open(world.read_store().await, other.journal.clone(), Settings::default(), |_| {}).await;
    assert!(matches!(outcome.err(), Some(FillError::Log(LogError::ForeignCheckpoint { .. }))));
    let reason = world.open().await.views().status().position;
    assert_eq!(reason, world.journal.head().await.expect("a head"), "its own log is fine still");
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
