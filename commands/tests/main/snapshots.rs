//! Snapshots in a file.

use commands::snapshots::{Snapshot, Snapshots, SqliteSnapshots};
use eventlog::{LogId, StreamName};
use rusqlite::Connection;
use uuid::Uuid;

fn snapshot(state: &[u8]) -> Snapshot {
    Snapshot { log_id: LogId(Uuid::nil()), format: 3, state: state.to_vec() }
}

#[tokio::test]
async fn the_latest_snapshot_of_a_stream_outlives_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots.db");
    let (one, two) = (StreamName::new("product-1"), StreamName::new("product-2"));
    let snapshots = SqliteSnapshots::open(&path).unwrap();
    assert_eq!(snapshots.load(&one).await.unwrap(), None);
    for state in [b"first", b"again", b"third"] {
        snapshots.save(&one, snapshot(state)).await.unwrap();
    }
    snapshots.save(&two, snapshot(b"other")).await.unwrap();
    drop(snapshots);
    let snapshots = SqliteSnapshots::open(&path).unwrap();
    assert_eq!(snapshots.load(&one).await.unwrap(), Some(snapshot(b"third")));
    assert_eq!(snapshots.load(&two).await.unwrap(), Some(snapshot(b"other")));
    let rows: i64 =
        Connection::open(&path).unwrap().query_row("SELECT count(*) FROM snapshots", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 2);
}

#[tokio::test]
async fn a_file_of_another_version_starts_anew_and_a_foreign_one_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots.db");
    let stream = StreamName::new("product-1");
    SqliteSnapshots::open(&path).unwrap().save(&stream, snapshot(b"old")).await.unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let snapshots = SqliteSnapshots::open(&path).unwrap();
    assert_eq!(snapshots.load(&stream).await.unwrap(), None);
    snapshots.save(&stream, snapshot(b"new")).await.unwrap();

    let foreign = directory.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    let before = std::fs::read(&foreign).unwrap();
    let error = SqliteSnapshots::open(&foreign).err().unwrap();
    assert!(error.to_string().contains("is not a file of snapshots"), "{error}");
    assert_eq!(std::fs::read(&foreign).unwrap(), before);
}

/// Writes nonsense over the first page of what has this name.
fn spoil(path: &std::path::Path, table: &str) {
    let sql = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'");
    let root: i64 = Connection::open(path).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap();
    let root = usize::try_from(root).unwrap();
    let mut file = std::fs::read(path).unwrap();
    file[(root - 1) * 4_096..root * 4_096].fill(0xee);
    std::fs::write(path, file).unwrap();
}

#[tokio::test]
async fn a_damaged_file_begins_anew_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("snapshots.db");
    let stream = StreamName::new("product-1");
    SqliteSnapshots::open(&path).unwrap().save(&stream, snapshot(b"old")).await.unwrap();
    spoil(&path, "snapshots");
    let snapshots = SqliteSnapshots::open(&path).unwrap();
    snapshots.load(&stream).await.expect_err("it is damaged");
    assert_eq!(snapshots.load(&stream).await.unwrap(), None);
    snapshots.save(&stream, snapshot(b"new")).await.unwrap();
    assert_eq!(snapshots.load(&stream).await.unwrap(), Some(snapshot(b"new")));
    assert!(directory.path().join("snapshots.db.damaged").exists());
    drop(snapshots);
    std::fs::write(&path, vec![0xee; 8_192]).unwrap();
    let snapshots = SqliteSnapshots::open(&path).unwrap();
    assert_eq!(snapshots.load(&stream).await.unwrap(), None);
}
