//! What can't go on is parked, tried again by itself and remembered across restarts; nothing else waits for it.

use crate::ledger::ledger;
use crate::shop::{Shop, cents};
use crate::world::{World, done};
use async_trait::async_trait;
use chrono::TimeDelta;
use commands::snapshots::{Snapshot, Snapshots};
use commands::testing::CountedLookups;
use commands::{
    CartPlace, Class, CommandDependencies, CommandSettings, Commands, DueCarts, Lookups, LookupsError, Reactions,
    ReactionsStatus, Request, WalletEntry,
};
use domain::{CustomerId, StoreId, Timestamp};
use eventlog::testing::{Cut, FaultLog, Then};
use eventlog::{
    AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, NewEvent, Position, RecordedEvent, StreamName,
    Subscription,
};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Longer than anything waits before it is tried again.
const LONG: TimeDelta = TimeDelta::minutes(6);

async fn stepped(reactions: &mut Reactions) -> ReactionsStatus {
    reactions.step().await.expect("the log is there");
    reactions.status().lock().clone()
}

/// The shop's invoice is collected, and the process dies before it places the order.
async fn collected_and_died(world: &World, shop: &Shop) {
    let log = Arc::new(FaultLog::new(world.log()));
    log.arm(Cut::After(1), Then::Hang);
    let (dying, request, invoice) = (world.node_on(Arc::clone(&log) as _), shop.request(), shop.invoice());
    let collecting = tokio::spawn(async move { dying.collect_invoice(&request, invoice).await });
    log.stopped().await;
    collecting.abort();
}

async fn orders(world: &World) -> usize {
    world.types_after(Position::START).await.iter().filter(|stored| *stored == "OrderPlaced").count()
}

/// Views that are away for as long as a test says, and that may have something happen the moment they are asked.
struct Views {
    counted: CountedLookups,
    away: AtomicBool,
    meanwhile: Mutex<Option<(Commands, Request)>>,
}

impl Views {
    fn of(world: &World) -> Arc<Self> {
        let counted = CountedLookups::new(world.journal());
        Arc::new(Self { counted, away: AtomicBool::new(false), meanwhile: Mutex::default() })
    }
}

#[async_trait]
impl Lookups for Views {
    async fn wallet(
        &self,
        at_least: Position,
        store: StoreId,
        customer: CustomerId,
        currency: domain::Currency,
    ) -> Result<Vec<WalletEntry>, LookupsError> {
        self.counted.wallet(at_least, store, customer, currency).await
    }

    async fn stores_with_cart_expiry(
        &self,
        after: Option<StoreId>,
        limit: usize,
    ) -> Result<Vec<(StoreId, u32)>, LookupsError> {
        self.counted.stores_with_cart_expiry(after, limit).await
    }

    async fn carts_due(
        &self,
        store: StoreId,
        idle_since: Timestamp,
        after: Option<CartPlace>,
        limit: usize,
    ) -> Result<DueCarts, LookupsError> {
        self.counted.carts_due(store, idle_since, after, limit).await
    }

    async fn past(
        &self,
        at_least: Position,
        stream: &StreamName,
        asked: &domain::past::PastQuestion,
    ) -> Result<Option<domain::past::Fact>, LookupsError> {
        self.counted.past(at_least, stream, asked).await
    }

    async fn customers_of_mailbox(
        &self,
        at_least: Position,
        store: StoreId,
        mailbox: &str,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        self.counted.customers_of_mailbox(at_least, store, mailbox, limit).await
    }

    async fn creation(
        &self,
        at_least: Position,
        store: StoreId,
        key: &str,
    ) -> Result<Option<commands::Creation>, LookupsError> {
        self.counted.creation(at_least, store, key).await
    }

    async fn customers_at(
        &self,
        position: Position,
        store: StoreId,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<CustomerId>, LookupsError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(LookupsError(std::io::Error::other("away").into()));
        }
        let meanwhile = self.meanwhile.lock().take();
        if let Some((node, request)) = meanwhile {
            done(node.delete_store(&request).await);
        }
        self.counted.customers_at(position, store, after, limit).await
    }
}

