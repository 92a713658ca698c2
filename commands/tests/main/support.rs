//! A shop to test: one log, one vault, one clock, and a node with a store on it.

use async_trait::async_trait;
use commands::guard::Client;
use commands::testing::{Mailbox, ManualClock, StubLookups};
pub use commands::testing::{done, key, request};
use commands::{
    CommandDependencies, Commands, ConfirmationMail, MailAddress, MailError, Mailer, NewAddress, NewCoupon,
    NewCustomer, NewProduct, NewStore, Outgoing, Request,
};
use domain::coupon::CouponStyle;
use domain::store::CreditOrder;
use domain::{Cents, CustomerId, Decider, ProductId, StoreId};
use eventlog::{EventLog, ExpectedRevision, MemoryLog, NewEvent, Position, RecordedEvent, StreamName};
use journal::{Delivery, Envelope, Journal, Keys, Metadata};
use std::sync::Arc;
use vault::MemoryVault;

pub const APP: &str = "acme";
pub const SECRET: &str = "a secret of eight";
pub const PASSWORD: &str = "correct horse";

pub struct Shop {
    pub log: Arc<MemoryLog>,
    pub vault: Arc<MemoryVault>,
    pub clock: Arc<ManualClock>,
    pub mailbox: Arc<Mailbox>,
    pub node: Commands,
    pub store: StoreId,
}

impl Shop {
    /// With a store called [`APP`] in it.
    pub async fn new() -> Self {
        let shop = Self::empty();
        let store = done(shop.node.create_store(Client::UNKNOWN, new_store(APP), None, None).await);
        Self { store, ..shop }
    }

    /// With an empty log: for what needs no store to be there, and is done many times.
    pub fn empty() -> Self {
        let (log, vault) = (Arc::new(MemoryLog::new()), Arc::new(MemoryVault::default()));
        let (clock, mailbox) = (Arc::<ManualClock>::default(), Arc::<Mailbox>::default());
        let node = node(Arc::clone(&log) as _, &vault, &clock, Arc::clone(&mailbox) as _);
        Self { log, vault, clock, mailbox, node, store: StoreId(uuid::Uuid::now_v7()) }
    }

    /// The same history in a log of its own: what is done to one is not seen by the other.
    pub async fn copy(&self) -> Self {
        self.copy_with(|_| {}).await
    }

    /// The same, with other metadata, as an earlier version wrote it.
    pub async fn copy_with(&self, change: impl Fn(&mut Metadata)) -> Self {
        self.copy_of(self.stored().await, change).await
    }

    /// The same history as a version wrote it that compared emails in lower case: without the claims of mailboxes, which are the first
    /// of two with one id.
    pub async fn of_an_older_version(&self) -> Self {
        let events = self.stored().await;
        let claim_id = |event: &RecordedEvent| {
            let data: serde_json::Value = serde_json::from_slice(&event.data).unwrap();
            (&*event.event_type == "NameClaimed").then(|| data["claim_id"].to_string())
        };
        let ids: Vec<Option<String>> = events.iter().map(claim_id).collect();
        let is_mailbox = |place: usize| ids[place].is_some() && ids[place + 1..].contains(&ids[place]);
        let mailboxes: Vec<StreamName> =
            (0..events.len()).filter(|place| is_mailbox(*place)).map(|place| events[place].stream.clone()).collect();
        self.copy_of(events.into_iter().filter(|event| !mailboxes.contains(&event.stream)).collect(), |_| {}).await
    }

    async fn copy_of(&self, events: Vec<RecordedEvent>, change: impl Fn(&mut Metadata)) -> Self {
        let log = MemoryLog::new();
        for event in events {
            let RecordedEvent { stream, revision, id, event_type, data, metadata, .. } = event;
            let mut changed: Metadata = serde_json::from_slice(&metadata).unwrap();
            change(&mut changed);
            let metadata = serde_json::to_vec(&changed).unwrap().into();
            let new = NewEvent { id, event_type: event_type.to_string(), data, metadata };
            log.append(&stream, ExpectedRevision::of_length(revision), vec![new]).await.unwrap();
        }
        let (vault, clock, mailbox) = (Arc::clone(&self.vault), Arc::clone(&self.clock), Arc::clone(&self.mailbox));
        let log = Arc::new(log);
        let node = node(Arc::clone(&log) as _, &vault, &clock, Arc::clone(&mailbox) as _);
        Self { log, vault, clock, mailbox, node, store: self.store }
    }

