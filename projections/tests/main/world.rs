//! A log, the views on it, and one line for each thing that happens in a shop.

use crate::answers::answers;
use crate::history::Known;
use crate::place::Place;
use async_trait::async_trait;
use cartlog_projections::store::ReadStore;
use cartlog_projections::{ProjectionSettings, Projections, Views};
use domain::cart::{CartClosed, CartEvent, CartOpened, CloseReason};
use domain::customer::{CustomerDeleted, CustomerEvent};
use domain::invoice::InvoiceEvent;
use domain::order::OrderEvent;
use domain::product::{ProductCreated, ProductDeleted, ProductEvent, StockHeld};
use domain::store::StoreEvent;
use domain::*;
use eventlog::{
    AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, MemoryLog, NewEvent, Position, RecordedEvent,
    StreamName, Subscription,
};
use futures::StreamExt;
use journal::Journal;
use journal::testing::events::*;
use journal::testing::{MemoryKeys, Pen, to_append};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Long enough for any machine; nothing waits that long unless a test is about to fail.
pub const LONG: Duration = Duration::from_secs(60);

/// So many events in a transaction, live and not.
pub fn in_batches_of(events: usize) -> ProjectionSettings {
    ProjectionSettings { batch_events: events, fill_events: events, ..ProjectionSettings::default() }
}

/// Looks again and again until it is so.
pub async fn until(is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.expect("it never came to be so");
}

/// When all begins, in milliseconds.
pub const BEGINNING: i64 = journal::testing::BEGINNING.as_millis();

pub struct World {
    pub journal: Journal,
    pub log: Arc<Fixable>,
    pub keys: Arc<MemoryKeys>,
    /// The shop's clock, in milliseconds.
    pub now: i64,
    pen: Pen,
    ids: u128,
    pub place: Place,
}

impl Default for World {
    fn default() -> Self {
        let log = Arc::new(Fixable::default());
        let keys = Arc::new(MemoryKeys::default());
        let journal = Journal::new(Arc::clone(&log) as _, Arc::clone(&keys) as _);
        Self { pen: Pen::new(journal.clone()), journal, log, keys, now: BEGINNING, ids: 0, place: Place::default() }
    }
}

