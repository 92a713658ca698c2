//! What only the store in a file can meet.

use crate::world::{World, until};
use cartlog_projections::store::{ReadStore, ReadStoreError};
use cartlog_projections::views::ProductFilter;
use cartlog_projections::{PageRequest, ProjectionSettings, Projections, SqliteReadStore};
use eventlog::StreamName;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_newer_version_or_of_something_else_is_left_alone() {
    let world = World::default();
    drop(world.open().await);
    world.edit_read_store("PRAGMA user_version = 1000").await;
    assert!(matches!(SqliteReadStore::open(&world.place.path("views")).err(), Some(ReadStoreError::Newer(_))));
    let other = world.place.path("other");
    std::fs::write(&other, "SQLite format 3? Not at all, but long enough to be taken for a file").expect("written");
    assert!(matches!(SqliteReadStore::open(&other).err(), Some(ReadStoreError::Damaged(_))));
    std::fs::remove_file(&other).expect("removed");
    rusqlite::Connection::open(&other).expect("opens").execute_batch("CREATE TABLE t (a)").expect("somebody's");
    for refused in [SqliteReadStore::open(&other), SqliteReadStore::open_or_begin_anew(&other)] {
        assert!(matches!(refused.err(), Some(ReadStoreError::Foreign(_))));
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Writes nonsense over the first page of each of the products' tables and indexes.
fn spoil(path: &Path) {
    let connection = rusqlite::Connection::open(path).expect("opens");
    let sql = "SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'products_1' AND rootpage > 0";
    let mut roots = connection.prepare(sql).expect("a statement");
    let roots = roots.query_map([], |row| row.get::<_, i64>(0)).expect("roots");
    let roots: Vec<usize> = roots.map(|root| root.expect("a page") as usize).collect();
    assert!(roots.len() > 2, "{roots:?}");
    let mut file = std::fs::read(path).expect("a file");
    for root in roots {
        file[(root - 1) * 4_096..root * 4_096].fill(0xee);
    }
    std::fs::write(path, file).expect("written");
}

/// A page that can't be read must not stop the views, nor whoever can be answered without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_filled_anew_beside_itself() {
    let mut world = World::default();
    let store = world.store().await;
    for _ in 0..300 {
        world.product(store, "A").await;
    }
    let path = world.place.path("views");
    drop(world.open().await);
    // Whoever closes it last has taken all into the file.
    until(async || !beside(&path, "-wal").exists()).await;
    spoil(&path);
    let file = Arc::new(SqliteReadStore::open(&path).expect("opens"));
    let opening = Projections::open(
        Arc::clone(&file) as Arc<dyn ReadStore>,
        world.journal.clone(),
        ProjectionSettings::default(),
        |_| {},
    );
    let projections = opening.await.expect("what is damaged is not read at the start");
    let views = projections.views();
    projections.start();
    let (filter, page) = (ProductFilter::default(), PageRequest::first(25));
    let everything = || views.products(store, &filter, &page);
    everything().await.expect_err("the test spoils what is read");
    file.damaged().await;
    let healed = projections.heal(&file, |_| {}).await.expect("healed");
    healed.start();
    // By the handle from before.
    assert_eq!(everything().await.expect("all of it").items.len(), 25);
    let product = world.product(store, "B").await;
    until(async || views.product(store, product).await.is_ok_and(|row| row.is_some())).await;
    assert!(views.status().trouble.is_none() && !views.status().stopped, "{:?}", views.status());
    healed.stop().await;
    assert!(beside(&path, ".damaged").exists());
    assert!(!beside(&path, "-anew").exists());
}

/// One that can't even be opened.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_header_is_damaged_begins_anew() {
    let mut world = World::default();
    let store = world.store().await;
    drop(world.open().await);
    let path = world.place.path("views");
    until(async || !beside(&path, "-wal").exists()).await;
    let mut file = std::fs::read(&path).expect("a file");
    file[..100].fill(7);
    std::fs::write(&path, file).expect("written");
    let file = SqliteReadStore::open_or_begin_anew(&path).expect("begins anew");
    let opening = Projections::open(Arc::new(file), world.journal.clone(), ProjectionSettings::default(), |_| {});
    let views = opening.await.expect("filled").views();
    assert!(views.store(store).await.expect("an answer").is_some());
}

/// The first layout kept nothing of what was seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_first_layout_is_brought_to_this_one_and_keeps_its_views() {
    let mut world = World::default();
    let store = world.store().await;
    drop(world.open().await);
    let first = "DROP TABLE tips; ALTER TABLE generations DROP COLUMN event_hash; PRAGMA user_version = 1;";
    world.edit_read_store(first).await;
    let before = world.read_store().await.generations().await.expect("generations");
    assert!(before.iter().all(|known| known.generation == 1 && known.event_hash.is_none()), "{before:?}");
    let product = world.product(store, "A").await;
    drop(world.open().await);
    let after = world.read_store().await.generations().await.expect("generations");
    assert!(after.iter().all(|known| known.generation == 1 && known.event_hash.is_some()), "{after:?}");
    let tip = world.read_store().await.tip(&StreamName::new(format!("product-{product}"))).await.expect("read");
    assert_eq!(tip.map(|tip| tip.revision), Some(0));
}
