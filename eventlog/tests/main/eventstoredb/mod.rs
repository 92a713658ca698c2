//! What the log in EventStoreDB promises beyond the port, against a server that misbehaves on command; and that server against
//! the official client.

mod appends;
mod cluster;
mod copying;
mod file;
mod following;
mod official;
mod reads;
mod scans;
mod secured;
mod servers;
mod setbacks;
mod silence;

use eventlog::*;
use eventstoredb_double::{Double, DoubleOptions, Expected, Proposed, Written};
use futures::StreamExt;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long a test waits for what must come. Generous: it is only ever waited for in vain.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long the log waits for an answer, where a test keeps it waiting.
const IMPATIENCE: Duration = Duration::from_millis(400);

struct Server {
    double: Double,
    /// After how many failures in a row each pause was made.
    pauses: Arc<Mutex<Vec<u32>>>,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(DoubleOptions::default()).await
    }

    async fn start_with(options: DoubleOptions) -> Self {
        Self { double: Double::start_with(options).await.unwrap(), pauses: Arc::default() }
    }

    /// With a log that has its identity, so that the next append is a test's own.
    async fn begun() -> Self {
        let server = Self::start().await;
        server.log().log_id().await.unwrap();
        server
    }

    /// As the log is opened unless a test wants it otherwise: it doesn't wait before it tries again, but tells.
    fn options(&self) -> EventStoreDbOptions {
        let pauses = Arc::clone(&self.pauses);
        let pause = move |failures| {
            pauses.lock().push(failures);
            Duration::from_millis(1)
        };
        EventStoreDbOptions { pauses: Arc::new(pause), ..EventStoreDbOptions::new(self.double.url(), ["cart-"]) }
    }

    fn log(&self) -> Arc<EventStoreDbLog> {
        open(self.options())
    }

    fn pauses(&self) -> Vec<u32> {
        self.pauses.lock().clone()
    }

    /// Appends as somebody else does; gives where the last event stands.
    async fn others_append(&self, stream: &str, event_types: &[&str]) -> Written {
        let events = event_types.iter().map(|event_type| proposed(event_type)).collect();
        self.double.append(stream, Expected::Any, events).await.unwrap()
    }
}

fn open(options: EventStoreDbOptions) -> Arc<EventStoreDbLog> {
    Arc::new(EventStoreDbLog::open(options).unwrap())
}

fn proposed(event_type: &str) -> Proposed {
    Proposed {
        id: Uuid::now_v7(),
        event_type: event_type.to_owned(),
        is_json: true,
        data: "{}".into(),
        metadata: "{}".into(),
    }
}

fn event() -> NewEvent {
    NewEvent { id: Uuid::now_v7(), event_type: "Happened".into(), data: "{}".into(), metadata: "{}".into() }
}

fn events(count: usize) -> Vec<NewEvent> {
    (0..count).map(|_| event()).collect()
}

fn cart() -> StreamName {
    StreamName::new("cart-1")
}

async fn append(log: &dyn EventLog, length: u64, events: &[NewEvent]) -> Result<Appended, AppendError> {
    log.append(&cart(), ExpectedRevision::of_length(length), events.to_vec()).await
}

async fn everything(log: &dyn EventLog) -> Vec<RecordedEvent> {
    log.read_all(Position::START, usize::MAX).await.unwrap()
}

fn ids(events: &[RecordedEvent]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

fn new_ids(events: &[NewEvent]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

/// What becomes of it; fails if nothing does.
async fn in_time<T>(outcome: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, outcome).await.expect("nothing came")
}

async fn next(subscription: &mut Subscription) -> Option<Result<SubscriptionItem, LogError>> {
    in_time(subscription.next()).await
}

/// So many events, passing over marks.
async fn next_events(subscription: &mut Subscription, count: usize) -> Vec<RecordedEvent> {
    let mut received = Vec::new();
    while received.len() < count {
        if let SubscriptionItem::Events(events) = next(subscription).await.expect("it ended").unwrap() {
            received.extend(events);
        }
    }
    assert_eq!(received.len(), count, "more came than there is");
    received
}

/// A subscription that has caught up with the log and follows it by the server's subscription.
async fn live(server: &Server, log: &dyn EventLog) -> Subscription {
    let mut subscription = log.subscribe(Position::START);
    while !matches!(next(&mut subscription).await, Some(Ok(SubscriptionItem::CaughtUp(_)))) {}
    in_time(server.double.subscription(0)).await;
    subscription
}
