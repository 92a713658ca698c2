//! What the checks share.

use crate::{
    AppendError, Appended, EventLog, ExpectedRevision, NewEvent, Position, RecordedEvent, StreamName, Subscription,
    SubscriptionItem,
};
use futures::StreamExt;
use std::time::Duration;
use uuid::Uuid;

/// How long a check waits for what must come, before it counts as missing. Generous: it is only ever waited for in vain.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn stream(name: &str) -> StreamName {
    StreamName::new(name)
}

/// An event with an id of its own.
pub(super) fn event() -> NewEvent {
    let id = Uuid::now_v7();
    NewEvent {
        id,
        event_type: "SomethingHappened".to_owned(),
        data: format!(r#"{{"what":"{id}"}}"#).into(),
        metadata: format!(r#"{{"prev":"{id}"}}"#).into(),
    }
}

pub(super) fn events(count: usize) -> Vec<NewEvent> {
    (0..count).map(|_| event()).collect()
}

/// Appends at the end of a stream that has so many events.
pub(super) async fn append(
    log: &dyn EventLog,
    stream: &StreamName,
    length: u64,
    events: Vec<NewEvent>,
) -> Result<Appended, AppendError> {
    log.append(stream, ExpectedRevision::of_length(length), events).await
}

/// Appends so many events, one by one, to a stream that is empty.
pub(super) async fn fill(log: &dyn EventLog, stream: &StreamName, count: usize) -> Vec<NewEvent> {
    let events = events(count);
    for (length, event) in (0..).zip(&events) {
        append(log, stream, length, vec![event.clone()]).await.unwrap();
    }
    events
}

pub(super) async fn everything(log: &dyn EventLog) -> Vec<RecordedEvent> {
    log.read_all(Position::START, usize::MAX).await.unwrap()
}

pub(super) fn positions(events: &[RecordedEvent]) -> Vec<Position> {
    events.iter().map(|event| event.position).collect()
}

pub(super) fn ids(events: &[RecordedEvent]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

pub(super) fn new_ids(events: &[NewEvent]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

#[track_caller]
pub(super) fn assert_conflict(answer: Result<Appended, AppendError>, at: Option<u64>) {
    match answer {
        Err(AppendError::Conflict { actual, .. }) => assert_eq!(actual, at, "the actual revision"),
        other => panic!("expected a conflict at {at:?}, got {other:?}"),
    }
}

/// The next item; fails if none comes.
pub(super) async fn next(subscription: &mut Subscription) -> SubscriptionItem {
    let next = tokio::time::timeout(PATIENCE, subscription.next()).await;
    next.expect("nothing came").expect("the subscription ended").expect("the subscription failed")
}

/// So many events, passing over marks; each batch must hold something.
pub(super) async fn next_events(subscription: &mut Subscription, count: usize) -> Vec<RecordedEvent> {
    let mut received = Vec::new();
    while received.len() < count {
        if let SubscriptionItem::Events(events) = next(subscription).await {
            assert!(!events.is_empty(), "an empty batch came");
            received.extend(events);
        }
    }
    assert_eq!(received.len(), count, "more came than there is");
    received
}

/// All events up to the next mark, and the mark.
pub(super) async fn until_caught_up(subscription: &mut Subscription) -> (Vec<RecordedEvent>, Position) {
    let mut received = Vec::new();
    loop {
        match next(subscription).await {
            SubscriptionItem::Events(events) => received.extend(events),
            SubscriptionItem::CaughtUp(position) => return (received, position),
        }
    }
}
