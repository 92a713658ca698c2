//! What the API is wired to, and its settings.

use crate::wire::limiter::Limiter;
use crate::wire::positions::Positions;
use async_trait::async_trait;
use commands::{Clock, Commands};
use futures::future::BoxFuture;
use journal::Journal;
use projections::Views;
use std::sync::Arc;
use std::time::Duration;
use streaming::Windows;

/// What the API is wired to.
#[derive(Clone)]
pub struct ApiParts {
    pub commands: Commands,
    pub views: Views,
    pub windows: Windows,
    /// For histories.
    pub journal: Journal,
    pub clock: Arc<dyn Clock>,
    pub readiness: Arc<dyn Ready>,
    /// Renders the process's metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> BoxFuture<'static, String> + Send + Sync>,
    pub settings: Settings,
}

/// Bounds, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Requests a second that each store may send; 0: no limit.
    pub rate_limit_per_second: u32,
    /// Requests that a store may send at once after a pause.
    pub rate_limit_burst: u32,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long a query may take. Commands have no such limit: they go on whatever becomes of the request.
    pub query_timeout: Duration,
    /// How long a query waits for its position, and a command's answer for its view.
    pub view_timeout: Duration,
    /// Whether answers are compressed for clients that ask for it.
    pub compression: bool,
}

impl Settings {
    /// The defaults with another rate limit, and a burst of twice as much.
    pub fn with_rate_limit(rate_limit_per_second: u32) -> Self {
        let rate_limit_burst = rate_limit_per_second.saturating_mul(2);
        Self { rate_limit_per_second, rate_limit_burst, ..Self::default() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate_limit_per_second: 1_000,
            rate_limit_burst: 2_000,
            body_timeout: Duration::from_secs(30),
            query_timeout: Duration::from_secs(10),
            view_timeout: Duration::from_secs(2),
            compression: true,
        }
    }
}

/// Something that the server needs and that is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    /// What it is, for people: `the event log`.
    pub name: String,
    /// What is the matter.
    pub reason: String,
    /// Whether commands or queries fail because of it; else they are only degraded.
    pub fatal: bool,
}

/// Says how the server is; `GET /readyz` asks.
#[async_trait]
pub trait Ready: Send + Sync + 'static {
    /// What is away or degraded now; nothing, when all is well.
    async fn away(&self) -> Vec<Away>;
}

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) parts: ApiParts,
    pub(crate) limiter: Option<Limiter>,
    pub(crate) positions: Positions,
}

impl Api {
    pub(crate) fn new(parts: ApiParts) -> Self {
        let Settings { rate_limit_per_second, rate_limit_burst, .. } = parts.settings;
        let limiter = Limiter::new(rate_limit_per_second, rate_limit_burst);
        Self(Arc::new(Shared { parts, limiter, positions: Positions::default() }))
    }

    pub(crate) fn commands(&self) -> &Commands {
        &self.parts.commands
    }
}

impl std::ops::Deref for Api {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
