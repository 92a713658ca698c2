//! What shops do, as `journal` writes it: the tree reads of it what `journal` reads.

use crate::log::TestLog;
use crate::model::{Naive, leaves};
use crate::place::Place;
use crate::story::follower;
use crate::world::Told;
use chrono::Datelike;
use domain::StoreId;
use eventlog::{EventLog, MemoryLog, Position, RecordedEvent};
use journal::testing::{BusyShop, MemoryKeys};
use journal::{Actor, Journal, Metadata};
use std::sync::Arc;
use tlog::{Key, Rules, Sought, Tree};

fn told(event: RecordedEvent) -> Told {
    let metadata: Metadata = serde_json::from_slice(&event.metadata).unwrap();
    let data: serde_json::Value = serde_json::from_slice(&event.data).unwrap();
    let kind = match &*event.event_type {
        "InvoiceIssued" => Some('i'),
        "RefundIssued" => Some('r'),
        _ => None,
    };
    let year = data["issued_on"].as_str().map(|day| day[..4].parse().unwrap());
    let year = year.unwrap_or(metadata.occurred_at.to_utc().year());
    let token = match metadata.actor {
        Actor::Token(token) => Some(Key::Token(token)),
        Actor::Anonymous | Actor::System => None,
    };
    let keys = [
        Some(Key::Correlation(metadata.correlation_id)),
        metadata.causation_id.map(Key::Causation),
        metadata.request_id.map(Key::Request),
        token,
    ];
    Told {
        event,
        has_leaf: true,
        store: metadata.store_id.0,
        at: Some(metadata.occurred_at),
        keys: keys.into_iter().flatten().collect(),
        document: kind.map(|kind| (kind, Some(year))),
        yearly: None,
    }
}

#[tokio::test]
async fn shops_have_the_leaves_that_their_events_say() {
    let memory = Arc::new(MemoryLog::new());
    let journal = Journal::new(memory.clone(), Arc::new(MemoryKeys::default()));
    let mut shops = Vec::new();
    for number in 1..=3 {
        shops.push(BusyShop::new(journal.clone(), number).await);
    }
    for _ in 0..20 {
        for shop in &mut shops {
            shop.visit().await;
        }
    }
    let events = memory.read_all(Position::START, usize::MAX).await.unwrap();
    let (place, log) = (Place::default(), TestLog::new(events.clone()));
    let store = place.store("tree").await;
    follower(&log, store.clone()).catch_up(|_| ()).await.unwrap();
    let leaves = leaves(&events.into_iter().map(told).collect::<Vec<_>>());
    assert!(leaves.iter().filter(|(_, leaf)| leaf.number.is_some()).count() > 20);

    let tree = Tree::new(store, Arc::new(log), Rules::first()).unwrap();
    let size = leaves.len() as u64;
    assert_eq!(tree.root(size).await.unwrap(), Naive::of(&leaves).root(0, leaves.len()));
    for ((told, _), index) in leaves.iter().zip(0u64..).step_by(41) {
        for key in &told.keys {
            let (store, key) = (StoreId(told.store), key.clone());
            let found = tree.find(&Sought { store, key, before: None, limit: 1_000, blocks: 10 }).await.unwrap();
            assert!(found.found.iter().any(|found| found.index == index), "{told:?}");
        }
    }
}