    /// Another node on the same log.
    pub fn other_node(&self) -> Commands {
        self.node_on(Arc::clone(&self.log) as _)
    }

    /// A node that sees the log through something that the test controls.
    pub fn node_on(&self, log: Arc<dyn EventLog>) -> Commands {
        node(log, &self.vault, &self.clock, Arc::clone(&self.mailbox) as _)
    }

    /// A node that is told of nobody who has a mailbox, as one of an older version, which does not ask.
    pub fn node_that_asks_nobody(&self) -> Commands {
        Commands::new(CommandDependencies {
            lookups: Arc::new(StubLookups::Empty),
            ..parts(Arc::clone(&self.log) as _, &self.vault, &self.clock, Arc::clone(&self.mailbox) as _)
        })
    }

    /// A node with a clock of its own.
    pub fn node_with_clock(&self, clock: &Arc<ManualClock>) -> Commands {
        node(Arc::clone(&self.log) as _, &self.vault, clock, Arc::clone(&self.mailbox) as _)
    }

    /// A node whose mail server is away.
    pub fn node_without_mail(&self) -> Commands {
        node(Arc::clone(&self.log) as _, &self.vault, &self.clock, Arc::new(NoMail))
    }

    /// A node whose mail server goes away between taking the recipient and taking the mail.
    pub fn node_whose_mail_breaks_off(&self) -> Commands {
        node(Arc::clone(&self.log) as _, &self.vault, &self.clock, Arc::new(MailBreaksOff))
    }

    /// A node whose disk has this much left, of 64 MiB that are to stay free.
    pub fn node_with_room(&self, free: Arc<std::sync::atomic::AtomicU64>) -> Commands {
        let node = self.other_node();
        let probe = move |_: &std::path::Path| Ok(free.load(std::sync::atomic::Ordering::Relaxed));
        node.within(sqlite::Space::probed(vec!["/data".into()], 64 << 20, Arc::new(probe)));
        node
    }

    pub fn request(&self) -> Request {
        request(self.store)
    }

    /// A request with an `Idempotency-Key`; `path` keeps different commands apart.
    pub fn keyed(&self, path: &str, key: &str, body: &str) -> Request {
        Request { idempotency: Some(self::key(path, key, body)), ..self.request() }
    }

    /// Of a second store, which must never see the first one's things.
    pub async fn stranger(&self) -> Request {
        request(done(self.node.create_store(Client::UNKNOWN, new_store("stranger"), None, None).await))
    }

    pub async fn customer(&self, email: &str) -> CustomerId {
        done(self.node.create_customer(&self.request(), new_customer(email)).await)
    }

    pub async fn product(&self) -> ProductId {
        done(self.node.create_product(&self.request(), new_product()).await)
    }

    /// Appends to the stream what nobody can read.
    pub async fn damage(&self, stream: &str) {
        let stream = StreamName::new(stream);
        let length = self.log.read_stream(&stream, 0, usize::MAX).await.unwrap().len() as u64;
        let (id, event_type) = (uuid::Uuid::now_v7(), "Nonsense".to_owned());
        let nonsense = NewEvent { id, event_type, data: "{}".into(), metadata: "{}".into() };
        self.log.append(&stream, ExpectedRevision::of_length(length), vec![nonsense]).await.unwrap();
    }

    /// Everything in the log, as stored.
    pub async fn stored(&self) -> Vec<RecordedEvent> {
        self.log.read_all(Position::START, usize::MAX).await.unwrap()
    }

    /// Everything in the log, opened.
    pub async fn events(&self) -> Vec<Arc<Envelope>> {
        let journal = Journal::new(Arc::clone(&self.log) as _, Arc::clone(&self.vault) as Arc<dyn Keys>);
        let read = journal.read_all(Position::START, usize::MAX).await.unwrap();
        let event = |delivery| match delivery {
            Delivery::Event(envelope) => envelope,
            Delivery::Unreadable(unreadable) => panic!("{unreadable}"),
        };
        read.into_iter().map(event).collect()
    }

    /// How many events of the type the log has.
    pub async fn count(&self, event_type: &str) -> usize {
        self.stored().await.iter().filter(|event| &*event.event_type == event_type).count()
    }

