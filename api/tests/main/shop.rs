//! A store on a router of its own, with a clock that is moved by hand.

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use cartlog_api::{ApiParts, ApiSettings, Part, Ready};
use chrono::TimeDelta;
use commands::testing::{Mailbox, ManualClock, parts};
use commands::{Clock, CommandDependencies, Commands};
use domain::{StoreId, Timestamp};
use eventlog::{MemoryLog, Position};
use http::{HeaderMap, Request};
use journal::{Delivery, EventKey, FoundPositions, IndexError, Journal, Keys, LogIndex};
use parking_lot::Mutex;
use projections::{Projections, SqliteReadStore};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use streaming::{SqliteWindows, Worker};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use vault::MemoryVault;

pub const SECRET: &str = "a good secret";
pub const PASSWORD: &str = "analytical";

pub struct Shop {
    pub clock: Arc<ManualClock>,
    pub vault: Arc<MemoryVault>,
    pub commands: Commands,
    pub projections: Projections,
    /// What `/readyz` is told.
    pub parts: Arc<Known>,
    router: Router,
    token: Mutex<String>,
    counting: CancellationToken,
    _files: tempfile::TempDir,
}

/// How a test says that the parts are.
#[derive(Default)]
pub struct Known(pub Mutex<Vec<Part>>);

#[async_trait]
impl Ready for Known {
    async fn parts(&self) -> Vec<Part> {
        self.0.lock().clone()
    }
}

/// Times, found by looking through the log.
struct Looked(Journal);

impl Looked {
    /// The running maximum of times, at each position.
    async fn times(&self) -> Vec<(Position, Timestamp)> {
        let mut latest = Timestamp::FIRST;
        let events = self.0.read_all(Position::START, 100_000).await.unwrap();
        let readable = events.into_iter().filter_map(|delivery| match delivery {
            Delivery::Event(envelope) => Some(envelope),
            Delivery::Unreadable(_) => None,
        });
        let times = readable.map(|envelope| {
            latest = latest.max(envelope.metadata.occurred_at);
            (envelope.position, latest)
        });
        times.collect()
    }
}

#[async_trait]
impl LogIndex for Looked {
    async fn moment(&self, at: Position) -> Result<Option<Timestamp>, IndexError> {
        Ok(self.times().await.into_iter().take_while(|(position, _)| *position <= at).last().map(|(_, time)| time))
    }

    async fn position(&self, at: Timestamp) -> Result<Option<Position>, IndexError> {
        Ok(self.times().await.into_iter().take_while(|(_, time)| *time <= at).last().map(|(position, _)| position))
    }

    /// Nothing here is looked for.
    async fn find(&self, _: StoreId, _: &EventKey, _: usize) -> Result<FoundPositions, IndexError> {
        Ok(FoundPositions { positions: Vec::new(), complete: true })
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    #[track_caller]
    pub fn problem(self, status: u16, error: &str) -> Self {
        assert_eq!((self.status, &self.body["error"]), (status, &json!(error)), "{:#}", self.body);
        self
    }

    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer}: {:#}", self.body))
            .to_owned()
    }
}

impl Shop {
    /// A store, at 10 o'clock in the morning of its time zone, with a token.
    pub async fn new() -> Self {
        Self::with(json!({})).await
    }

    /// With more fields.
    pub async fn with(more: Value) -> Self {
        Self::on(MemoryLog::new(), more).await
    }

    /// On a log of the test's own.
    pub async fn on(log: MemoryLog, more: Value) -> Self {
        let files = tempfile::tempdir().unwrap();
        let (vault, clock) = (Arc::<MemoryVault>::default(), Arc::<ManualClock>::default());
        let journal = Journal::new(Arc::new(log), Arc::clone(&vault) as Arc<dyn Keys>);
        let store = Arc::new(SqliteReadStore::open(&files.path().join("views.sqlite")).unwrap());
        let projections = Projections::open(store, journal.clone(), projections::ProjectionSettings::default(), |_| {})
            .await
            .unwrap();
        projections.start();
        let (windows, counting) = count(&files, &journal, &clock);
        let commands = Commands::new(CommandDependencies {
            settings: commands::CommandSettings { sole_writer: true, ..commands::CommandSettings::default() },
            ..parts(journal.clone(), &vault, &clock, Arc::<Mailbox>::default())
        });
        let parts = Arc::<Known>::default();
        let router = cartlog_api::router(ApiParts {
            commands: commands.clone(),
            views: projections.views(),
            windows,
            index: Arc::new(Looked(journal.clone())),
            journal,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            readiness: Arc::clone(&parts) as Arc<dyn Ready>,
            metrics: Arc::new(|| Box::pin(std::future::ready(String::new()))),
            settings: ApiSettings {
                view_timeout: Duration::from_millis(500),
                // Bodies are there at once, but where a test sends one that is late.
                body_timeout: Duration::ZERO,
                anonymous_rate_limit: 0,
                ..ApiSettings::with_rate_limit(0)
            },
        });
        let shop = Self {
            clock,
            vault,
            commands,
            projections,
            parts,
            router,
            token: Mutex::default(),
            counting,
            _files: files,
        };
        let mut store = json!({ "name": "Tea & Co", "app_id": "tea", "app_secret": SECRET });
        store.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        shop.post("/store", store).await.expect(201);
        shop.log_in().await;
        shop
    }

