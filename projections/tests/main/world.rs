//! A log, the views on it, and one line for each thing that happens in a shop.

use crate::answers::answers;
use crate::history::Known;
use crate::place::Place;
use async_trait::async_trait;
use cartlog_projections::store::ReadStore;
use cartlog_projections::{ProjectionSettings, Projections, Views};
use domain::billing::{InvoiceLine, LineKind};
use domain::cart::{CartClosed, CartEvent, CartItemAdded, CartOpened, CloseReason, ProductQuantity};
use domain::customer::{CustomerCreated, CustomerDeleted, CustomerEvent, NewAddress};
use domain::gift_card::GiftCardIssued;
use domain::invoice::{InvoiceCollected, InvoiceEvent, InvoiceIssued};
use domain::order::{OrderEvent, OrderLine, OrderPlaced};
use domain::product::{ProductCreated, ProductDeleted, ProductEvent, StockHeld};
use domain::store::{CreditOrder, StoreCreated, StoreEvent};
use domain::*;
use eventlog::{
    AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, MemoryLog, NewEvent, Position, RecordedEvent,
    StreamName, Subscription,
};
use futures::StreamExt;
use journal::testing::MemoryKeys;
use journal::{Actor, Journal, Metadata, Tail, ToAppend};
use std::collections::HashMap;
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

/// 2026-01-01T00:00:00Z.
pub const BEGINNING: i64 = 1_767_225_600_000;

pub struct World {
    pub journal: Journal,
    pub log: Arc<Fixable>,
    pub keys: Arc<MemoryKeys>,
    /// The shop's clock, in milliseconds.
    pub now: i64,
    tails: HashMap<String, Tail>,
    ids: u128,
    pub place: Place,
}

impl Default for World {
    fn default() -> Self {
        let log = Arc::new(Fixable::default());
        let keys = Arc::new(MemoryKeys::default());
        Self {
            journal: Journal::new(Arc::clone(&log) as _, Arc::clone(&keys) as _),
            log,
            keys,
            now: BEGINNING,
            tails: HashMap::new(),
            ids: 0,
            place: Place::default(),
        }
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
        let id = self.id();
        let metadata = Metadata {
            schema_version: 0,
            store_id: store,
            occurred_at: self.at(),
            actor: Actor::System,
            request_id: None,
            idempotency: None,
            causation_id: None,
            correlation_id: id,
            prev: None,
        };
        let event = ToAppend { id, event: event.into(), metadata };
        let tail = self.tails.entry(stream.clone()).or_default();
        let written = self.journal.append(&StreamName::new(stream), *tail, &[event]).await.expect("appended");
        *tail = written.tail;
        written.position
    }