/// A log in which appends to one stream wait until the test lets them go on.
struct Held {
    inner: Arc<dyn EventLog>,
    stream: Mutex<Option<StreamName>>,
    waits: Notify,
    go_on: Notify,
}

#[async_trait]
impl EventLog for Held {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let is_held = self.stream.lock().as_ref() == Some(stream);
        if is_held {
            self.waits.notify_one();
            self.go_on.notified().await;
        }
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
        self.inner.read_all(after, limit).await
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

#[tokio::test]
async fn a_product_whose_queue_is_full_stops_nothing_else_and_is_tried_again() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_invoice(&node).await;
    // Bob's cart is closed, and the process dies before it gives the stock back.
    done(node.add_to_cart(&shop.request(), shop.customers[1], vec![(shop.products[0], 1)]).await);
    let log = Arc::new(FaultLog::new(world.log()));
    log.arm(Cut::After(1), Then::Hang);
    let (dying, request, bob) = (world.node_on(Arc::clone(&log) as _), shop.request(), shop.customers[1]);
    let closing = tokio::spawn(async move { dying.close_cart(&request, bob).await });
    log.stopped().await;
    closing.abort();
    collected_and_died(&world, &shop).await;

    let product = StreamName::new(format!("product-{}", shop.products[0]));
    let (waits, go_on) = (Notify::new(), Notify::new());
    let held = Arc::new(Held { inner: world.log(), stream: Mutex::new(Some(product)), waits, go_on });
    let parts = world.parts(Arc::clone(&held) as _);
    let node =
        Commands::new(CommandDependencies { settings: CommandSettings { queue_length: 1, ..parts.settings }, ..parts });
    let change = || {
        let (node, request, product) = (node.clone(), shop.request(), shop.products[0]);
        async move { node.change_inventory(&request, product, commands::InventoryChange::By(1)).await }
    };
    // One is under way and one waits: that is all the queue takes.
    let first = tokio::spawn(change());
    held.waits.notified().await;
    let second = tokio::spawn(change());
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    let mut reactions = node.reactions(true).await.expect("the worker starts");
    let status = stepped(&mut reactions).await;
    let why: Vec<_> = status.parked.iter().map(|parked| (parked.stream.as_str().to_owned(), parked.why)).collect();
    assert_eq!(why, [(format!("cart-{bob}"), Class::Busy)], "{:?}", status.parked);
    assert_eq!((orders(&world).await, status.pending), (1, 0), "the order behind it was placed");

    *held.stream.lock() = None;
    held.go_on.notify_one();
    done(first.await.expect("no command panics"));
    done(second.await.expect("no command panics"));
    world.clock.advance(LONG);
    assert_eq!(stepped(&mut reactions).await.parked.len(), 0);
    assert_eq!(ledger(&world, true).await.products[0].2, 3, "what the order holds");
}

#[tokio::test]
async fn a_store_that_is_deleted_while_its_customers_get_a_credit_ends_the_job() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    done(node.start_batch_credit(&shop.request(), cents(5)).await);
    let views = Views::of(&world);
    *views.meanwhile.lock() = Some((node.clone(), shop.request()));
    let node = Commands::new(CommandDependencies { lookups: views, ..world.parts(world.log()) });
    let mut reactions = node.reactions(true).await.expect("the worker starts");
    assert_eq!(stepped(&mut reactions).await.parked.len(), 0);
    assert!(world.types_after(Position::START).await.iter().any(|stored| stored == "StoreDeleted"));
}

#[tokio::test]
async fn a_customer_that_can_not_be_read_keeps_no_other_from_a_credit() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    let mut customers = shop.customers.clone();
    customers.sort_unstable();
    // The first that the job comes to.
    world.damage(&StreamName::new(format!("customer-{}", customers[0])), 1).await;
    done(node.start_batch_credit(&shop.request(), cents(5)).await);
    let node = Commands::new(CommandDependencies { lookups: Views::of(&world), ..world.parts(world.log()) });
    let mut reactions = node.reactions(true).await.expect("the worker starts");
    for attempts in 1..=2 {
        let status = stepped(&mut reactions).await;
        let job: Vec<_> = status.parked.iter().filter(|parked| parked.stream.as_str().starts_with("store-")).collect();
        assert_eq!((job.len(), job[0].why, job[0].attempts), (1, Class::Damaged, attempts), "{:?}", status.parked);
        assert_eq!(credits(&world).await, 1, "the other one has it, once");
        world.clock.advance(LONG);
    }
}

