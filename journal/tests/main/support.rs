//! Logs, events and followers for tests.

use async_trait::async_trait;
use cartlog_journal::testing::MemoryKeys;
use cartlog_journal::*;
use domain::customer::CustomerRenamed;
use domain::product::ProductRepriced;
use domain::{ActorId, Cents, CustomerId, Event, Personal, PersonalData, StoreId, Timestamp};
use eventlog::*;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use uuid::Uuid;

pub fn customer(number: u128) -> CustomerId {
    CustomerId(Uuid::from_u128(number))
}

pub fn customer_stream(number: u128) -> StreamName {
    StreamName::new(format!("customer-{}", customer(number)))
}

pub fn product_stream(number: u128) -> StreamName {
    StreamName::new(format!("product-{}", Uuid::from_u128(number)))
}

pub fn person(name: &str) -> PersonalData {
    PersonalData { first_name: Some(name.to_owned()), ..PersonalData::default() }
}

pub fn metadata() -> Metadata {
    Metadata {
        schema_version: 0, // filled in on the way
        store_id: StoreId(Uuid::from_u128(1)),
        occurred_at: Timestamp::from_millis(1_795_000_000_123),
        actor: Actor::System,
        by: None,
        request_id: None,
        idempotency: None,
        causation_id: None,
        correlation_id: Uuid::from_u128(2),
        prev: None,
    }
}

pub fn to_append(id: u128, event: impl Into<Event>) -> ToAppend {
    ToAppend { id: Uuid::from_u128(id), event: event.into(), metadata: metadata() }
}

pub fn repriced(id: u128) -> ToAppend {
    let cents = Cents::new(id as i64).unwrap();
    to_append(id, domain::product::ProductEvent::from(ProductRepriced { sale_price_in_cents: cents }))
}

pub fn renamed(id: u128, name: &str) -> ToAppend {
    let event = CustomerRenamed { personal: person(name).into() };
    to_append(id, domain::customer::CustomerEvent::from(event))
}

/// A journal with its keys, on a log that can be reached beneath it.
pub struct Desk {
    pub log: Arc<MemoryLog>,
    pub keys: Arc<MemoryKeys>,
    pub journal: Journal,
}

impl Desk {
    pub fn new() -> Self {
        Self::on(Arc::new(MemoryLog::new()), Arc::default())
    }

    pub fn on(log: Arc<MemoryLog>, keys: Arc<MemoryKeys>) -> Self {
        let journal = Journal::new(Arc::<MemoryLog>::clone(&log), Arc::<MemoryKeys>::clone(&keys));
        Self { log, keys, journal }
    }

    /// Appends at the end of the stream, wherever that is.
    pub async fn append(&self, stream: &StreamName, events: &[ToAppend]) -> Written {
        let slice = self.journal.read_stream(stream, Tail::default(), usize::MAX).await.unwrap();
        self.journal.append(stream, slice.tail, events).await.unwrap()
    }

    /// The same as the store's; gives the position of the last.
    pub async fn append_of(&self, store: StoreId, stream: &StreamName, events: &[ToAppend]) -> Position {
        let of_store = |event: &ToAppend| {
            let metadata = Metadata { store_id: store, ..event.metadata.clone() };
            ToAppend { metadata, ..event.clone() }
        };
        let events: Vec<_> = events.iter().map(of_store).collect();
        self.append(stream, &events).await.position
    }

    /// `count` events with the ids from `first` on, a hundred an append, all in one stream.
    pub async fn append_many(&self, stream: &StreamName, first: u128, count: u128) {
        let mut tail = Tail::default();
        let all: Vec<ToAppend> = (first..first + count).map(repriced).collect();
        for events in all.chunks(100) {
            tail = self.journal.append(stream, tail, events).await.unwrap().tail;
        }
    }

    pub async fn read(&self) -> Vec<Delivery> {
        self.journal.read_all(Position::START, usize::MAX).await.unwrap()
    }

    /// What the log holds, byte for byte.
    pub async fn stored(&self) -> Vec<RecordedEvent> {
        self.log.read_all(Position::START, usize::MAX).await.unwrap()
    }

