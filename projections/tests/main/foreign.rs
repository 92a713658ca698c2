//! A store that was filled from another log, or from a longer one, is never read on top of.

use crate::world::World;
use cartlog_projections::store::StoreError;
use cartlog_projections::{FillError, Projections, Settings, SqliteReadStore};
use eventlog::LogError;

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_another_log_stops_loudly() {
    let (mut world, mut other) = (World::default(), World::default());
    let store = world.store().await;
    world.product(store, "A").await;
    other.store().await;
    drop(world.open().await);
    let outcome = Projections::open(world.read_store(), other.journal.clone(), Settings::default(), |_| {}).await;
    assert!(matches!(outcome.err(), Some(FillError::Log(LogError::ForeignCheckpoint { .. }))));
    let reason = world.open().await.views().status().position;
    assert_eq!(reason, world.journal.head().await.expect("a head"), "its own log is fine still");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_shorter_than_the_checkpoint_stops_loudly() {
    let mut world = World::default();
    world.store().await;
    drop(world.open().await);
    world.edit_read_store("UPDATE generations SET position = 5");
    let outcome = Projections::open(world.read_store(), world.journal.clone(), Settings::default(), |_| {}).await;
    assert!(matches!(outcome.err(), Some(FillError::Log(LogError::ForeignCheckpoint { .. }))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_newer_version_or_of_something_else_is_left_alone() {
    let world = World::default();
    drop(world.open().await);
    world.edit_read_store("PRAGMA user_version = 1000");
    assert!(matches!(SqliteReadStore::open(&world.read_store_path("views")).err(), Some(StoreError::Newer(_))));
    let other = world.read_store_path("other");
    std::fs::write(&other, "SQLite format 3? Not at all, but long enough to be taken for a file").expect("written");
    assert!(matches!(SqliteReadStore::open(&other).err(), Some(StoreError::Damaged(_))));
}