#[tokio::test]
async fn while_a_service_is_away_all_waits_together_and_is_not_parked_one_by_one() {
    let world = World::new();
    let views = Views::of(&world);
    let node = Commands::new(CommandDependencies { lookups: Arc::clone(&views) as _, ..world.parts(world.log()) });
    let shop = Shop::open(&world, &node).await;
    for _ in 0..20 {
        done(node.start_batch_credit(&shop.request(), cents(5)).await);
    }
    views.away.store(true, Ordering::SeqCst);
    let mut reactions = node.reactions(true).await.expect("the worker starts");
    for _ in 0..10 {
        let status = stepped(&mut reactions).await;
        assert!(status.parked.len() <= 2 && status.parked.len() + status.pending == 20, "{status:?}");
        world.clock.advance(TimeDelta::seconds(40));
    }
    views.away.store(false, Ordering::SeqCst);
    world.clock.advance(LONG);
    let status = stepped(&mut reactions).await;
    assert_eq!((status.parked.len(), status.pending), (0, 0));
    assert_eq!(ledger(&world, true).await.credits.len(), 40);
}

#[tokio::test]
async fn what_is_parked_holds_no_restart_back_and_is_tried_again_by_it() {
    let world = World::new();
    let views = Views::of(&world);
    views.away.store(true, Ordering::SeqCst);
    let node = world.node();
    let shop = Shop::open(&world, &node).await;
    done(node.start_batch_credit(&shop.request(), cents(5)).await);
    let shop = shop.with_cart(&node).await;
    done(node.close_cart(&shop.request(), shop.customers[0]).await);
    let parts = || CommandDependencies { lookups: Arc::clone(&views) as _, ..world.parts(world.log()) };
    for attempts in 1..=3 {
        let mut reactions = Commands::new(parts()).reactions(true).await.expect("the worker starts");
        let status = stepped(&mut reactions).await;
        let parked: Vec<_> = status.parked.iter().map(|parked| (parked.why, parked.attempts)).collect();
        assert_eq!(parked, [(Class::NotNow, attempts)], "a restart goes on counting");
    }
    let node = Commands::new(parts());
    let mut reactions = node.reactions(true).await.expect("the worker starts");
    let status = reactions.status().lock().clone();
    assert_eq!((status.position, status.parked.len()), (world.head().await, 1), "only this is looked at again");
    views.away.store(false, Ordering::SeqCst);
    assert_eq!(stepped(&mut reactions).await.parked.len(), 0);
    assert_eq!(ledger(&world, true).await.credits, [(5, 5), (5, 5)]);
}

/// The version before saved what was parked with the checkpoint before its event, and tried it again only after a restart.
#[tokio::test]
async fn what_the_version_before_saved_is_carried_over() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_invoice(&node).await;
    let journal = world.journal();
    let before = journal.checkpoint(world.head().await).await.expect("it stands there");
    collected_and_died(&world, &shop).await;
    let head = journal.checkpoint(world.head().await).await.expect("it stands there");
    let stream = format!("invoice-{}", shop.invoice());
    let parked = serde_json::json!([{ "stream": stream, "before": before, "reason": "it was away" }]);
    let state = serde_json::json!({ "checkpoint": head, "reached": head, "parked": parked });
    let snapshot = Snapshot { log_id: head.log_id, format: 2, state: state.to_string().into_bytes() };
    world.snapshots.save(&StreamName::new("$reactions"), snapshot).await.expect("in memory");

    let mut reactions = world.node().reactions(false).await.expect("the worker starts");
    let status = reactions.status().lock().clone();
    assert_eq!((status.position, status.parked.len()), (head.position, 1), "it starts where the other one was");
    assert_eq!(stepped(&mut reactions).await.parked.len(), 0);
    assert_eq!(orders(&world).await, 1);
}

