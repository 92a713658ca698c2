//! How fast events become a tree, and how many bytes it takes. `cargo bench -p cartlog-tlog`.
//!
//! What busy shops do, 200,000 events of it. Prints events/s for the fold alone, with what is kept in a file, and for a follower that
//! reads a log in a file; then the bytes that are kept of each event, and microseconds a look-up.

#![allow(clippy::unwrap_used)]

use domain::StoreId;
use eventlog::{
    EventLog, ExpectedRevision, MemoryLog, NewEvent, Position, RecordedEvent, Room, SqliteLog, SqliteOptions,
    StreamName,
};
use journal::Journal;
use journal::testing::{BusyShop, MemoryKeys};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tlog::{Builder, FollowSettings, Follower, Key, Rules, Sought, SqliteTree, Tree, TreeStore};

/// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EVENTS: usize = 200_000;
const SHOPS: u64 = 20;
const BATCH: usize = 1_000;
const FEW: usize = 30;

fn rate(what: &str, events: usize, since: Instant) {
    let per_second = events as f64 / since.elapsed().as_secs_f64();
    println!("{what:<50} {per_second:>12.0} events/s");
}

async fn time_query<T>(what: &str, query: impl AsyncFn(u64) -> T) {
    const TIMES: u64 = 50;
    query(0).await;
    let since = Instant::now();
    for number in 0..TIMES {
        std::hint::black_box(query(number * 3_989).await);
    }
    println!("{what:<50} {:>12.0} µs", since.elapsed().as_secs_f64() * 1e6 / TIMES as f64);
}

/// Shops take turns, as customers of all of them come at once.
async fn history() -> Vec<RecordedEvent> {
    let log = Arc::new(MemoryLog::new());
    let journal = Journal::new(log.clone(), Arc::new(MemoryKeys::default()));
    let mut shops = Vec::new();
    for number in 0..SHOPS {
        shops.push(BusyShop::new(journal.clone(), number + 1).await);
    }
    while log.head().await.unwrap().0 < EVENTS as u64 {
        for shop in &mut shops {
            shop.visit().await;
        }
    }
    log.read_all_within(Position::START, Room::for_events(EVENTS)).await.unwrap()
}

async fn fold(events: &[RecordedEvent], batch: usize, store: Option<&dyn TreeStore>) {
    let log_id = eventlog::LogId(uuid::Uuid::nil());
    let mut builder = Builder::new(Rules::first().in_force().unwrap(), log_id);
    for events in events.chunks(batch) {
        let stretch = builder.read(events);
        builder.unknown(&stretch).into_iter().for_each(|store| builder.tell(store, None).unwrap());
        let batch = std::hint::black_box(builder.fold(stretch).unwrap().unwrap());
        if let Some(store) = store {
            store.write(batch).await.unwrap();
        }
    }
}

/// The same events in a log in a file; those of a batch stream by stream.
async fn copied(events: &[RecordedEvent], path: &Path) -> SqliteLog {
    let log = SqliteLog::open(path, SqliteOptions::default()).unwrap();
    for events in events.chunks(BATCH) {
        let mut streams: BTreeMap<StreamName, Vec<&RecordedEvent>> = BTreeMap::new();
        events.iter().for_each(|event| streams.entry(event.stream.clone()).or_default().push(event));
        let appending = streams.iter().map(|(stream, events)| {
            let expected = ExpectedRevision::of_length(events[0].revision);
            let events = events.iter().map(|event| NewEvent {
                id: event.id,
                event_type: event.event_type.to_string(),
                data: event.data.clone(),
                metadata: event.metadata.clone(),
            });
            log.append(stream, expected, events.collect())
        });
        futures::future::try_join_all(appending).await.unwrap();
    }
    log
}

async fn queries(tree: &Tree, events: &[RecordedEvent]) {
    let size = tree.state().await.unwrap().unwrap().size();
    time_query("proof that the tree has a leaf", async |number| tree.inclusion(number % size, size).await.unwrap())
        .await;
    time_query("leaf of a position", async |number| tree.leaf_at(Position(number + 1)).await.unwrap()).await;
    time_query("position of a time", async |number| {
        let at = domain::Timestamp::from_millis(1_767_225_600_000 + number as i64 * 5);
        tree.as_of(at).await.unwrap()
    })
    .await;
    time_query("record of a leaf", async |number| tree.record(number % size).await.unwrap()).await;
    let store = |event: &RecordedEvent| {
        let metadata: serde_json::Value = serde_json::from_slice(&event.metadata).unwrap();
        StoreId(metadata["store_id"].as_str().unwrap().parse().unwrap())
    };
    time_query("an event by its id", async |number| {
        let event = &events[number as usize % events.len()];
        let sought = Sought { store: store(event), key: Key::Event(event.id), before: None, limit: 1, blocks: 100 };
        let found = tree.find(&sought).await.unwrap().found;
        assert_eq!(found[0].event.id, event.id);
    })
    .await;
}

#[tokio::main]
async fn main() {
    let events = history().await;
    let bytes: usize = events.iter().map(|event| event.data.len() + event.metadata.len()).sum();
    println!("{} events of {SHOPS} shops, {} bytes each with their metadata", events.len(), bytes / events.len());

    let since = Instant::now();
    fold(&events, BATCH, None).await;
    rate("folded", EVENTS, since);

    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let since = Instant::now();
    fold(&events, BATCH, Some(&SqliteTree::open(&path("written.sqlite")).unwrap())).await;
    rate("folded and written to a file", EVENTS, since);
    // What comes within the time that an event waits for others, while some hundred a second come.
    let since = Instant::now();
    fold(&events[..EVENTS / 10], FEW, Some(&SqliteTree::open(&path("few.sqlite")).unwrap())).await;
    rate("the same, 30 at a time", EVENTS / 10, since);

    let log = Arc::new(copied(&events, &path("log.sqlite")).await);
    let store = Arc::new(SqliteTree::open(&path("tree.sqlite")).unwrap());
    let follower = Follower::new(log.clone(), store.clone(), Rules::first(), FollowSettings::default()).unwrap();
    let since = Instant::now();
    follower.catch_up(|_| ()).await.unwrap();
    rate("read from a file's log, folded and written", EVENTS, since);

    let tree = Tree::new(store.clone(), log.clone(), Rules::first()).unwrap();
    queries(&tree, &events).await;
    let size = tree.state().await.unwrap().unwrap().size();
    let since = Instant::now();
    tree.compare(0..size, |_| ()).await.unwrap();
    rate("compared with the log", EVENTS, since);

    sqlite::Settle::settle(&*store).unwrap();
    let kept = std::fs::metadata(path("tree.sqlite")).unwrap().len();
    println!("{:<50} {:>12.1} bytes an event", "kept", kept as f64 / EVENTS as f64);
}
