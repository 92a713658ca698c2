//! What only a file can meet.

use crate::place::Place;
use crate::seeds::seeds;
use crate::story::{Story, follower};
use eventlog::{EventLog, Position, SqliteLog, SqliteOptions, Synchronous};
use journal::Journal;
use journal::testing::{BusyShop, MemoryKeys};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tlog::{FollowSettings, Follower, Rules, SqliteTree, TreeStoreError};

#[tokio::test]
async fn a_file_that_is_no_tree_or_a_later_one_is_left_as_it_is() {
    for change in ["PRAGMA user_version = 2", "PRAGMA application_id = 7"] {
        let place = Place::default();
        drop(place.store("tree").await);
        place.edit("tree", change).await;
        let before = std::fs::read(place.path("tree")).unwrap();
        let refused = SqliteTree::open(&place.path("tree"));
        assert!(matches!(refused, Err(TreeStoreError::Foreign(_))), "{change}");
        assert_eq!(std::fs::read(place.path("tree")).unwrap(), before);
    }
}

#[tokio::test]
async fn a_file_of_garbage_is_moved_away_and_the_tree_built_anew() {
    for seed in seeds("a_file_of_garbage", 1) {
        let place = Place::default();
        std::fs::write(place.path("tree"), b"x".repeat(8_192)).unwrap();
        let story = Story::of(&seed, 300).await;
        follower(&story.log, place.store("tree").await).catch_up(|_| ()).await.unwrap();
        assert_eq!(place.rows("tree").await, story.place.rows("tree").await);
        let garbage = std::fs::read_dir(place.path("tree").parent().unwrap()).unwrap();
        let garbage = garbage.filter(|file| std::fs::read(file.as_ref().unwrap().path()).unwrap().starts_with(b"xxx"));
        assert_eq!(garbage.count(), 1);
    }
}

/// Whoever reads one state of the file for long keeps nobody from writing.
#[tokio::test]
async fn a_reader_holds_no_writer_up() {
    for seed in seeds("a_reader_holds_no_writer_up", 1) {
        let story = Story::of(&seed, 300).await;
        let before = story.tree.state().await.unwrap();
        let reading = rusqlite::Connection::open(story.place.path("tree")).unwrap();
        reading.execute_batch("BEGIN; SELECT * FROM state").unwrap();
        let mut more = story.told.last().unwrap().event.clone();
        more.position = Position(more.position.0 + 1);
        story.log.change(|events| events.push(more));
        story.build().await.unwrap();
        assert_ne!(story.tree.state().await.unwrap(), before);
    }
}

const DIRECTORY: &str = "CARTLOG_TEST_TREE";

fn log_in(directory: &Path) -> Arc<dyn EventLog> {
    let options = SqliteOptions { synchronous: Synchronous::Normal, ..SqliteOptions::default() };
    Arc::new(SqliteLog::open(&directory.join("log.sqlite"), options).unwrap())
}

fn follower_in(directory: &Path, log: Arc<dyn EventLog>) -> Follower {
    let store = SqliteTree::open(&directory.join("tree.sqlite")).unwrap();
    Follower::new(log, Arc::new(store), Rules::first(), FollowSettings::default()).unwrap()
}

/// The child's part; nothing without the variable. Prints a line for each batch.
#[tokio::test]
async fn child_that_builds() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let directory = Path::new(&directory);
    let follower = follower_in(directory, log_in(directory));
    follower.catch_up(|now| eprintln!("built {}", now.done)).await.unwrap();
}

/// Lets it write so many batches, and kills it while it is at the next.
fn kill_after(mut child: Child, batches: usize) {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    lines.map_while(Result::ok).filter(|line| line.starts_with("built")).take(batches).for_each(drop);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn killed_in_the_middle_of_a_batch_it_goes_on_to_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let log = log_in(directory.path());
    let mut shop = BusyShop::new(Journal::new(log.clone(), Arc::new(MemoryKeys::default())), 1).await;
    for _ in 0..500 {
        shop.visit().await;
    }
    drop(shop);
    drop(log);
    for batches in [1, 2, 1, 3] {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "embedded::child_that_builds", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        kill_after(child, batches);
    }
    let log = log_in(directory.path());
    follower_in(directory.path(), log.clone()).catch_up(|_| ()).await.unwrap();
    let whole = Place::default();
    let follower = Follower::new(log, whole.store("tree").await, Rules::first(), FollowSettings::default()).unwrap();
    follower.catch_up(|_| ()).await.unwrap();
    let state = whole.store("tree").await.state().await.unwrap();
    assert!(state.unwrap().size() > 5_000);
    std::fs::copy(directory.path().join("tree.sqlite"), whole.path("killed")).unwrap();
    let _ = std::fs::copy(directory.path().join("tree.sqlite-wal"), whole.path("killed").with_extension("sqlite-wal"));
    assert_eq!(whole.rows("killed").await, whole.rows("tree").await);
}
