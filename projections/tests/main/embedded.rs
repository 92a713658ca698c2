//! What only the store in a file can meet.

use crate::world::World;
use cartlog_projections::SqliteReadStore;
use cartlog_projections::store::StoreError;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_newer_version_or_of_something_else_is_left_alone() {
    let world = World::default();
    drop(world.open().await);
    world.edit_read_store("PRAGMA user_version = 1000").await;
    assert!(matches!(SqliteReadStore::open(&world.place.path("views")).err(), Some(StoreError::Newer(_))));
    let other = world.place.path("other");
    std::fs::write(&other, "SQLite format 3? Not at all, but long enough to be taken for a file").expect("written");
    assert!(matches!(SqliteReadStore::open(&other).err(), Some(StoreError::Damaged(_))));
}
