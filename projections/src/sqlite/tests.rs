//! What only this adapter promises: what a query costs, and that dropping says what it writes.

use super::statement::{self, Statement};
use super::*;
use crate::TimeRange;
use crate::View;
use crate::views::{Customers, Orders, Products};
use domain::Timestamp;
use eventlog::LogId;
use rusqlite::{StatementStatus, params_from_iter};
use uuid::Uuid;

const ROWS: i64 = 3_000;

/// A generation of the view with many rows that differ in their moments alone, ten at each.
async fn filled<V: View>(store: &SqliteReadStore) -> Table {
    let checkpoint = Checkpoint::start(LogId(Uuid::nil()));
    let table = store.create(&V::DECLARATION, checkpoint).await.expect("made");
    let value = |column: &Column, moment: i64| match (column.name, column.kind) {
        ("live" | "available" | "open", _) => Value::Integer(1),
        (name, Kind::Integer) if name.ends_with("_at") || name.ends_with("_position") => Value::Integer(moment),
        (_, Kind::Integer) => Value::Integer(0),
        (name, Kind::Text) => Value::Text(name.to_owned()),
        (_, Kind::Id) => Value::Id(Uuid::nil()),
    };
    let row = |number: i64| RowWrite {
        key: Uuid::from_u128(number as u128).into(),
        document: "{}".repeat(200),
        facets: Facets {
            columns: V::DECLARATION.columns.iter().map(|column| value(column, number / 10)).collect(),
            labels: V::DECLARATION.labels.iter().map(|labels| labels.name.to_owned()).collect(),
            search_text: None,
        },
        changed: Changed::ALL,
    };
    let rows = (0..ROWS).map(row).collect();
    let changes =
        TableChanges { table, rows, stores: Vec::new(), history: Vec::new(), unparked: Vec::new(), parked: Vec::new() };
    store
        .commit(Commit {
            tables: vec![changes],
            tips: Vec::new(),
            before: Position::START,
            checkpoint,
            event_hash: None,
        })
        .await
        .expect("written");
    table
}

/// How many steps the database takes for a page of the list, and what it finds.
fn steps(store: &SqliteReadStore, table: Table, list: &List) -> (i32, Vec<Hit>) {
    let hits = store.inline(|connection| read::list(connection, table, list)).expect("a list");
    let Statement { sql, values } = statement::list(table, list);
    let steps = store.inline(|connection| {
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while rows.next()?.is_some() {}
        drop(rows);
        Ok(statement.get_status(StatementStatus::VmStep))
    });
    (steps.expect("steps"), hits)
}

/// All ways through the view: each index, and each label where it has them, both with and without a range.
fn lists<V: View>() -> Vec<List> {
    let view = &V::DECLARATION;
    let value = |name: &&str| match view.columns.iter().find(|column| column.name == *name) {
        Some(Column { kind: Kind::Id, .. }) => Value::Id(Uuid::nil()),
        Some(Column { kind: Kind::Text, .. }) => Value::Text((*name).to_owned()),
        _ => Value::Integer(i64::from(["live", "available", "open"].contains(name))),
    };
    let indexes = view.indexes.iter();
    let through = indexes.map(|index| List::through(index, index.equal.iter().map(value).collect()));
    let labeled = view
        .labels
        .iter()
        .map(|labels| List::labeled(labels.name.to_owned(), labels.equal.iter().map(value).collect()));
    let wide = TimeRange { from: Some(Timestamp::from_millis(5)), until: Some(Timestamp::from_millis(295)) };
    let within_range = |list: &List| match &list.through {
        // The order of keys has no moments.
        Through::Index(index) if index.sort.is_none() => list.clone(),
        Through::Index(_) | Through::Label(_) => list.clone().range(wide),
    };
    let lists = through.chain(labeled).map(|list| list.limit(10));
    let lists = lists.flat_map(|list| [within_range(&list), list]);
    lists.flat_map(|list| [list.clone().ascending(), list]).collect()
}

fn opened(directory: &tempfile::TempDir) -> SqliteReadStore {
    SqliteReadStore::open(&directory.path().join("views.sqlite")).expect("opens")
}

/// Goes through all of each list. No page takes many more steps than the first: a little more, to look for the cursor's row,
/// and not thousands, to pass over those before it.
async fn costs_the_same_at_any_depth<V: View>() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = opened(&directory);
    let table = filled::<V>(&store).await;
    for mut list in lists::<V>() {
        let (first, mut hits) = steps(&store, table, &list);
        let mut found = 0;
        while let Some(last) = hits.last().copied() {
            found += hits.len();
            list.after = Some(last);
            let (deep, next) = steps(&store, table, &list);
            assert!(deep <= 4 * first, "{deep} steps after {found} rows, {first} at first: {list:?}");
            hits = next;
        }
        let expected = if list.range.is_all() { ROWS } else { 2_900 };
        assert_eq!(found as i64, expected, "{list:?}");
    }
}

#[tokio::test]
async fn a_page_after_a_cursor_costs_the_same_at_any_depth() {
    costs_the_same_at_any_depth::<Products>().await;
    costs_the_same_at_any_depth::<Customers>().await;
    costs_the_same_at_any_depth::<Orders>().await;
}

/// What a rebuild leaves is given back to the disk, and meanwhile the write-ahead log stays bounded.
#[tokio::test]
async fn dropping_a_generation_gives_its_room_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = opened(&directory);
    let _stays = filled::<Products>(&store).await;
    store.settle().expect("settled");
    let before = store.bytes().await.expect("bytes");
    let table = filled::<Products>(&store).await;
    store.settle().expect("settled");
    let with_two = store.bytes().await.expect("bytes");
    assert!(with_two > before * 3 / 2, "{before} bytes, then {with_two}");
    store.drop_generation(table.view.name.to_owned(), table.generation).await.expect("dropped");
    store.settle().expect("settled");
    let after = store.bytes().await.expect("bytes");
    // But for what stays free for what comes next.
    assert!(after <= before + 300 * 4_096, "{before} bytes, {with_two} with two generations, then {after}");
    assert_eq!(store.generations().await.expect("generations").len(), 1);
}

/// As version 0.1 left it: in a file that can give nothing back.
#[tokio::test]
async fn a_file_of_before_is_written_anew_once_that_is_worth_while() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("views.sqlite");
    let store = opened(&directory);
    let table = filled::<Products>(&store).await;
    drop(store);
    let before = Connection::open(&path).expect("opens");
    before.execute_batch("PRAGMA auto_vacuum = NONE; VACUUM; CREATE TABLE room (a);").expect("as before");
    let rows = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) SELECT zeroblob(4000) FROM n";
    before.execute_batch(&format!("INSERT INTO room {rows}; DROP TABLE room;")).expect("room");
    drop(before);
    let full = std::fs::metadata(&path).expect("a file").len();
    let store = opened(&directory);
    let now = store.bytes().await.expect("bytes");
    assert!(now < full / 2, "{full} bytes, then {now}");
    let generations = store.generations().await.expect("generations");
    assert_eq!(generations[0].generation, table.generation);
    let vacuums: i64 =
        store.inline(|file| file.pragma_query_value(None, "auto_vacuum", |row| row.get(0))).expect("a mode");
    assert_eq!(vacuums, 2, "it gives room back from now on");
}
