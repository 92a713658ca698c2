//! The workers of a server, in the order in which they are started (ARCHITECTURE.md, 'Long-lived tasks').
//!
//! Whoever adds one adds an entry to [`all`], and a function that does its work. All of them are told to stop at once, when no
//! command is under way any more; the views, which keep themselves running, after the others (`Server::stop`).

use super::metrics::Metrics;
use super::reacting::Reacting;
use super::readiness::Readiness;
use super::worker::Worker;
use crate::clock::ClockWatch;
use crate::config::{Config, Role};
use crate::control;
use crate::engines::SharedWork;
use crate::engines::kafka::Forwarder;
use crate::operations::Operations;
use crate::progress::catching_up;
use crate::wiring::sharing::windows_are_shared;
use crate::wiring::tree::TreeKeeper;
use crate::wiring::windows::WindowsCounter;
use crate::wiring::{Backend, Leading, identity};
use anyhow::Result;
use eventlog::LogUnit;
use health::Outcomes;
use journal::{Journal, StoreHeads};
use std::sync::Arc;
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;
use vault::Vault;

const API: Option<Role> = Some(Role::Api);
const VIEWS: Option<Role> = Some(Role::Views);
const STREAM: Option<Role> = Some(Role::Stream);
const ANY: Option<Role> = None;

/// What workers serve, beside what is opened.
pub struct Services {
    pub socket: UnixListener,
    pub operations: Arc<Operations>,
    pub counting: Arc<Leading>,
    pub reacting: Reacting,
    pub metrics: Metrics,
    pub readiness: Arc<Readiness>,
}

/// All of them.
pub fn all(backend: &Backend, services: Services) -> impl Iterator<Item = Worker> {
    let Services { socket, operations, counting, reacting, metrics, readiness } = services;
    let (views, unit) = (backend.views.clone(), backend.journal.unit());
    let (windows, vault, journal) = (backend.windows.clone(), Arc::clone(&backend.vault), backend.journal.clone());
    let (heads, writes, clock) =
        (Arc::clone(&backend.heads), Arc::clone(&backend.vault_writes), readiness.clock().clone());
    let forwarding = |forwarder| Worker::kept("kafka", STREAM, (forwarder, unit), forward);
    let workers = [
        Some(Worker::kept("control socket", ANY, (Arc::new(socket), operations), answer_commands)),
        Some(Worker::by_itself("views", VIEWS, move || views.start())),
        Some(Worker::kept("windows", STREAM, (windows, counting, unit), count)),
        Some(Worker::kept("tree", VIEWS, (backend.tree.clone(), unit), grow)),
        backend.forwarder.clone().map(forwarding),
        Some(Worker::kept("store heads", API, heads, follow_heads)),
        Some(Worker::kept("reacting", API, reacting.clone(), Reacting::run).after(reacting.begin(backend.sole_writer))),
        Some(Worker::kept("vault binding", ANY, (vault, journal, writes), keep_vault_bound)),
        Some(Worker::kept("metrics", ANY, metrics, fold_metrics)),
        Some(Worker::kept("clock", ANY, clock.clone(), ClockWatch::run).after(look_at_clock(clock))),
        Some(Worker::kept("readiness", ANY, readiness, look_at_parts)),
    ];
    workers.into_iter().flatten()
}

/// What one of several nodes does for all, beside filling the views.
pub struct Leads {
    pub counting: Arc<Leading>,
    pub reacting: Arc<Leading>,
}

impl Leads {
    pub fn of(config: &Config, backend: &Backend) -> Self {
        let counting = backend.leading(SharedWork::Counting).unless(!windows_are_shared(config));
        Self { counting: Arc::new(counting), reacting: Arc::new(backend.leading(SharedWork::Reacting)) }
    }

    /// Those that this node may have.
    pub fn of_roles(&self, config: &Config) -> Vec<(&'static str, Arc<Leading>)> {
        let counting = config.role.has(Role::Stream).then(|| ("windows", Arc::clone(&self.counting)));
        let reacting = config.role.has(Role::Api).then(|| ("reactions", Arc::clone(&self.reacting)));
        counting.into_iter().chain(reacting).collect()
    }
}

async fn answer_commands(with: (Arc<UnixListener>, Arc<Operations>), stop: CancellationToken) -> Result<()> {
    let (socket, operations) = with;
    control::server::serve(socket, operations, stop).await
}

async fn count(with: (WindowsCounter, Arc<Leading>, LogUnit), stop: CancellationToken) -> Result<()> {
    let (windows, leading, unit) = with;
    leading.run(stop, |stop| windows.run(stop, catching_up("catching up metric windows", unit))).await
}

async fn grow(with: (TreeKeeper, LogUnit), stop: CancellationToken) -> Result<()> {
    let (tree, unit) = with;
    tree.run(stop, catching_up("building the log's tree", unit)).await
}

async fn forward(with: (Forwarder, LogUnit), stop: CancellationToken) -> Result<()> {
    let (forwarder, unit) = with;
    forwarder.run(stop, catching_up("forwarding to Kafka", unit)).await
}

async fn follow_heads(heads: Arc<StoreHeads>, stop: CancellationToken) -> Result<()> {
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        ended = heads.run() => match ended? {},
    }
}

async fn keep_vault_bound(with: (Arc<dyn Vault>, Journal, Arc<Outcomes>), stop: CancellationToken) -> Result<()> {
    let (vault, journal, writes) = with;
    identity::keep_bound(vault.as_ref(), &journal, &writes, stop).await
}

async fn fold_metrics(metrics: Metrics, stop: CancellationToken) -> Result<()> {
    metrics.upkeep(stop).await;
    Ok(())
}

/// Once before anybody is served.
async fn look_at_clock(clock: ClockWatch) -> Result<()> {
    if let Err(error) = clock.look().await {
        tracing::debug!(%error, "whether the clock can be right is not known");
    }
    Ok(())
}

async fn look_at_parts(readiness: Arc<Readiness>, stop: CancellationToken) -> Result<()> {
    readiness.run(stop).await
}
