//! What the API is wired to, and its settings.

use crate::readiness::Ready;
use crate::wire::access::AccessTable;
use crate::wire::budget::Budget;
use crate::wire::limiter::Limiter;
use crate::wire::strangers::Strangers;
use commands::{Clock, Commands};
use futures::future::BoxFuture;
use http::{HeaderValue, Method};
use ipnet::IpNet;
use journal::{Journal, LogIndex, Positions};
use projections::Views;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use streaming::Windows;
use tokio::sync::Semaphore;

/// Queries about the past that are answered at the same time: each folds rows anew.
const LOOKING_BACK: usize = 4;

/// What the API is wired to.
#[derive(Clone)]
pub struct ApiParts {
    pub commands: Commands,
    pub views: Views,
    pub windows: Windows,
    /// For histories.
    pub journal: Journal,
    pub clock: Arc<dyn Clock>,
    /// For queries about the past, and what is found in it.
    pub index: Arc<dyn LogIndex>,
    pub readiness: Arc<dyn Ready>,
    /// Renders the process's metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> BoxFuture<'static, String> + Send + Sync>,
    pub settings: ApiSettings,
}

/// Bounds, all configurable.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Requests a second that each store may send; 0: no limit.
    pub rate_limit_per_second: u32,
    /// Requests that a store may send at once after a pause.
    pub rate_limit_burst: u32,
    /// Requests a second that each address may send without a valid token, with a burst of twice as many; 0: no limit.
    pub anonymous_rate_limit: u32,
    /// Bytes of requests' bodies that are in memory at one time, of all requests together.
    pub body_budget: usize,
    /// Whose `X-Forwarded-For` says where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
    /// Whose pages may call the API from browsers; `*`: everybody's. None: no page of another origin.
    pub cors_origins: Vec<HeaderValue>,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long a query may take. Commands have no such limit: they go on whatever becomes of the request.
    pub query_timeout: Duration,
    /// How long a query waits for its position, and a command's answer for its view.
    pub view_timeout: Duration,
    /// Whether answers are compressed for clients that ask for it.
    pub compression: bool,
    /// Whether anybody may create a store; if not, operators may.
    pub open_sign_up: bool,
}

impl ApiSettings {
    /// The defaults with another rate limit, and a burst of twice as much.
    pub fn with_rate_limit(rate_limit_per_second: u32) -> Self {
        let rate_limit_burst = rate_limit_per_second.saturating_mul(2);
        Self { rate_limit_per_second, rate_limit_burst, ..Self::default() }
    }
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            rate_limit_per_second: 1_000,
            rate_limit_burst: 2_000,
            anonymous_rate_limit: 50,
            body_budget: 64 * 1024 * 1024,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            body_timeout: Duration::from_secs(30),
            query_timeout: Duration::from_secs(10),
            view_timeout: Duration::from_secs(2),
            compression: true,
            open_sign_up: true,
        }
    }
}

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api(Arc<ApiState>);

pub(crate) struct ApiState {
    pub(crate) parts: ApiParts,
    pub(crate) limiter: Option<Limiter>,
    pub(crate) strangers: Strangers,
    pub(crate) budget: Budget,
    /// The highest log position that this node has answered to each store: its queries wait for it, so that a client always sees
    /// what it has done (api.md §1, Reading your own writes).
    pub(crate) positions: Positions,
    /// Whose turn it is to look into the past.
    pub(crate) looking_back: Arc<Semaphore>,
    /// The methods of each path that read a body.
    pub(crate) bodies: HashMap<String, Vec<Method>>,
    /// What tokens of each role may ask for.
    pub(crate) access: AccessTable,
    /// The OpenAPI document as it is served: what the routes say of themselves, which they are served by themselves.
    pub(crate) document: fn() -> &'static [u8],
}

impl Api {
    pub(crate) fn new(
        parts: ApiParts,
        bodies: HashMap<String, Vec<Method>>,
        access: AccessTable,
        document: fn() -> &'static [u8],
    ) -> Self {
        let settings = &parts.settings;
        Self(Arc::new(ApiState {
            limiter: Limiter::new(settings.rate_limit_per_second, settings.rate_limit_burst),
            strangers: Strangers::new(settings.anonymous_rate_limit),
            budget: Budget::new(settings.body_budget),
            positions: Positions::default(),
            looking_back: Arc::new(Semaphore::new(LOOKING_BACK)),
            bodies,
            access,
            document,
            parts,
        }))
    }

    /// Whether the route reads a body.
    pub(crate) fn reads_body(&self, method: &Method, route: &str) -> bool {
        self.bodies.get(route).is_some_and(|methods| methods.contains(method))
    }

    pub(crate) fn commands(&self) -> &Commands {
        &self.parts.commands
    }
}

impl std::ops::Deref for Api {
    type Target = ApiState;
    fn deref(&self) -> &ApiState {
        &self.0
    }
}
