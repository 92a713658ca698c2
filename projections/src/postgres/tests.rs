//! What a query costs: every list goes through its index, in its order, whatever is filtered and wherever the page begins; a search
//! through the index of words.

use super::pool::SESSION;
use super::statement::{self, Statement};
use super::{PostgresReadStore, schema};
use crate::store::*;
use crate::{KeyPart, RowKey, TimeRange};
use ::postgres::testing::Scratch;
use ::postgres::{HeldRole, Role};
use domain::Timestamp;
use eventlog::{Checkpoint, LogId, Position};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

const ROWS: u64 = 5_000;
const STORES: u64 = 5;

fn store(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number % STORES) + 1)
}

/// The key of a row, of the view's kind.
fn key(view: &ViewDeclaration, number: u64) -> RowKey {
    match view.key {
        KeyKind::Id => Uuid::from_u128(u128::from(number) + 1).into(),
        KeyKind::Parts => RowKey::of(&[KeyPart::Number(number)]),
    }
}

/// Many rows in few lists, as in a shop.
fn row(view: &ViewDeclaration, number: u64) -> RowWrite {
    let value = |column: &Column| match (column.name, column.kind) {
        ("store_id", _) => Value::Id(store(number)),
        (_, Kind::Id) => Value::Id(Uuid::from_u128(number as u128 % 40)),
        (name, Kind::Text) => Value::Text(format!("{name} {}", number % 7)),
        (name, Kind::Integer)
            if name == "since" || name.ends_with("_at") || name.ends_with("_position") || name.ends_with("_minute") =>
        {
            Value::Integer(number as i64)
        }
        ("carts_expire", Kind::Integer) => Value::Integer(i64::from(number.is_multiple_of(20))),
        (_, Kind::Integer) => Value::Integer(number as i64 % 3),
    };
    let words =
        |_: &SearchField| format!("lamp number{number} {}", if number.is_multiple_of(10) { "red" } else { "blue" });
    RowWrite {
        key: key(view, number),
        document: "{}".to_owned(),
        facets: Facets {
            columns: view.columns.iter().map(value).collect(),
            labels: view.labels.iter().map(|labels| labels.name.to_owned()).collect(),
            search_text: view.search.as_ref().map(|searched| searched.fields.iter().map(words).collect()),
        },
        changed: Changed::ALL,
    }
}

/// A generation of every view, filled.
async fn filled(scratch: &Scratch) -> Vec<Table> {
    let held = HeldRole { role: Role::View { name: "all".into(), version: 1 }, epoch: 1 };
    let store = PostgresReadStore::open(&scratch.database().await).await.expect("opens").leading(&[held]);
    scratch.execute("INSERT INTO leaders VALUES ('view all 1', 1, 'test', now())").await;
    let checkpoint = Checkpoint::start(LogId(Uuid::nil()));
    let mut tables = Vec::new();
    for view in crate::views::ALL.iter().map(|view| view.declaration) {
        let table = store.create(view, checkpoint).await.expect("made");
        let rows = (0..ROWS).map(|number| row(view, number)).collect();
        let history = (0..ROWS).map(|number| (key(view, number), Position(number))).collect();
        let changes =
            TableChanges { table, rows, stores: Vec::new(), history, unparked: Vec::new(), parked: Vec::new() };
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
        tables.push(table);
    }
    tables
}

/// All lists through the view, each with the name of the index that is for it.
fn lists(view: &'static ViewDeclaration) -> Vec<(String, List)> {
    let of_row = row(view, 2_200).facets;
    let value = |name: &&str| {
        let place = view.columns.iter().position(|column| column.name == *name);
        place.map_or(Value::Integer(0), |place| of_row.columns[place].clone())
    };
    let mut lists = Vec::new();
    for index in view.indexes {
        let list = List::through(index, index.equal.iter().map(value).collect());
        let covering = index.covering.iter().map(|column| match value(column) {
            Value::Text(_) => list.clone().filter(Filter::Equal(column, value(column))),
            _ => list.clone().filter(Filter::NullOrAtLeast(column, 3)),
        });
        let filtered: Vec<List> = covering.collect();
        lists.extend(filtered.into_iter().chain([list]).map(|list| (format!("_{}", index.name), list)));
    }
    if let Some(labels) = &view.labels {
        let list = List::labeled(labels.name.to_owned(), labels.equal.iter().map(value).collect());
        let filtered = list.clone().filter(Filter::AtLeast("updated_at", 3));
        lists.extend([list, filtered].map(|list| ("_labels_pkey".to_owned(), list)));
    }
    let wide = TimeRange { from: Some(Timestamp::from_millis(5)), until: Some(Timestamp::from_millis(4_000)) };
    let ordered_by_keys = |list: &List| matches!(&list.through, Through::Index(index) if index.sort.is_none());
    let after = Hit { sort: 2_000, key: key(view, 2_000) };
    let in_all_ways = |(index, list): (String, List)| {
        let list = list.limit(10);
        let within = if ordered_by_keys(&list) { list.clone() } else { list.clone().range(wide) };
        let later = List { after: Some(after), ..within.clone() };
        let both = [list, within, later].map(|list| [list.clone().ascending(), list]);
        both.into_iter().flatten().map(move |list| (index.clone(), list))
    };
    lists.into_iter().flat_map(in_all_ways).collect()
}