impl World {
    pub fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids << 64 | 0x7000_8000_0000_0000_0000)
    }

    pub fn at(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    pub async fn read_store(&self) -> Arc<dyn ReadStore> {
        self.place.store("views").await
    }

    /// Does to the store what no version of the program would.
    pub async fn edit_read_store(&self, sql: &str) {
        self.place.edit("views", sql).await;
    }

    /// A new reader of the same log, as after a restart of the process.
    pub fn restarted_journal(&self) -> Journal {
        Journal::new(Arc::clone(&self.log) as _, Arc::clone(&self.keys) as _)
    }

    /// Views that are up to date and follow the log.
    pub async fn views(&self) -> (Projections, Views) {
        let projections = self.open().await;
        projections.start();
        let views = projections.views();
        (projections, views)
    }

    /// Views that are up to date and don't follow the log.
    pub async fn open(&self) -> Projections {
        self.open_with(self.journal.clone(), ProjectionSettings::default()).await
    }

    pub async fn open_with(&self, journal: Journal, settings: ProjectionSettings) -> Projections {
        Projections::open(self.read_store().await, journal, settings, |_| {}).await.expect("opens")
    }

    /// What the views answer once they are where the log is.
    pub async fn caught_up<'v>(&self, views: &'v Views) -> &'v Views {
        let head = self.journal.head().await.expect("a head");
        views.wait_for(head, LONG).await.expect("caught up");
        views
    }

    pub async fn append(&mut self, store: StoreId, stream: String, event: impl Into<Event>) -> Position {
        self.now += 1_000;
        self.append_now(store, stream, event).await
    }

    /// What views answer that were filled in one go, by a store that never saw another way.
    pub async fn answers_from_nothing(&self, known: &Known) -> String {
        let store = self.place.store(&format!("anew-{}", Uuid::now_v7())).await;
        let opened = Projections::open(store, self.restarted_journal(), ProjectionSettings::default(), |_| {});
        answers(&opened.await.expect("opens").views(), known).await
    }

    /// Without letting time pass.
    pub async fn append_now(&mut self, store: StoreId, stream: String, event: impl Into<Event>) -> Position {
        let event = to_append(self.id(), store, self.at(), event);
        self.pen.append(stream, &[event]).await
    }

    pub async fn store(&mut self) -> StoreId {
        let store_id = StoreId(self.id());
        let created = store_created(store_id);
        self.append(store_id, format!("store-{store_id}"), StoreEvent::from(created)).await;
        store_id
    }

    pub async fn product(&mut self, store: StoreId, title: &str) -> ProductId {
        self.product_with(store, title, "chair", "Ikea", 100, &[]).await
    }

    pub async fn product_with(
        &mut self,
        store_id: StoreId,
        title: &str,
        product_type: &str,
        vendor: &str,
        inventory: i64,
        tags: &[&str],
    ) -> ProductId {
        let product_id = ProductId(self.id());
        let created = ProductCreated {
            title: title.to_owned(),
            product_type: product_type.to_owned(),
            vendor: vendor.to_owned(),
            inventory,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..product_created(store_id, product_id)
        };
        self.append(store_id, format!("product-{product_id}"), ProductEvent::from(created)).await;
        product_id
    }

    pub async fn product_event(&mut self, store: StoreId, product: ProductId, event: impl Into<ProductEvent>) {
        self.append(store, format!("product-{product}"), event.into()).await;
    }

    pub async fn delete_product(&mut self, store: StoreId, product: ProductId) {
        self.product_event(store, product, ProductDeleted {}).await;
    }

    pub async fn customer(&mut self, store: StoreId, email: &str) -> CustomerId {
        let customer_id = CustomerId(self.id());
        let address_id = AddressId(self.id());
        let address = PersonalAddress {
            address_id,
            street: Some("Main Street 1".to_owned()),
            city: Some("Springfield".to_owned()),
            zip: Some("12345".to_owned()),
            state: None,
            country: Some("US".to_owned()),
        };
        let personal = PersonalData { addresses: vec![address], ..person(email) };
        let created = customer_created(store, customer_id, personal);
        self.customer_event(store, customer_id, created).await;
        customer_id
    }

    pub async fn customer_event(
        &mut self,
        store: StoreId,
        customer: CustomerId,
        event: impl Into<CustomerEvent>,
    ) -> Position {
        self.append(store, format!("customer-{customer}"), event.into()).await
    }

    pub async fn delete_customer(&mut self, store: StoreId, customer: CustomerId) -> Position {
        self.customer_event(store, customer, CustomerDeleted { claim_ids: Vec::new() }).await
    }

    pub async fn cart_event(&mut self, store: StoreId, customer: CustomerId, event: impl Into<CartEvent>) -> Position {
        self.append(store, format!("cart-{customer}"), event.into()).await
    }

    pub async fn open_cart(&mut self, store_id: StoreId, customer_id: CustomerId) -> CartId {
        let cart_id = CartId(self.id());
        self.cart_event(store_id, customer_id, CartOpened { cart_id, customer_id, store_id }).await;
        cart_id
    }

    pub async fn hold(
        &mut self,
        store: StoreId,
        customer_id: CustomerId,
        cart_id: CartId,
        product: ProductId,
        quantity: u32,
    ) {
        let held = StockHeld { cart_id, customer_id, cart_revision: 1, quantity, previous_quantity: 0 };
        self.product_event(store, product, held).await;
    }

    /// Holds the stock and adds the product, of which the cart has none yet.
    pub async fn add(
        &mut self,
        store: StoreId,
        customer: CustomerId,
        cart_id: CartId,
        product_id: ProductId,
        quantity: u32,
    ) {
        self.hold(store, customer, cart_id, product_id, quantity).await;
        let added = cart_item_added(cart_id, CartItemId(self.id()), product_id, quantity);
        self.cart_event(store, customer, added).await;
    }

    pub async fn close_cart(&mut self, store: StoreId, customer: CustomerId, cart_id: CartId) {
        let closed = CartClosed { cart_id, reason: CloseReason::Closed, items: Vec::new() };
        self.cart_event(store, customer, closed).await;
    }

    /// One line of the product at 10.00 each, nothing paid yet.
    pub async fn issue_invoice(
        &mut self,
        store_id: StoreId,
        customer_id: CustomerId,
        cart_id: CartId,
        product_id: ProductId,
        quantity: u32,
    ) -> InvoiceId {
        let invoice_id = InvoiceId(self.id());
        let (line_id, item_id) = (InvoiceLineItemId(self.id()), CartItemId(self.id()));
        let line = invoice_line(line_id, item_id, product_id, quantity);
        let issued = invoice_issued(store_id, customer_id, cart_id, invoice_id, vec![line]);
        self.invoice_event(store_id, invoice_id, issued).await;
        invoice_id
    }

    pub async fn invoice_event(&mut self, store: StoreId, invoice: InvoiceId, event: impl Into<InvoiceEvent>) {
        self.append(store, format!("invoice-{invoice}"), event.into()).await;
    }

    /// Collects the invoice and places its order.
    pub async fn collect(
        &mut self,
        store_id: StoreId,
        customer_id: CustomerId,
        cart_id: CartId,
        invoice_id: InvoiceId,
        items: &[(ProductId, u32)],
    ) -> OrderId {
        let collected = invoice_collected(customer_id, cart_id, invoice_id, items);
        self.invoice_event(store_id, invoice_id, collected).await;
        self.place(store_id, customer_id, cart_id, invoice_id, items).await
    }

    pub async fn place(
        &mut self,
        store_id: StoreId,
        customer_id: CustomerId,
        cart_id: CartId,
        invoice_id: InvoiceId,
        items: &[(ProductId, u32)],
    ) -> OrderId {
        let order_id = OrderId::of_invoice(invoice_id);
        let mut lines = Vec::new();
        for &(product_id, quantity) in items {
            let (id, of) = (OrderLineItemId(self.id()), InvoiceLineItemId(self.id()));
            lines.push(order_line(id, of, product_id, quantity));
        }
        let placed = order_placed(store_id, customer_id, cart_id, invoice_id, lines);
        self.order_event(store_id, order_id, placed).await;
        order_id
    }

    pub async fn order_event(&mut self, store: StoreId, order: OrderId, event: impl Into<OrderEvent>) {
        self.append(store, format!("order-{order}"), event.into()).await;
    }
}

