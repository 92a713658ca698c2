//! Streams that have no room in memory: what it costs to come back to them.

use crate::shop::Shop;
use crate::world::{World, done, request};
use async_trait::async_trait;
use commands::guard::Client;
use commands::snapshots::Snapshots;
use commands::{CommandDependencies, CommandSettings, Commands};
use domain::customer::Customer;
use eventlog::{
    AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, NewEvent, Position, RecordedEvent, Room,
    StreamName, Subscription,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use vault::Vault;

/// Counts the events that are read of streams.
struct Counting {
    inner: Arc<dyn EventLog>,
    read: AtomicUsize,
}

#[async_trait]
impl EventLog for Counting {
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
        self.read_stream_within(stream, from, Room::for_events(limit)).await
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.inner.read_stream_backwards(stream, limit).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        self.inner.read_all(after, limit).await
    }

    async fn read_stream_within(
        &self,
        stream: &StreamName,
        from: u64,
        room: Room,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let read = self.inner.read_stream_within(stream, from, room).await?;
        self.read.fetch_add(read.len(), Ordering::Relaxed);
        Ok(read)
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.inner.head().await
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        self.inner.log_id().await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        self.inner.subscribe(after)
    }
}

/// A node that keeps one state in memory, and saves by what reading costs.
fn forgetful(world: &World) -> (Commands, Arc<Counting>) {
    let log = Arc::new(Counting { inner: world.log(), read: AtomicUsize::new(0) });
    let parts = world.parts(Arc::clone(&log) as _);
    let snapshots = Arc::clone(&world.snapshots) as Arc<dyn Snapshots>;
    let settings = CommandSettings { cached_streams: 1, sole_writer: true, ..parts.settings };
    (Commands::new(CommandDependencies { snapshots, settings, ..parts }), log)
}

/// The most that a stream has beyond what was saved of it, about, with small events.
const FEW: usize = 64;

#[tokio::test]
async fn a_cart_that_fell_out_of_memory_is_not_read_from_far_back() {
    let world = World::new();
    let shop = Shop::open(&world, &world.node()).await;
    let (node, log) = forgetful(&world);
    let request = shop.request();
    for customer in &shop.customers {
        done(node.add_to_cart(&request, *customer, vec![(shop.products[0], 1)]).await);
    }
    for round in 0..200 {
        let before = log.read.load(Ordering::Relaxed);
        for customer in &shop.customers {
            let quantity = 2 - round % 2;
            done(node.set_cart_quantity(&request, *customer, shop.products[0], quantity).await);
        }
        // Cart, product and customer of each.
        let read = log.read.load(Ordering::Relaxed) - before;
        assert!(read <= 2 * 3 * 2 * FEW, "{read} events were read in round {round}");
    }
}

#[tokio::test]
async fn log_ins_do_not_make_a_customer_longer_to_read_and_what_is_saved_of_one_is_sealed() {
    let world = World::new();
    let shop = Shop::open(&world, &world.node()).await;
    let (node, log) = forgetful(&world);
    let (request, ada) = (request(shop.store), shop.customers[0]);
    let log_in = async || {
        let before = log.read.load(Ordering::Relaxed);
        done(node.log_in(&request, Client::UNKNOWN, "ada@example.com", "secret").await);
        log.read.load(Ordering::Relaxed) - before
    };
    for round in 0..200 {
        let read = log_in().await;
        assert!(read <= 4 * FEW, "{read} events were read in round {round}");
    }
    let stream = StreamName::new(format!("customer-{ada}"));
    let saved = async || world.snapshots.load(&stream).await.expect("in memory");
    while saved().await.is_none() {
        tokio::task::yield_now().await;
    }
    let text = String::from_utf8_lossy(&saved().await.expect("it was saved").state).into_owned();
    assert!(!["ada@example.com", "First", "Last"].iter().any(|word| text.contains(word)), "{text}");

    // Once the key is gone, so is the person, whatever was saved.
    world.vault.destroy_key(ada).await.expect("in memory");
    let (node, _) = forgetful(&world);
    let outcome = node.send_confirmation(&request, ada).await;
    assert!(outcome.is_err(), "there is no address any more");
    assert!(world.folded::<Customer>(&ada).await.live().is_some_and(|live| live.first_name.is_none()));
}