/// How the server does it.
async fn plan(connection: &mut PgConnection, statement: &Statement) -> String {
    let prepare = format!("DEALLOCATE ALL; PREPARE asked AS {}", statement.sql);
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.expect("prepared");
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE asked ({})", statement.literals()));
    let lines = sqlx::raw_sql(explain).fetch_all(&mut *connection).await.expect("explained");
    lines.iter().map(|line| line.get::<String, _>(0) + "\n").collect()
}

#[tokio::test]
async fn every_list_goes_through_its_index_in_its_order() {
    let scratch = Scratch::default();
    let tables = filled(&scratch).await;
    let database = scratch.database().await;
    let mut connection = database.pool(1, SESSION).acquire().await.expect("connected");
    // Before the server knows anything of the new tables, and after.
    for analyze in [false, true] {
        if analyze {
            scratch.execute("ANALYZE").await;
        }
        for (table, (index, list)) in
            tables.iter().flat_map(|table| lists(table.view).into_iter().map(|list| (*table, list)))
        {
            let index = format!("{}{index}", schema::name(table));
            let way = plan(&mut connection, &statement::list(table, &list)).await;
            let is_direct = !way.contains("Seq Scan") && !way.contains("Sort") && !way.contains("Bitmap");
            assert!(is_direct && way.contains(&format!("{index} on ")), "{index}: {list:?}\n{way}");
            assert!(list.after.is_none() || starts_there(&way, &list), "{list:?}\n{way}");
            let way = plan(&mut connection, &statement::count(table, &list)).await;
            assert!(!way.contains("Seq Scan") && !way.contains("Sort"), "{list:?}\n{way}");
        }
    }
}

/// Whether the page's beginning is found in the index, not by passing over what is before it.
fn starts_there(way: &str, list: &List) -> bool {
    let conditions: String = way.lines().filter(|line| line.contains("Index Cond")).collect();
    let is_ordered_by_keys = matches!(&list.through, Through::Index(index) if index.sort.is_none());
    if is_ordered_by_keys { conditions.contains("in_order ") } else { conditions.contains("ROW(") }
}

#[tokio::test]
async fn every_search_goes_through_the_words() {
    let scratch = Scratch::default();
    let tables = filled(&scratch).await;
    let database = scratch.database().await;
    let mut connection = database.pool(1, SESSION).acquire().await.expect("connected");
    let searched: Vec<Table> = tables.into_iter().filter(|table| table.view.search.is_some()).collect();
    assert!(!searched.is_empty());
    for analyze in [false, true] {
        if analyze {
            scratch.execute("ANALYZE").await;
        }
        for table in &searched {
            for text in ["number7", "red lamp", "red la", "blue-lamp", "lamp", "the lamp"] {
                let text = text.to_owned();
                let available = vec![Filter::Equal("available", Value::Integer(1))];
                let (is_beginning, offset, limit) = (text.starts_with("red"), 0, 10);
                let search = Search { scope: store(7), text, is_beginning, filters: available, offset, limit };
                let statement = statement::search(*table, &search).expect("words");
                let way = plan(&mut connection, &statement).await;
                let through = format!("Bitmap Index Scan on {}_words", schema::name(*table));
                assert!(way.contains(&through) && !way.contains("Seq Scan"), "{search:?}\n{way}");
                assert_eq!(way.matches("Sort Key").count(), 1, "{search:?}\n{way}");
            }
        }
    }
}

#[tokio::test]
async fn rows_and_their_histories_are_found_by_their_keys() {
    let scratch = Scratch::default();
    let tables = filled(&scratch).await;
    let mut connection = scratch.database().await.pool(1, SESSION).acquire().await.expect("connected");
    for table in tables {
        let name = schema::name(table);
        let keys = if table.view.key == KeyKind::Id { "uuid[]" } else { "bytea[]" };
        for (sql, index) in [
            (format!("SELECT document::text FROM {name} WHERE key = $1"), "pkey"),
            (format!("SELECT key, document::text FROM {name} WHERE key = ANY (ARRAY[$1]::{keys})"), "pkey"),
            (
                format!("SELECT position FROM {name}_history WHERE key = $1 AND position <= 5 ORDER BY position"),
                "history_pkey",
            ),
        ] {
            let way = plan(&mut connection, &Statement::new(sql).key(key(table.view, 1))).await;
            assert!(way.contains(index) && !way.contains("Seq Scan"), "{way}");
        }
    }
}
