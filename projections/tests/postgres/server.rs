//! A server that restarts, forgets, or is out of reach at the worst moment; and rows that it can't keep as they are.

use crate::place::held;
use crate::shelf::{BY_VENDOR, STORE, Shelf, VIEW, at, row};
use crate::world::{LONG, until};
use cartlog_projections::store::*;
use cartlog_projections::{PostgresReadStore, RowKey};
use eventlog::Position;
use postgres::DatabaseError;
use postgres::testing::{Network, Proxy, url};
use sqlx::Connection;
use sqlx::postgres::PgListener;
use std::time::Duration;
use uuid::Uuid;

async fn far() -> (Proxy, Shelf) {
    let proxy = Proxy::to(&url()).await;
    let shelf = Shelf::at(&proxy.url, |options| options).await;
    shelf.store.commit(shelf.batch(0, 1, 1)).await.expect("written");
    (proxy, shelf)
}

/// The worst: it was written, and nobody was told.
#[tokio::test]
async fn a_batch_whose_answer_is_lost_was_written_once_and_is_said_to_be() {
    let (proxy, shelf) = far().await;
    proxy.be(Network::LosesAnswerTo("COMMIT"));
    shelf.store.commit(shelf.batch(1, 2, 2)).await.expect("written");
    assert!(proxy.is(Network::Well), "the answer was lost");
    assert!(shelf.has(2).await);
    // Also one that leaves the view where it is, as when a row is tried again.
    proxy.be(Network::LosesAnswerTo("COMMIT"));
    shelf.store.commit(shelf.batch(2, 2, 3)).await.expect("written");
    assert!(proxy.is(Network::Well), "the answer was lost");
    assert!(shelf.has(3).await);
    shelf.store.commit(shelf.batch(2, 3, 4)).await.expect("written");
}

#[tokio::test]
async fn a_batch_that_does_not_get_through_was_not_written_and_can_be_tried_again() {
    for text in ["BEGIN", "UPDATE views_generations", "INSERT INTO products_1 ", "pg_notify", "COMMIT"] {
        let proxy = Proxy::to(&url()).await;
        let shelf = Shelf::at(&proxy.url, |options| options).await;
        proxy.be(Network::LosesNext(text));
        let outcome = shelf.store.commit(shelf.batch(0, 1, 1)).await;
        assert!(matches!(outcome, Err(ReadStoreError::Unavailable(_))), "{text}: {outcome:?}");
        assert!(proxy.is(Network::Well), "{text} was lost");
        assert!(!shelf.has(1).await, "{text}");
        shelf.store.commit(shelf.batch(0, 1, 1)).await.expect("written");
        assert!(shelf.has(1).await, "{text}");
    }
}

#[tokio::test]
async fn a_swap_whose_answer_is_lost_is_done() {
    let (proxy, shelf) = far().await;
    proxy.be(Network::LosesAnswerTo("COMMIT"));
    shelf.store.swap(vec![shelf.table]).await.expect("swapped");
    assert!(proxy.is(Network::Well), "the answer was lost");
    let generations = shelf.store.generations().await.expect("generations");
    assert_eq!(generations[0].state, GenerationState::Live);
}

#[tokio::test]
async fn a_server_that_is_away_is_told_of_and_used_again_once_it_is_back() {
    let (proxy, shelf) = far().await;
    proxy.be(Network::Down);
    let (reading, writing) = (shelf.store.generations().await, shelf.store.commit(shelf.batch(1, 2, 2)).await);
    assert!(matches!(reading, Err(ReadStoreError::Unavailable(_))), "{reading:?}");
    assert!(matches!(writing, Err(ReadStoreError::Unavailable(_))), "{writing:?}");
    proxy.be(Network::Well);
    assert!(!shelf.has(2).await);
    shelf.store.commit(shelf.batch(1, 2, 2)).await.expect("written");
    assert!(shelf.has(2).await);
}

/// Its connections are all dead then, which nobody knows who has not used them.
#[tokio::test(flavor = "multi_thread")]
async fn reads_go_on_when_the_server_was_restarted() {
    let shelf = Shelf::new().await;
    shelf.store.commit(shelf.batch(0, 1, 1)).await.expect("written");
    for _ in 0..5 {
        let ends = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                    WHERE application_name = current_schema() AND pid <> pg_backend_pid()";
        shelf.scratch.texts(ends).await;
        assert!(shelf.has(1).await);
    }
}

