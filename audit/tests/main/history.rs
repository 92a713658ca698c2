//! The history of every object of a shop: whole, page by page, and equal to what the views fold.

use audit::{AuditedEvent, Change, Filter, History, Kind, ObjectFold, changes};
use domain::{Category, StoreId};
use eventlog::{EventLog, ExpectedRevision, MemoryLog, NewEvent, Position, StreamName};
use journal::testing::{BusyShop, MemoryKeys};
use journal::{Delivery, Envelope, Journal, JournalError, Keys};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

const EVENTS: usize = 400;

struct World {
    log: Arc<MemoryLog>,
    journal: Journal,
    /// Of each stream, its events as they are read.
    streams: BTreeMap<StreamName, Vec<Arc<Envelope>>>,
}

impl World {
    async fn busy(number: u64) -> Self {
        let log = Arc::new(MemoryLog::new());
        let journal =
            Journal::new(Arc::clone(&log) as Arc<dyn EventLog>, Arc::new(MemoryKeys::default()) as Arc<dyn Keys>);
        let mut shop = BusyShop::new(journal.clone(), number).await;
        while shop.events < EVENTS {
            shop.visit().await;
        }
        let mut streams: BTreeMap<StreamName, Vec<Arc<Envelope>>> = BTreeMap::new();
        for delivery in journal.read_all(Position::START, 10 * EVENTS).await.unwrap() {
            let Delivery::Event(envelope) = delivery else { panic!("{delivery:?}") };
            streams.entry(envelope.stream.clone()).or_default().push(envelope);
        }
        Self { log, journal, streams }
    }

    fn objects(&self) -> impl Iterator<Item = (History, &[Arc<Envelope>])> {
        self.streams.iter().filter_map(|(stream, events)| {
            let category = Category::of_stream(stream.as_str())?.0;
            let kind = Kind::ALL.into_iter().find(|kind| kind.category() == category)?;
            let store_id = events.first()?.metadata.store_id;
            Some((History { kind, store_id, stream: stream.clone(), cart_id: None, currency: None }, events.as_slice()))
        })
    }

    /// All that is told, so many events a page.
    async fn told(&self, history: &History, limit: usize, filter: &Filter) -> Vec<AuditedEvent> {
        let (mut told, mut from) = (Vec::new(), Some(0));
        while let Some(revision) = from {
            let page = history.page(&self.journal, revision, limit, filter).await.unwrap().unwrap();
            assert!(page.events.len() <= limit);
            told.extend(page.events);
            from = page.next;
        }
        told
    }
}

fn shown(told: &[AuditedEvent]) -> Vec<(u64, &str, Option<&[Change]>)> {
    told.iter().map(|told| (told.event.revision(), told.happened.as_str(), told.changes.as_deref())).collect()
}

#[tokio::test]
async fn every_object_is_told_whole_in_whatever_pages_and_filters_change_nothing_of_what_they_let_through() {
    let world = World::busy(7).await;
    let mut kinds = Vec::new();
    for (history, events) in world.objects() {
        kinds.push(history.kind);
        let all = world.told(&history, 250, &Filter::default()).await;
        assert_eq!(all.len(), events.len(), "{}", history.stream);
        assert!(all.iter().all(|told| told.changes.is_some() && !told.happened.is_empty()), "{}", history.stream);
        for limit in [1, 3] {
            assert_eq!(
                shown(&world.told(&history, limit, &Filter::default()).await),
                shown(&all),
                "{}",
                history.stream
            );
        }
        let wanted = events[events.len() / 2].event.event_type();
        let filter = Filter { event_type: Some(wanted.to_owned()), ..Filter::default() };
        let filtered = world.told(&history, 2, &filter).await;
        let same: Vec<AuditedEvent> = all.iter().filter(|told| is_of(told, wanted)).cloned().collect();
        assert_eq!(shown(&filtered), shown(&same), "{}", history.stream);
    }
    for kind in [Kind::Store, Kind::Product, Kind::Customer, Kind::Cart, Kind::Invoice, Kind::Order, Kind::Coupon] {
        assert!(kinds.contains(&kind) || kind == Kind::Store, "no {kind:?} in {kinds:?}");
    }
}

fn is_of(told: &AuditedEvent, event_type: &str) -> bool {
    matches!(&told.event, Delivery::Event(envelope) if envelope.event.event_type() == event_type)
}