    pub async fn store(&mut self) -> StoreId {
        let store_id = StoreId(self.id());
        let created = StoreCreated {
            store_id,
            name: "Shop".to_owned(),
            tagline: None,
            app_id: format!("app-{store_id}"),
            claim_id: ClaimId(self.id()),
            credential_id: CredentialId(self.id()),
            credit_order_preference: CreditOrder::GiftCard,
            tax_rate_in_basis_points: 0,
            timezone: "UTC".to_owned(),
            cart_expires_after_minutes: 60,
        };
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
            product_id,
            store_id,
            title: title.to_owned(),
            product_type: product_type.to_owned(),
            vendor: vendor.to_owned(),
            description: None,
            inventory,
            sale_price_in_cents: Cents::new(1_000).expect("cents"),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
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
        let personal = PersonalData {
            email: Some(email.to_owned()),
            first_name: Some("Ada".to_owned()),
            last_name: Some("Lovelace".to_owned()),
            addresses: vec![address],
        };
        let created = CustomerCreated {
            customer_id,
            store_id: store,
            currency: "USD".parse().expect("a currency"),
            email_id: EmailId(self.id()),
            claim_id: ClaimId(self.id()),
            credential_id: CredentialId(self.id()),
            addresses: vec![NewAddress { address_id, is_primary: true }],
            personal: personal.into(),
        };
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
        let added = CartItemAdded {
            cart_id,
            cart_item_id: CartItemId(self.id()),
            product_id,
            product_title: "A thing".to_owned(),
            product_vendor: "Ikea".to_owned(),
            product_type: "chair".to_owned(),
            unit_amount_in_cents: Cents::new(1_000).expect("cents"),
            quantity,
            line_quantity: quantity,
        };
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
        let unit = Cents::new(1_000).expect("cents");
        let total = unit.times(quantity).expect("cents");
        let line = InvoiceLine {
            invoice_line_item_id: InvoiceLineItemId(self.id()),
            kind: LineKind::Item,
            cart_item_id: Some(CartItemId(self.id())),
            product_id: Some(product_id),
            product_title: Some("A thing".to_owned()),
            quantity,
            unit_amount_in_cents: unit,
            total_amount_in_cents: total,
            discount_amount_in_cents: Cents::ZERO,
            tax_amount_in_cents: Cents::ZERO,
        };
        let issued = InvoiceIssued {
            invoice_id,
            store_id,
            customer_id,
            cart_id,
            currency: "USD".parse().expect("a currency"),
            lines: vec![line],
            coupon: None,
            gift_card_spends: Vec::new(),
            credit_redemptions: Vec::new(),
            total_amount_in_cents: total,
            discount_amount_in_cents: Cents::ZERO,
            tax_amount_in_cents: Cents::ZERO,
            gift_card_used_amount_in_cents: Cents::ZERO,
            credit_used_amount_in_cents: Cents::ZERO,
            amount_due_in_cents: total,
        };
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
        let order_id = OrderId::of_invoice(invoice_id);
        let quantity = items.iter().map(|(_, quantity)| quantity).sum();
        let collected = InvoiceCollected {
            order_id,
            customer_id,
            cart_id,
            amount_in_cents: Cents::new(1_000).expect("cents").times(quantity).expect("cents"),
            currency: Some("USD".parse().expect("a currency")),
            items: items.iter().map(|&(product_id, quantity)| ProductQuantity { product_id, quantity }).collect(),
        };
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
            lines.push(OrderLine {
                order_line_item_id: OrderLineItemId(self.id()),
                invoice_line_item_id: InvoiceLineItemId(self.id()),
                product_id,
                product_title: "A thing".to_owned(),
                quantity,
            });
        }
        let placed = OrderPlaced { order_id, store_id, customer_id, invoice_id, cart_id, lines };
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
    broken: parking_lot::Mutex<&'static [&'static str]>,
}

impl Fixable {
    pub fn break_type(&self, event_type: &'static str) {
        let broken: &'static [&'static str] = Box::leak(Box::new([event_type]));
        self.break_types(broken);
    }

    /// These, and no others any more.
    pub fn break_types(&self, event_types: &'static [&'static str]) {
        *self.broken.lock() = event_types;
    }

    pub fn mend(&self) {
        self.break_types(&[]);
    }

    fn seen(&self, events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
        seen(*self.broken.lock(), events)
    }
}

fn seen(broken: &[&str], events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
    let seen = |event: RecordedEvent| match broken.contains(&&*event.event_type) {
        true => RecordedEvent { event_type: format!("Future{}", event.event_type).into(), ..event },
        false => event,
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

/// In dollars, from the first customer to the second.
pub fn gift_card_issued(
    gift_card_id: GiftCardId,
    store_id: StoreId,
    [gifter_customer_id, recipient_customer_id]: [CustomerId; 2],
    amount: i64,
) -> GiftCardIssued {
    GiftCardIssued {
        gift_card_id,
        store_id,
        gifter_customer_id,
        recipient_customer_id,
        currency: "USD".parse().expect("a currency"),
        amount_in_cents: Cents::new(amount).expect("an amount"),
    }
}