    /// Puts an event into the log past the journal: a copy of `event` that `change` has altered.
    pub async fn forge(&self, event: &RecordedEvent, change: impl FnOnce(&mut RecordedEvent)) {
        let mut forged = event.clone();
        change(&mut forged);
        let length = self.log.read_stream(&forged.stream, 0, usize::MAX).await.unwrap().len() as u64;
        let new = NewEvent {
            id: forged.id,
            event_type: forged.event_type.to_string(),
            data: forged.data,
            metadata: forged.metadata,
        };
        self.log.append(&forged.stream, ExpectedRevision::of_length(length), vec![new]).await.unwrap();
    }
}

pub fn personal_of(delivery: &Delivery) -> Personal {
    match delivery {
        Delivery::Event(envelope) => envelope.event.clone().personal_mut().unwrap().clone(),
        Delivery::Unreadable(unreadable) => panic!("{unreadable}"),
    }
}

/// A log whose subscriptions break and whose reads fail, each again and again.
pub struct Shaky {
    pub inner: Arc<MemoryLog>,
    /// A subscription breaks after so many items.
    pub breaks_after: usize,
    /// One in so many reads fails; 0: none.
    pub fails_every: usize,
    reads: AtomicUsize,
    pub subscriptions: AtomicUsize,
}

impl Shaky {
    pub fn new(inner: Arc<MemoryLog>, breaks_after: usize, fails_every: usize) -> Self {
        Self { inner, breaks_after, fails_every, reads: AtomicUsize::new(0), subscriptions: AtomicUsize::new(0) }
    }
}

fn away() -> LogError {
    LogError::Unavailable(std::io::Error::other("the cable was pulled").into())
}

#[async_trait]
impl EventLog for Shaky {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.inner.append(stream, expected, events).await
    }

    fn max_append_bytes(&self) -> usize {
        self.inner.max_append_bytes()
    }

    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.inner.read_stream(stream, from, limit).await
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.inner.read_stream_backwards(stream, limit).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        let reads = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        match self.fails_every {
            0 => self.inner.read_all(after, limit).await,
            every if reads.is_multiple_of(every) => Err(away()),
            _ => self.inner.read_all(after, limit).await,
        }
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.inner.head().await
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        self.inner.log_id().await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        self.subscriptions.fetch_add(1, Ordering::Relaxed);
        let items = self.inner.subscribe(after).take(self.breaks_after);
        items.chain(futures::stream::once(async { Err(away()) })).boxed()
    }
}

/// Keys that can't be reached, every second time.
#[derive(Default)]
pub struct ShakyKeys {
    pub inner: MemoryKeys,
    asked: AtomicUsize,
}

impl ShakyKeys {
    fn shake(&self) -> Result<(), KeysError> {
        match self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            true => Err(KeysError::Away(std::io::Error::other("the vault is locked").into())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Keys for ShakyKeys {
    async fn key_or_new(&self, customer: CustomerId) -> Result<Option<SealingKey>, KeysError> {
        self.inner.key_or_new(customer).await
    }

    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        self.shake()?;
        self.inner.keys(customers).await
    }

    async fn actor_keys(&self, store: StoreId, actors: &[ActorId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        self.shake()?;
        self.inner.actor_keys(store, actors).await
    }
}

/// Keys that break whoever asks for them, once they are told to.
#[derive(Default)]
pub struct BrittleKeys {
    inner: MemoryKeys,
    pub breaks: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Keys for BrittleKeys {
    async fn key_or_new(&self, customer: CustomerId) -> Result<Option<SealingKey>, KeysError> {
        self.inner.key_or_new(customer).await
    }

    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        assert!(!self.breaks.swap(false, Ordering::SeqCst), "as a defect would");
        self.inner.keys(customers).await
    }

    async fn actor_keys(&self, store: StoreId, actors: &[ActorId]) -> Result<Vec<Option<SealingKey>>, KeysError> {
        assert!(!self.breaks.swap(false, Ordering::SeqCst), "as a defect would");
        self.inner.actor_keys(store, actors).await
    }
}