    /// A new token in place of the one in use.
    pub async fn log_in(&self) {
        let answer = self.post("/store/token", json!({ "app_id": "tea", "app_secret": SECRET })).await.expect(201);
        *self.token.lock() = answer.text("/token");
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, "", body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, "", body).await
    }

    /// Any request; an empty key is none, and so is a null as a body.
    pub async fn send(&self, method: &str, path: &str, key: &str, body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("Host", "shop").header("APP-ID", "tea");
        let token = self.token.lock().clone();
        request = request.header("ACCESS-TOKEN", token).header("Content-Type", "application/json");
        if !key.is_empty() {
            request = request.header("Idempotency-Key", key);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.answer(request.body(body).unwrap()).await
    }

    /// A request with more headers.
    pub async fn send_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let token = self.token.lock().clone();
        let request = Request::builder().method(method).uri(path).header("Host", "shop").header("APP-ID", "tea");
        let request = request.header("ACCESS-TOKEN", token).header("Content-Type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.answer(request.body(body).unwrap()).await
    }

    pub async fn store_id(&self) -> domain::StoreId {
        self.get("/store").await.text("/store/store_id").parse().unwrap()
    }

    /// A request with a body that comes as it likes.
    pub async fn send_body(&self, method: &str, path: &str, body: Body) -> Answer {
        let token = self.token.lock().clone();
        let request = Request::builder().method(method).uri(path).header("Host", "shop").header("APP-ID", "tea");
        let request = request.header("ACCESS-TOKEN", token).header("Content-Type", "application/json");
        self.answer(request.body(body).unwrap()).await
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    pub fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
    }

    pub async fn product(&self) -> String {
        let product = json!({ "title": "Tea", "product_type": "tea", "vendor": "Farm", "inventory": 50, "sale_price_in_cents": 100 });
        self.post("/product", product).await.expect(201).text("/product/product_id")
    }

    /// A customer who has not confirmed the email address.
    pub async fn unconfirmed(&self, email: &str) -> String {
        let customer = json!({
            "currency": "EUR", "email": email, "first_name": "Ada", "last_name": "Byron", "password": PASSWORD,
        });
        self.post("/customer", customer).await.expect(201).text("/customer/customer_id")
    }

    pub async fn customer(&self, email: &str) -> String {
        let customer = self.unconfirmed(email).await;
        let link = self.confirmation(&customer).await;
        self.put(&link, Value::Null).await.expect(200);
        customer
    }

    /// The path of a new confirmation link.
    pub async fn confirmation(&self, customer: &str) -> String {
        let sent = self.put(&format!("/customer/{customer}/send_confirmation"), Value::Null).await.expect(200);
        format!("/customer/confirm/{}", sent.text("/result"))
    }

    pub async fn add(&self, customer: &str, product: &str, quantity: u32) -> Answer {
        self.post(&format!("/customer/{customer}/cart/item/{product}"), json!({ "quantity": quantity })).await
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.counting.cancel();
        self.projections.interrupt();
    }
}

/// Counts the windows until told to stop.
fn count(
    files: &tempfile::TempDir,
    journal: &Journal,
    clock: &Arc<ManualClock>,
) -> (streaming::Windows, CancellationToken) {
    let store = Arc::new(SqliteWindows::open(&files.path().join("windows.sqlite")).unwrap());
    let now = Arc::clone(clock);
    let worker = Arc::new(Worker::new(journal.clone(), store, Arc::new(move || now.now())));
    let (windows, stop) = (worker.windows(), CancellationToken::new());
    let stopped = stop.clone();
    tokio::spawn(async move { worker.run(stopped, |_| {}).await });
    (windows, stop)
}