/// Each change leads from what the last one left, and together they lead to what the object is.
#[tokio::test]
async fn what_changed_adds_up_to_what_the_view_shows() {
    let world = World::busy(8).await;
    for (history, events) in world.objects().filter(|(history, _)| history.kind != Kind::Cart) {
        let mut fields: BTreeMap<String, Value> = BTreeMap::new();
        for told in world.told(&history, 250, &Filter::default()).await {
            for change in told.changes.unwrap() {
                assert_eq!(fields.get(&change.field).unwrap_or(&Value::Null), &change.before, "{}", history.stream);
                fields.insert(change.field, change.after);
            }
        }
        let mut fold = ObjectFold::of(history.kind);
        events.iter().for_each(|envelope| fold.pass(envelope));
        let whole = fold.shown(events.last().unwrap()).unwrap();
        for Change { field, after, .. } in changes(&Value::Null, &whole) {
            // What stands in lists is told item by item.
            if !after.is_array() && !after.is_object() {
                assert_eq!(fields.get(&field), Some(&after), "{} {field}", history.stream);
            }
        }
    }
}

#[tokio::test]
async fn another_stores_object_is_as_good_as_none() {
    let world = World::busy(9).await;
    let (history, _) = world.objects().next().unwrap();
    let others = History { store_id: StoreId(Uuid::from_u128(1)), ..history.clone() };
    let none = History { stream: StreamName::new("product-00000000-0000-0000-0000-000000000001"), ..history };
    for nothing in [others, none] {
        assert!(nothing.page(&world.journal, 0, 10, &Filter::default()).await.unwrap().is_none());
    }
}

/// Not even that there is something which can't be read.
#[tokio::test]
async fn another_stores_object_is_as_good_as_none_also_where_its_first_event_can_t_be_read() {
    let world = World::busy(11).await;
    let (history, events) = world.objects().find(|(history, _)| history.kind == Kind::Product).unwrap();
    let stream = StreamName::new("product-00000000-0000-0000-0000-000000000007");
    let event = |data: Vec<u8>, metadata: Vec<u8>| NewEvent {
        id: Uuid::new_v4(),
        event_type: events[0].event.event_type().to_owned(),
        data: data.into(),
        metadata: metadata.into(),
    };
    let stored = world.log.read_stream(&history.stream, 0, 1).await.unwrap().remove(0);
    let (garbage, good) = (event(b"{".to_vec(), b"{".to_vec()), event(stored.data.to_vec(), stored.metadata.to_vec()));
    let here = History { stream: stream.clone(), ..history };
    let page = async |history: &History| history.page(&world.journal, 0, 1, &Filter::default()).await.unwrap();
    world.log.append(&stream, ExpectedRevision::NoStream, vec![garbage.clone()]).await.unwrap();
    let nobodys = here.page(&world.journal, 0, 1, &Filter::default()).await;
    assert!(matches!(nobodys, Err(JournalError::Unreadable(_))), "{nobodys:?}");
    world.log.append(&stream, ExpectedRevision::Exact(0), vec![garbage, good]).await.unwrap();
    let others = History { store_id: StoreId(Uuid::from_u128(1)), ..here.clone() };
    assert!(page(&others).await.is_none());
    assert!(page(&here).await.unwrap().events[0].happened.starts_with("can't be read"));
}

#[tokio::test]
async fn an_event_that_can_t_be_read_is_told_and_what_depends_on_it_is_not_made_up() {
    let world = World::busy(10).await;
    let (history, events) = world.objects().find(|(history, _)| history.kind == Kind::Product).unwrap();
    let (stream, length) = (&history.stream, events.len() as u64);
    let garbage =
        NewEvent { id: Uuid::from_u128(1), event_type: "StockHeld".into(), data: "{".into(), metadata: "{}".into() };
    world.log.append(stream, ExpectedRevision::Exact(length - 1), vec![garbage]).await.unwrap();
    let told = world.told(&history, 250, &Filter::default()).await;
    let last = told.last().unwrap();
    assert_eq!((told.len() as u64, last.event.revision()), (length + 1, length));
    assert!(last.happened.starts_with("can't be read: ") && last.changes.is_none(), "{last:?}");
    // Whoever wants something in particular does not get what may be anything.
    let filter = Filter { request_id: Some("request".to_owned()), ..Filter::default() };
    assert!(world.told(&history, 250, &filter).await.is_empty());
}