    /// The state of one aggregate by its stream alone.
    pub async fn state<A: Decider>(&self, id: &A::Id) -> A {
        let stream = format!("{}-{id}", A::CATEGORY);
        let mut state = A::default();
        for envelope in self.events().await.iter().filter(|envelope| envelope.stream.as_str() == stream) {
            if matches!(envelope.event, domain::Event::Remembered(_)) {
                continue;
            }
            let event = A::event(envelope.event.clone()).unwrap();
            state.evolve(&event, envelope.metadata.occurred_at).unwrap();
        }
        state
    }
}

fn node(
    log: Arc<dyn EventLog>,
    vault: &Arc<MemoryVault>,
    clock: &Arc<ManualClock>,
    mailer: Arc<dyn Mailer>,
) -> Commands {
    Commands::new(parts(log, vault, clock, mailer))
}

fn parts(
    log: Arc<dyn EventLog>,
    vault: &Arc<MemoryVault>,
    clock: &Arc<ManualClock>,
    mailer: Arc<dyn Mailer>,
) -> CommandDependencies {
    commands::testing::parts(Journal::new(log, Arc::clone(vault) as Arc<dyn Keys>), vault, clock, mailer)
}

struct NoMail;

#[async_trait]
impl Mailer for NoMail {
    async fn to(&self, _address: &MailAddress) -> Result<Box<dyn Outgoing>, MailError> {
        Err(MailError::Away(std::io::Error::other("connection refused").into()))
    }

    fn leaves_the_machine(&self) -> bool {
        true
    }
}

struct MailBreaksOff;

#[async_trait]
impl Mailer for MailBreaksOff {
    async fn to(&self, _address: &MailAddress) -> Result<Box<dyn Outgoing>, MailError> {
        Ok(Box::new(MailBreaksOff))
    }

    fn leaves_the_machine(&self) -> bool {
        true
    }
}

#[async_trait]
impl Outgoing for MailBreaksOff {
    async fn send(self: Box<Self>, _mail: ConfirmationMail) -> Result<(), MailError> {
        Err(MailError::Away(std::io::Error::other("connection reset").into()))
    }
}

pub fn new_store(app_id: &str) -> NewStore {
    NewStore {
        name: "Acme".to_owned(),
        tagline: None,
        app_id: app_id.to_owned(),
        app_secret: SECRET.to_owned(),
        credit_order_preference: CreditOrder::GiftCard,
        tax_rate_in_basis_points: 825,
        timezone: "Europe/Berlin".to_owned(),
        cart_expires_after_minutes: 60,
        numbering: None,
    }
}

pub fn new_customer(email: &str) -> NewCustomer {
    NewCustomer {
        currency: "EUR".parse().unwrap(),
        email: email.to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        password: PASSWORD.to_owned(),
        addresses: Vec::new(),
    }
}

pub fn new_address(street: &str, is_primary: bool) -> NewAddress {
    NewAddress {
        street: street.to_owned(),
        city: "London".to_owned(),
        zip: "W1".to_owned(),
        state: "-".to_owned(),
        country: "UK".to_owned(),
        is_primary,
    }
}

pub fn new_product() -> NewProduct {
    NewProduct {
        title: "Teapot".to_owned(),
        product_type: "kitchen".to_owned(),
        vendor: "Utah".to_owned(),
        description: None,
        inventory: 10,
        sale_price_in_cents: cents(1_999),
        tags: vec!["round".to_owned()],
    }
}

pub fn new_coupon(code: &str) -> NewCoupon {
    NewCoupon {
        code: code.to_owned(),
        style: CouponStyle::PercentOff,
        amount: 10,
        starts_at: None,
        expires_at: None,
        usage_limit: None,
        usage_limit_per_customer: None,
        minimum_amount_in_cents: None,
    }
}

pub fn cents(amount: i64) -> Cents {
    Cents::new(amount).unwrap()
}

/// Asserts that a command, or a look, was refused like this.
#[macro_export]
macro_rules! assert_refused {
    ($outcome:expr, $pattern:pat $(if $guard:expr)?) => {
        match $outcome {
            Err($pattern) $(if $guard)? => {}
            Err(other) => panic!("refused as {other:?}, not as {}", stringify!($pattern)),
            Ok(_) => panic!("not refused, which should have been as {}", stringify!($pattern)),
        }
    };
}