/// A crash of the server can take the last batches with it: what is folded on in memory is ahead of what it has.
#[tokio::test]
async fn a_store_that_was_set_back_is_to_be_read_anew() {
    let shelf = Shelf::new().await;
    shelf.store.commit(shelf.batch(0, 5, 1)).await.expect("written");
    shelf.scratch.execute("UPDATE views_generations SET position = 3").await;
    let outcome = shelf.store.commit(shelf.batch(5, 6, 2)).await;
    assert!(matches!(outcome, Err(ReadStoreError::Fenced)), "{outcome:?}");
    shelf.scratch.execute("UPDATE views_generations SET position = 9").await;
    let outcome = shelf.store.commit(shelf.batch(5, 6, 2)).await;
    assert!(matches!(outcome, Err(ReadStoreError::Damaged(_))), "{outcome:?}");
    assert!(!shelf.has(2).await);
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused() {
    let shelf = Shelf::new().await;
    shelf
        .scratch
        .execute(
            "INSERT INTO views_migrations SELECT 1000, description, now(), true, checksum, 1 FROM views_migrations LIMIT 1",
        )
        .await;
    let error = PostgresReadStore::open(&shelf.scratch.database().await).await.err().expect("refused");
    assert!(matches!(&error, DatabaseError::Refused(said) if said.to_string().contains("newer version")), "{error}");
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_given_up() {
    let shelf = Shelf::at(&url(), |options| postgres::DatabaseOptions {
        statement_timeout: Duration::from_millis(200),
        ..options
    })
    .await;
    let mut connection = shelf.scratch.connection().await;
    let mut locking = connection.begin().await.expect("begun");
    sqlx::query("LOCK TABLE products_1 IN ACCESS EXCLUSIVE MODE").execute(&mut *locking).await.expect("locked");
    let outcome = shelf.store.get(shelf.table, Uuid::nil().into()).await;
    assert!(matches!(outcome, Err(ReadStoreError::Busy)), "{outcome:?}");
}

/// While one reader has a generation still, others must not wait behind whoever drops it.
#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_generation_waits_for_its_readers_and_they_do_not_wait_for_it() {
    let shelf = Shelf::new().await;
    shelf.store.commit(shelf.batch(0, 1, 1)).await.expect("written");
    let mut connection = shelf.scratch.connection().await;
    let mut reading = connection.begin().await.expect("begun");
    sqlx::query("SELECT 1 FROM products_1").execute(&mut *reading).await.expect("read");
    let (store, generation) = (shelf.store.clone(), shelf.table.generation);
    let dropping = tokio::spawn(async move { store.drop_generation("products".to_owned(), generation).await });
    for _ in 0..20 {
        assert!(shelf.has(1).await);
    }
    assert!(!dropping.is_finished());
    reading.rollback().await.expect("let go");
    dropping.await.expect("no panic").expect("dropped");
    assert_eq!(shelf.store.generations().await.expect("generations"), []);
    let tables =
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'products%'";
    until(async || shelf.scratch.texts(tables).await.is_empty()).await;
    // It is gone already, and one that answers is not dropped.
    shelf.store.drop_generation("products".to_owned(), 1).await.expect("nothing happens");
    let table = shelf.store.create(VIEW, at(0)).await.expect("made");
    assert_eq!(table.generation, 2, "a number that the view never had");
    shelf.store.swap(vec![table]).await.expect("swapped");
    shelf.store.drop_generation("products".to_owned(), 2).await.expect("nothing happens");
    assert_eq!(shelf.store.generations().await.expect("generations").len(), 1);
}

fn by_vendor(vendor: &str) -> List {
    let equal = vec![Value::Id(STORE), Value::Integer(1), Value::Text(vendor.to_owned())];
    List::through(BY_VENDOR, equal).limit(10)
}

/// Longer than what an index takes, and with what PostgreSQL has no text for.
#[tokio::test]
async fn any_text_can_be_written_and_listed_by() {
    let shelf = Shelf::new().await;
    let mut long: Vec<String> = ["長", "é", "😀"].map(|letter| letter.repeat(1_000)).to_vec();
    // Too much at once for what compression could save.
    long.push((0..1_000).filter_map(|number| char::from_u32(0x4e00 + number * 13 % 20_000)).collect());
    let other = format!("{}!", &long[3]);
    let texts =
        [&long[..], &[other, "a\0b".to_owned(), "a\u{fffd}b".to_owned(), "\\'\"$1".to_owned(), String::new()]].concat();
    let rows = texts.iter().zip(1..).map(|(text, number)| {
        let mut row = row(number, text);
        row.document = serde_json::json!({ "text": text, "number": number }).to_string();
        row.facets.labels = vec![text.clone()];
        row.facets.search_text = Some(vec![text.clone(); 5]);
        row
    });
    let batch = shelf.batch_of(0, 1, rows.collect());
    let documents: Vec<String> = batch.tables[0].rows.iter().map(|row| row.document.clone()).collect();
    shelf.store.commit(batch).await.expect("written");
    for (text, number) in texts.iter().zip(1..) {
        let key = RowKey::from(Uuid::from_u128(number));
        let hits = shelf.store.list(shelf.table, by_vendor(text)).await.expect("a list");
        assert_eq!(hits, [Hit { sort: 0, key }], "{text}");
        let labeled = List::labeled(text.clone(), vec![Value::Id(STORE)]).limit(10);
        assert_eq!(shelf.store.list(shelf.table, labeled).await.expect("a list").len(), 1, "{text}");
        let document = shelf.store.get(shelf.table, key).await.expect("a document");
        assert_eq!(document.as_ref(), documents.get(number as usize - 1), "byte for byte");
    }
}

/// More text than the server takes as one: what is beyond is not found, and nothing else is lost.
#[tokio::test]
async fn a_row_with_more_words_than_can_be_indexed_is_found_by_its_first() {
    let shelf = Shelf::new().await;
    let mut row = row(1, "vendor");
    let many: String = (0..200_000).map(|number| format!("{number:x}w{} ", number % 7)).collect();
    let long = "x".repeat(5_000);
    row.facets.search_text = Some(vec!["Lamp".to_owned(), long.clone(), "lamps ".repeat(1_000), String::new(), many]);
    shelf.store.commit(shelf.batch_of(0, 1, vec![row])).await.expect("written");
    let search = |text: &str| Search {
        scope: STORE,
        text: text.to_owned(),
        is_beginning: false,
        filters: Vec::new(),
        offset: 0,
        limit: 10,
    };
    for text in ["lamp", &long, "0w0"] {
        assert_eq!(shelf.store.search(shelf.table, search(text)).await.expect("found").len(), 1, "{text}");
    }
}

/// Among equally good hits the newest comes first, also when only that has changed.
#[tokio::test]
async fn hits_are_in_order_also_when_no_word_has_changed() {
    let shelf = Shelf::new().await;
    let created = VIEW.columns.iter().position(|column| column.name == "created_at").expect("a column");
    let made = |product: u128, at: i64, changed: Changed| {
        let mut row = row(product, "vendor");
        row.facets.columns[created] = Value::Integer(at);
        RowWrite { changed, ..row }
    };
    let lamps = Search {
        scope: STORE,
        text: "lamp".to_owned(),
        is_beginning: false,
        filters: Vec::new(),
        offset: 0,
        limit: 10,
    };
    let order = async || {
        let found = shelf.store.search(shelf.table, lamps.clone()).await.expect("found");
        found.iter().map(|found| found.key.id().map(|id| id.as_u128())).collect::<Vec<_>>()
    };
    let all = [(1, 10), (2, 30), (3, 20), (4, 20)].map(|(product, at)| made(product, at, Changed::ALL));
    shelf.store.commit(shelf.batch_of(0, 1, all.into())).await.expect("written");
    assert_eq!(order().await, [2, 4, 3, 1].map(Some));
    let columns = Changed { columns: true, labels: false, search_text: false };
    shelf.store.commit(shelf.batch_of(1, 2, vec![made(1, 40, columns)])).await.expect("written");
    assert_eq!(order().await, [1, 2, 4, 3].map(Some));
    let last = Search { offset: 2, limit: 1, ..lamps.clone() };
    let found = shelf.store.search(shelf.table, last).await.expect("found");
    assert_eq!(found.iter().map(|found| found.key.id().map(|id| id.as_u128())).collect::<Vec<_>>(), [Some(4)]);
}

/// The server ends a session that leaves a transaction alone for too long: also a leader's that is busy.
#[tokio::test]
async fn a_batch_with_much_text_is_written_although_its_words_take_long() {
    let shelf = Shelf::at(&url(), |options| postgres::DatabaseOptions {
        idle_in_transaction_timeout: Duration::from_millis(2_500),
        ..options
    })
    .await;
    let text = |number: u128| (0..1_400).map(|word| format!("word{} ", word * number % 9_973)).collect::<String>();
    let rows = (0..1_500).map(|number| {
        let mut row = row(number, "vendor");
        row.facets.search_text = Some(vec![String::new(), String::new(), String::new(), String::new(), text(number)]);
        row
    });
    shelf.store.commit(shelf.batch_of(0, 1, rows.collect())).await.expect("written");
    assert_eq!(shelf.position().await, Position(1));
}

#[tokio::test]
async fn what_the_store_takes_on_disk_grows_with_what_is_in_it() {
    let shelf = Shelf::new().await;
    let before = shelf.store.bytes().await.expect("bytes");
    shelf
        .store
        .commit(shelf.batch_of(0, 1, (0..2_000).map(|number| row(number, "vendor")).collect()))
        .await
        .expect("written");
    assert!(shelf.store.bytes().await.expect("bytes") > before + 100_000);
    assert_eq!(shelf.position().await, Position(1));
}

/// Only a hint, but one that comes.
#[tokio::test]
async fn whoever_listens_is_told_of_every_batch() {
    let shelf = Shelf::new().await;
    let mut listener = PgListener::connect(&url()).await.expect("connected");
    listener.listen("cartlog_views").await.expect("listens");
    shelf.store.commit(shelf.batch(0, 7, 1)).await.expect("written");
    let told = async {
        loop {
            let told = listener.recv().await.expect("told").payload().to_owned();
            if told.starts_with(&shelf.scratch.schema) {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(LONG, told).await.expect("told");
    assert_eq!(told, format!("{} 7", shelf.scratch.schema));
}

/// As the version before left its tables; and a node of it that leads on moves the checkpoint, and nothing that it does not know.
#[tokio::test]
async fn tables_of_the_first_step_are_brought_to_this_one_and_may_be_written_by_who_made_them() {
    let shelf = Shelf::new().await;
    let undo = "DROP TABLE views_tips; ALTER TABLE views_generations DROP COLUMN seen_position, DROP COLUMN seen_hash;
                DELETE FROM views_migrations WHERE version = 2";
    for statement in undo.split(';') {
        shelf.scratch.execute(statement).await;
    }
    let store = PostgresReadStore::open(&shelf.scratch.database().await).await.expect("opens").leading(&held(1));
    let shelf = Shelf { store, ..shelf };
    let hash = async || shelf.store.generations().await.expect("generations")[0].event_hash;
    assert_eq!(hash().await, None);
    let seen = Some([7; 32].into());
    shelf.store.commit(Commit { event_hash: seen, ..shelf.batch(0, 1, 1) }).await.expect("written");
    shelf.store.commit(shelf.batch(1, 1, 2)).await.expect("written");
    assert_eq!(hash().await, seen, "it was not moved");
    shelf.scratch.execute("UPDATE views_generations SET position = 2").await;
    assert_eq!(hash().await, None, "nobody has kept that event's");
}

/// The worker and a rebuild beside it come by the same streams at the same time.
#[tokio::test]
async fn what_was_seen_is_kept_by_two_at_once() {
    let shelf = Shelf::new().await;
    let other = shelf.store.create(VIEW, at(0)).await.expect("made");
    let tip = |stream: u64, position: u64| Tip {
        stream: eventlog::StreamName::new(format!("product-{stream}")),
        revision: position,
        position: Position(position),
        hash: [position as u8; 32].into(),
    };
    let many = |position: u64, backwards: bool| {
        let mut tips: Vec<Tip> = (0..200).map(|stream| tip(stream, position)).collect();
        if backwards {
            tips.reverse();
        }
        tips
    };
    for position in 1..20 {
        let one = Commit { tips: many(position, false), ..shelf.batch(position - 1, position, 1) };
        let mut beside = shelf.batch(position - 1, position, 1);
        beside.tables[0].table = other;
        let beside = Commit { tips: many(position.saturating_sub(5), true), ..beside };
        let (one, beside) = tokio::join!(shelf.store.commit(one), shelf.store.commit(beside));
        one.expect("written");
        beside.expect("written");
    }
    assert_eq!(shelf.store.tip(&tip(7, 0).stream).await.expect("read"), Some(tip(7, 19)));
    shelf.store.forget_tips().await.expect("forgotten");
    assert_eq!(shelf.store.tip(&tip(7, 0).stream).await.expect("read"), None);
    let away = PostgresReadStore::open(&shelf.scratch.database().await).await.expect("opens");
    assert!(matches!(away.forget_tips().await, Err(ReadStoreError::Fenced)));
}
