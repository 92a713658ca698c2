//! The logs that other crates test with do what they promise.

use eventlog::testing::{Cut, FaultLog, Gate, Schedules, Then};
use eventlog::*;
use futures::StreamExt;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

fn event(event_type: &str) -> NewEvent {
    NewEvent { id: Uuid::now_v7(), event_type: event_type.to_owned(), data: "{}".into(), metadata: "{}".into() }
}

async fn append(log: &dyn EventLog, stream: &str, length: u64) -> Result<Appended, AppendError> {
    log.append(&StreamName::new(stream), ExpectedRevision::of_length(length), vec![event("Happened")]).await
}

fn unavailable<T: std::fmt::Debug>(answer: Result<T, AppendError>) -> bool {
    matches!(answer, Err(AppendError::Unavailable { .. } | AppendError::OutcomeUnknown { .. }))
}

#[tokio::test]
async fn the_world_stops_before_an_append_or_after_it() {
    for (cut, done) in [(Cut::Before(2), 1), (Cut::After(2), 2)] {
        let memory: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
        let log = FaultLog::new(Arc::clone(&memory));
        let mut subscription = log.subscribe(Position::START);
        log.arm(cut, Then::Unavailable);
        append(&log, "cart-1", 0).await.unwrap();
        assert!(!log.is_stopped());
        assert!(unavailable(append(&log, "cart-1", 1).await), "{cut:?}");
        log.stopped().await;
        assert!(unavailable(append(&log, "cart-1", done).await), "{cut:?}: it stays stopped");
        assert!(log.head().await.is_err() && log.read_all(Position::START, 9).await.is_err());
        while let Some(item) = subscription.next().await {
            assert!(subscription_goes_on_only_before_the_stop(&item), "{item:?}");
        }
        assert_eq!(memory.head().await.unwrap(), Position(done), "{cut:?}");
        assert_eq!(log.appends(), 2);
    }
}

fn subscription_goes_on_only_before_the_stop(item: &Result<SubscriptionItem, LogError>) -> bool {
    match item {
        Ok(SubscriptionItem::Events(events)) => events.last().is_some_and(|last| last.position <= Position(2)),
        Ok(SubscriptionItem::CaughtUp(_)) | Err(LogError::Unavailable(_)) => true,
        Err(LogError::Damaged(_) | LogError::ForeignCheckpoint { .. }) => false,
    }
}

#[tokio::test]
async fn a_killed_process_never_gets_its_answer() {
    let memory: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let log = Arc::new(FaultLog::new(Arc::clone(&memory)));
    log.arm(Cut::After(1), Then::Hang);
    let node = Arc::clone(&log);
    let command = tokio::spawn(async move { append(&*node, "cart-1", 0).await });
    log.stopped().await;
    assert_eq!(memory.head().await.unwrap(), Position(1), "it was done");
    command.abort();
    assert!(command.await.unwrap_err().is_cancelled(), "nothing was answered");
}

#[tokio::test]
async fn one_lost_answer_leaves_the_log_working() {
    let log = FaultLog::new(Arc::new(MemoryLog::new()));
    log.arm(Cut::After(1), Then::GoOn);
    let events = vec![event("Happened")];
    let stream = StreamName::new("cart-1");
    assert!(unavailable(log.append(&stream, ExpectedRevision::NoStream, events.clone()).await));
    let repeated = log.append(&stream, ExpectedRevision::NoStream, events).await.unwrap();
    assert_eq!(repeated, Appended { revision: 0, position: Position(1) });
}

/// Appends twice to the same stream, wherever it ends by then.
async fn append_twice(log: Arc<dyn EventLog>, label: &'static str) {
    let stream = StreamName::new("cart-1");
    let mut appended = 0;
    while appended < 2 {
        let length = log.read_stream(&stream, 0, 99).await.unwrap().len() as u64;
        let expected = ExpectedRevision::of_length(length);
        match log.append(&stream, expected, vec![event(label)]).await {
            Ok(_) => appended += 1,
            Err(error) => assert!(matches!(error, AppendError::Conflict { .. }), "{error}"),
        }
    }
}

#[tokio::test]
async fn every_interleaving_of_two_nodes_is_gone_through_once() {
    let mut schedules = Schedules::up_to(10_000);
    let mut outcomes = BTreeSet::new();
    let mut histories = BTreeSet::new();
    let mut runs = 0;
    while let Some(mut schedule) = schedules.next() {
        let memory: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
        let gate = Gate::new(Arc::clone(&memory));
        let first = gate.run("a", append_twice(Arc::new(gate.node("a")), "A"));
        let second = gate.run("b", append_twice(Arc::new(gate.node("b")), "B"));
        let history: Vec<String> = gate.play(&mut schedule).await.into_iter().map(|it| it.node).collect();
        first.await.unwrap();
        second.await.unwrap();
        let stored = memory.read_all(Position::START, 99).await.unwrap();
        outcomes.insert(stored.iter().map(|event| &*event.event_type).collect::<String>());
        assert!(histories.insert(history.concat()), "{schedule:?} was run twice");
        schedules.ran(schedule);
        runs += 1;
    }
    assert!(schedules.complete());
    assert_eq!(runs, histories.len());
    let expected = ["AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"];
    assert_eq!(outcomes, expected.map(str::to_owned).into(), "every order that can be");
}

#[test]
fn choices_by_chance_come_after_those_in_order_and_are_the_same_for_a_seed() {
    let runs = |seed: u64| {
        let (mut schedules, mut runs) = (Schedules::up_to(2).then_by_chance(3, seed), Vec::new());
        while let Some(mut schedule) = schedules.next() {
            runs.push((0..20).map(|_| schedule.choose(3)).collect::<Vec<_>>());
            schedules.ran(schedule);
        }
        runs
    };
    let one = runs(1);
    assert_eq!(one.len(), 5);
    assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), 5);
    assert_eq!(runs(1), one);
    assert_ne!(runs(2), one);
}

#[test]
fn nothing_is_left_to_chance_where_everything_was_gone_through() {
    let mut schedules = Schedules::up_to(5).then_by_chance(3, 1);
    let mut runs = 0;
    while let Some(mut schedule) = schedules.next() {
        schedule.choose(2);
        schedules.ran(schedule);
        runs += 1;
    }
    assert_eq!(runs, 2);
}

#[tokio::test]
async fn a_node_that_goes_away_at_the_gate_gives_up_its_append() {
    let memory: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let gate = Gate::new(Arc::clone(&memory));
    let node = gate.node("a");
    let command = gate.run("a", async move { append(&node, "cart-1", 0).await });
    assert_eq!(gate.settled().await.len(), 1);
    command.abort();
    assert!(command.await.unwrap_err().is_cancelled());
    assert_eq!(gate.settled().await, []);
    assert_eq!(memory.head().await.unwrap(), Position::START);
    gate.open();
    append(&gate.node("b"), "cart-1", 0).await.unwrap();
}
