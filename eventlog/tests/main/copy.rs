//! A log copied into another one: the same events, from wherever it was stopped; and what is no copy is told.

use eventlog::copy::{Copied, CopyError, Same, Stage, Watcher, begin, compare};
use eventlog::testing::{Cut, FaultLog, Gate, Then};
use eventlog::{EventLog, ExpectedRevision, MemoryLog, NewEvent, Position, RecordedEvent, SqliteLog, StreamName};
use std::sync::Arc;
use uuid::Uuid;

fn event(data: &str) -> NewEvent {
    let id = Uuid::now_v7();
    NewEvent {
        id,
        event_type: "SomethingHappened".to_owned(),
        data: format!(r#"{{"what":"{data}"}}"#).into(),
        metadata: format!(r#"{{"prev":"{id}"}}"#).into(),
    }
}

async fn add(log: &dyn EventLog, stream: &str, length: u64, events: Vec<NewEvent>) {
    let expected = ExpectedRevision::of_length(length);
    log.append(&StreamName::new(stream), expected, events).await.unwrap();
}

/// So many events in several streams, some appended together.
async fn log_of(events: u64) -> Arc<MemoryLog> {
    let log = Arc::new(MemoryLog::new());
    let (mut lengths, mut number) = ([0; 7], 0);
    while number < events {
        let stream = (number * number % 7) as usize;
        let together = (number % 3 + 1).min(events - number);
        add(&*log, &format!("cart-{stream}"), lengths[stream], (0..together).map(|_| event("tea")).collect()).await;
        lengths[stream] += together;
        number += together;
    }
    log
}

async fn everything(log: &dyn EventLog) -> Vec<RecordedEvent> {
    log.read_all(Position::START, usize::MAX).await.unwrap()
}

async fn copy(source: &dyn EventLog, target: &dyn EventLog, watcher: Watcher<'_>) -> Result<Copied, CopyError> {
    begin(source, target, watcher).await?.go_on(watcher).await
}

async fn copied(source: &dyn EventLog, target: &dyn EventLog) -> Result<Copied, CopyError> {
    copy(source, target, &mut |_, _| ()).await
}

async fn compared(source: &dyn EventLog, target: &dyn EventLog) -> Result<Same, CopyError> {
    compare(source, target, &mut |_, _| ()).await
}

async fn refused(source: &dyn EventLog, target: &dyn EventLog) -> String {
    let before = everything(target).await;
    let error = copied(source, target).await.unwrap_err();
    assert!(matches!(error, CopyError::NotABeginning(_)), "{error:?}");
    assert_eq!(everything(target).await, before, "something was changed");
    error.to_string()
}

#[tokio::test]
async fn a_copy_has_the_same_events_in_the_same_order_at_the_same_times() {
    let (source, target) = (log_of(1_000).await, MemoryLog::new());
    let mut stages = Vec::new();
    let done = copy(&*source, &target, &mut |stage, position| stages.push((stage, position))).await.unwrap();
    assert_eq!(done, Copied { found: 0, appended: 1_000 });
    assert!(stages.iter().all(|(stage, _)| *stage == Stage::Copying) && stages.is_sorted_by_key(|(_, at)| *at));
    assert_eq!(stages.last().map(|(_, position)| *position), Some(Position(1_000)));
    // Positions too, as both count from 1.
    assert_eq!(everything(&target).await, everything(&*source).await);
    assert_ne!(target.log_id().await.unwrap(), source.log_id().await.unwrap());
    let same = compared(&*source, &target).await.unwrap();
    let bytes: usize = everything(&*source).await.iter().map(|event| event.data.len() + event.metadata.len()).sum();
    assert_eq!((same.events, same.streams, same.bytes, same.other_times), (1_000, 4, bytes as u64, 0));
    assert_eq!(same.hash.len(), 64);
    assert_eq!(compared(&*source, &*source).await.unwrap(), same);
    assert_eq!(copied(&*source, &target).await.unwrap(), Copied { found: 1_000, appended: 0 });
}

#[tokio::test]
async fn an_empty_log_is_copied_too() {
    let (source, target) = (MemoryLog::new(), MemoryLog::new());
    assert_eq!(copied(&source, &target).await.unwrap(), Copied { found: 0, appended: 0 });
    assert_eq!(compared(&source, &target).await.unwrap().events, 0);
}

#[tokio::test]
async fn whichever_append_it_is_stopped_at_the_same_call_goes_on() {
    let source = log_of(300).await;
    let appends = {
        let counting = FaultLog::new(Arc::new(MemoryLog::new()));
        copied(&*source, &counting).await.unwrap();
        counting.appends()
    };
    assert!(appends > 100, "{appends}");
    for nth in 1..=appends {
        for cut in [Cut::Before(nth), Cut::After(nth)] {
            let beneath = Arc::new(MemoryLog::new());
            let target = FaultLog::new(beneath.clone());
            target.arm(cut, Then::Unavailable);
            assert!(matches!(copied(&*source, &target).await, Err(CopyError::Append(_))), "{cut:?}");
            let found = everything(&*beneath).await.len() as u64;
            assert!(found < 300 || cut == Cut::After(appends));
            assert_eq!(copied(&*source, &*beneath).await.unwrap(), Copied { found, appended: 300 - found }, "{cut:?}");
            assert_eq!(everything(&*beneath).await, everything(&*source).await);
        }
    }
}

#[tokio::test]
async fn a_source_that_has_grown_since_is_copied_on() {
    let (source, target) = (log_of(300).await, MemoryLog::new());
    copied(&*source, &target).await.unwrap();
    add(&*source, "product-1", 0, vec![event("new")]).await;
    assert!(matches!(compared(&*source, &target).await, Err(CopyError::NotTheSame(_))));
    assert_eq!(copied(&*source, &target).await.unwrap(), Copied { found: 300, appended: 1 });
}

#[tokio::test]
async fn a_target_that_differs_is_refused_by_name_and_left_as_it_is() {
    let source = log_of(10).await;
    let events = everything(&*source).await;
    let changed = async |at: usize, change: &dyn Fn(&mut NewEvent)| {
        let target = MemoryLog::new();
        for (number, event) in events.iter().enumerate() {
            let mut new = NewEvent {
                id: event.id,
                event_type: event.event_type.to_string(),
                data: event.data.clone(),
                metadata: event.metadata.clone(),
            };
            if number == at {
                change(&mut new);
            }
            add(&target, event.stream.as_str(), event.revision, vec![new]).await;
        }
        refused(&*source, &target).await
    };
    for (at, what, change) in [
        (0, "id", (&|new: &mut NewEvent| new.id = Uuid::nil()) as &dyn Fn(&mut NewEvent)),
        (4, "type", &|new| new.event_type.push('!')),
        (7, "data", &|new| new.data = "{}".into()),
        (9, "metadata", &|new| new.metadata = "{}".into()),
    ] {
        let (said, event) = (changed(at, change).await, &events[at]);
        let expected =
            format!("revision {} of {} at position {} with another {what}", event.revision, event.stream, at + 1);
        assert!(said.contains(&expected), "no '{expected}' in {said}");
    }

    let other = MemoryLog::new();
    add(&other, "order-1", 0, vec![event("foreign")]).await;
    let said = refused(&*source, &other).await;
    assert!(said.contains("revision 0 of order-1 at position 1, where the source has revision 0 of cart-0"), "{said}");

    let longer = MemoryLog::new();
    copied(&*source, &longer).await.unwrap();
    add(&longer, "order-1", 0, vec![event("foreign")]).await;
    let said = refused(&*source, &longer).await;
    assert!(said.contains("revision 0 of order-1 at position 11, where the source ends"), "{said}");
}

/// The copy, with something appended to the target before its third append.
async fn disturbed(stream: &'static str, length: u64) -> CopyError {
    let (source, beneath) = (log_of(300).await, Arc::new(MemoryLog::new()));
    let gate = Gate::new(beneath.clone());
    let target = gate.node("copy");
    let copying = gate.run("copy", async move { copied(&*source, &target).await });
    for number in 0.. {
        let Some(waiting) = gate.settled().await.pop() else { break };
        if number == 2 {
            add(&*beneath, stream, length, vec![event("foreign")]).await;
        }
        gate.release(waiting.ticket).await;
    }
    copying.await.unwrap().unwrap_err()
}

#[tokio::test]
async fn an_append_of_somebody_else_stops_it() {
    // In a stream that the copy comes to next, and in one that it never does.
    let (same, other) = (disturbed("cart-0", 1).await, disturbed("order-1", 0).await);
    assert!(matches!(&same, CopyError::ForeignAppend(foreign) if foreign.to_string().contains("cart-0")), "{same:?}");
    assert!(
        matches!(&other, CopyError::ForeignAppend(foreign) if foreign.to_string().contains("order-1")),
        "{other:?}"
    );
}

#[tokio::test]
async fn large_events_go_one_by_one_and_too_large_ones_are_named() {
    let (source, directory) = (MemoryLog::new(), tempfile::tempdir().unwrap());
    let large = "x".repeat(600 * 1024);
    add(&source, "cart-1", 0, vec![event(&large), event("small"), event(&large), event(&large)]).await;
    let open = |max_append_bytes| {
        let options = eventlog::SqliteOptions { max_append_bytes, ..Default::default() };
        SqliteLog::open(&directory.path().join("log"), options).unwrap()
    };
    let error = copied(&source, &open(64 * 1024)).await.unwrap_err();
    assert!(matches!(&error, CopyError::Append(eventlog::AppendError::TooLarge { .. })), "{error:?}");
    let target = open(1024 * 1024);
    assert_eq!(copied(&source, &target).await.unwrap().appended, 4);
    assert_eq!(compared(&source, &target).await.unwrap().other_times, 0);
}

#[tokio::test]
async fn the_way_there_and_back_changes_nothing() {
    let (source, directory) = (log_of(700).await, tempfile::tempdir().unwrap());
    let there = SqliteLog::open(&directory.path().join("log"), Default::default()).unwrap();
    copied(&*source, &there).await.unwrap();
    let back = MemoryLog::new();
    copied(&there, &back).await.unwrap();
    assert_eq!(everything(&back).await, everything(&*source).await);
    assert_eq!(compared(&*source, &there).await.unwrap(), compared(&there, &back).await.unwrap());
}