/// A log in memory whose events of some types can't be read until that is mended.
#[derive(Default)]
pub struct Fixable {
    log: MemoryLog,
    broken: parking_lot::Mutex<Broken>,
}

/// Types of events that can't be read.
#[derive(Clone, Copy, Default)]
pub struct Broken {
    /// As of a type that nobody knows yet.
    unknown: &'static [&'static str],
    /// Their data is something else.
    damaged: &'static [&'static str],
    /// Nothing stands beside their data.
    bare: &'static [&'static str],
}

impl Fixable {
    pub fn break_type(&self, event_type: &'static str) {
        let broken: &'static [&'static str] = Box::leak(Box::new([event_type]));
        self.break_types(broken);
    }

    /// These, and no others any more.
    pub fn break_types(&self, event_types: &'static [&'static str]) {
        *self.broken.lock() = Broken { unknown: event_types, ..Broken::default() };
    }

    /// The data of these, and of no others any more.
    pub fn damage_types(&self, event_types: &'static [&'static str]) {
        *self.broken.lock() = Broken { damaged: event_types, ..Broken::default() };
    }

    /// What stands beside the data of these, and of no others any more: nobody knows their store.
    pub fn bare_types(&self, event_types: &'static [&'static str]) {
        *self.broken.lock() = Broken { bare: event_types, ..Broken::default() };
    }

    pub fn mend(&self) {
        self.break_types(&[]);
    }

    fn seen(&self, events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
        seen(*self.broken.lock(), events)
    }
}

fn seen(broken: Broken, events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
    let seen = |event: RecordedEvent| match &*event.event_type {
        unknown if broken.unknown.contains(&unknown) => {
            RecordedEvent { event_type: format!("Future{unknown}").into(), ..event }
        }
        bare if broken.bare.contains(&bare) => RecordedEvent { metadata: "{}".into(), ..event },
        damaged if broken.damaged.contains(&damaged) => RecordedEvent { data: "[]".into(), ..event },
        _ => event,
    };
    events.into_iter().map(seen).collect()
}

#[async_trait]
impl EventLog for Fixable {
    async fn append(
        &self,
        stream: &StreamName,
        expected: ExpectedRevision,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.log.append(stream, expected, events).await
    }

    fn max_append_bytes(&self) -> usize {
        self.log.max_append_bytes()
    }

    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(self.seen(self.log.read_stream(stream, from, limit).await?))
    }

    async fn read_stream_backwards(&self, stream: &StreamName, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(self.seen(self.log.read_stream_backwards(stream, limit).await?))
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(self.seen(self.log.read_all(after, limit).await?))
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.log.head().await
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        self.log.log_id().await
    }

    fn subscribe(&self, after: Position) -> Subscription {
        let broken = *self.broken.lock();
        let seen = move |item| match item {
            Ok(eventlog::SubscriptionItem::Events(events)) => {
                Ok(eventlog::SubscriptionItem::Events(seen(broken, events)))
            }
            other => other,
        };
        self.log.subscribe(after).map(seen).boxed()
    }
}