#[tokio::test]
async fn a_store_with_much_to_do_keeps_no_other_waiting_and_none_of_its_own_is_lost() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_cart(&node).await;
    let other = Shop::named(&world, &node, "coffee").await.with_cart(&node).await;
    let mut reactions = node.reactions(false).await.expect("the worker starts").bounded(8, 100);
    // What waits of the other store makes no room for the one with much more.
    for quantity in [2, 3, 2, 3] {
        done(node.set_cart_quantity(&other.request(), other.customers[0], other.products[0], quantity).await);
    }
    // Each of these has to wait for its time, and all the while another store's job has not begun.
    for number in 0..40 {
        let quantity = 2 + number % 2;
        done(node.set_cart_quantity(&shop.request(), shop.customers[0], shop.products[0], quantity).await);
    }
    let shop = shop.with_invoice(&node).await;
    collected_and_died(&world, &shop).await;
    done(node.start_batch_credit(&other.request(), cents(5)).await);
    let status = stepped(&mut reactions).await;
    assert_eq!(ledger(&world, false).await.credits.iter().filter(|credit| **credit == (5, 5)).count(), 2);
    assert!(status.pending <= 8, "{status:?}");
    for _ in 0..50 {
        world.clock.advance(TimeDelta::seconds(30));
        assert!(stepped(&mut reactions).await.pending <= 8);
    }
    let pending = reactions.status().lock().pending;
    assert_eq!((pending, orders(&world).await), (0, 1));
    let next = world.node().reactions(false).await.expect("the worker starts");
    let position = next.status().lock().position;
    assert_eq!(position, world.head().await, "all is settled");
}

/// Of more than are remembered one by one the checkpoint stays before those that are not.
#[tokio::test]
async fn more_that_can_not_go_on_than_is_remembered_is_read_again() {
    let world = World::new();
    let views = Views::of(&world);
    let parts = || CommandDependencies { lookups: Arc::clone(&views) as _, ..world.parts(world.log()) };
    let node = Commands::new(parts());
    let shop = Shop::open(&world, &node).await;
    let streams: Vec<_> =
        (0..5).map(|number| StreamName::new(format!("order-{}", uuid::Uuid::from_u128(number)))).collect();
    for stream in &streams {
        world.damage(stream, 1).await;
    }
    done(node.start_batch_credit(&shop.request(), cents(5)).await);
    let before_damage = world.head().await.0 - 6;
    for _ in 0..2 {
        let mut reactions = Commands::new(parts()).reactions(true).await.expect("the worker starts").bounded(100, 3);
        let status = stepped(&mut reactions).await;
        assert_eq!((status.parked.len(), status.has_more_parked), (3, true));
        assert_eq!(credits(&world).await, 2, "what is behind them is done");
    }
    let next = Commands::new(parts()).reactions(true).await.expect("the worker starts");
    assert_eq!(next.status().lock().position.0, before_damage + 3, "it stays before the fourth");
}

async fn credits(world: &World) -> usize {
    world.types_after(Position::START).await.iter().filter(|stored| *stored == "CreditIssued").count()
}

#[tokio::test]
async fn waits_go_by_what_passed_since_the_event_was_read_whatever_the_clocks_say() {
    let world = World::new();
    let node = world.node();
    let shop = Shop::open(&world, &node).await.with_invoice(&node).await;
    collected_and_died(&world, &shop).await;
    let mut reactions = world.node().reactions(false).await.expect("the worker starts");
    stepped(&mut reactions).await;
    // A clock that is set ahead does not take a command's time from it,
    world.clock.set_ahead(TimeDelta::hours(2));
    stepped(&mut reactions).await;
    assert_eq!(orders(&world).await, 0);
    // and one that is set back does not add to it.
    world.clock.set_ahead(TimeDelta::hours(-26));
    world.clock.advance(TimeDelta::seconds(5));
    stepped(&mut reactions).await;
    assert_eq!(orders(&world).await, 1);
}
