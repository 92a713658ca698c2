//! A running server: how it is started, and how it ends.
//!
//! The order matters, so that what was answered is safe and a start that fails leaves nothing behind: each step says why it stands
//! where it stands.

use super::metrics::Metrics;
use super::reacting::Reacting;
use super::readiness::Readiness;
use super::router::router;
use super::starting::Starting;
use super::worker;
use super::workers::{self, Leads, Services};
use crate::config::{Config, Role};
use crate::data_dir::{DataDir, Traces};
use crate::kafka::topics::Topics;
use crate::operations::{CurrentReactions, Operations, Running};
use crate::progress::catching_up;
use crate::wiring::sharing::windows_are_shared;
use crate::wiring::windows::WindowsCounter;
use crate::wiring::{self, Backend, identity};
use crate::{control, descriptors, http, version};
use anyhow::{Result, bail};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long commands and workers may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Everything that a server is made of, before anything is done with it.
struct Opened {
    url: String,
    listener: Arc<TcpListener>,
    metrics: Metrics,
    starting: Starting,
    backend: Backend,
    socket: tokio::net::UnixListener,
}

/// A running server.
pub struct Server {
    pub url: String,
    backend: Backend,
    readiness: Arc<Readiness>,
    tasks: TaskTracker,
    /// Connections are taken.
    accepting: CancellationToken,
    /// Workers work.
    working: CancellationToken,
    http: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Starts, and comes back once commands and queries can be served. Where it fails before it keeps anything, it leaves nothing
    /// behind.
    pub async fn start(config: Config) -> Result<Self> {
        wiring::check(&config)?;
        descriptors::raise();
        // Before anything is opened, which might fail for the same reason and say less.
        let connections = descriptors::for_connections(config.max_connections)?;
        let mut traces = Traces::before(&config.data);
        match Self::open(&config, &mut traces).await {
            Ok(opened) => Self::work(config, opened, connections).await,
            Err(error) => {
                traces.remove();
                Err(error)
            }
        }
    }

    /// Opens everything, and does nothing with it yet.
    async fn open(config: &Config, traces: &mut Traces) -> Result<Opened> {
        let data = DataDir::create(&config.data)?;
        if data.open_to_others() {
            let (directory, fix) = (data.root().display(), format!("chmod 700 {}", data.root().display()));
            tracing::warn!(%directory, fix, "other users of this machine can look into the data directory");
        }
        let lock = data.lock()?;
        traces.locked(&data, &lock);
        let listener = Arc::new(http::bind(&config.listen).await?);
        let url = format!("http://{}", http::address(&listener)?);
        let metrics = Metrics::start(&data, config.disk_reserve)?;
        let starting = Starting::begin(&listener, config);
        let public_url = config.public_url.clone().unwrap_or_else(|| url.clone());
        let progress = Box::new(catching_up("catching up views", wiring::log::unit(config)));
        let backend = wiring::open(config, data, lock, public_url, progress).await?;
        let socket = control::server::bind(&backend.data.control_socket())?;
        Ok(Opened { url, listener, metrics, starting, backend, socket })
    }

    /// Starts all that works, and then takes requests.
    async fn work(config: Config, opened: Opened, connections: usize) -> Result<Self> {
        let Opened { url, listener, metrics, starting, backend, socket } = opened;
        let (tasks, accepting, working) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
        let reactions = CurrentReactions::none();
        let readiness = Arc::new(Readiness::new(&backend, &config, reactions.clone()));
        let leads = Leads::of(&config, &backend);
        let running = running(&config, &url, &backend, &leads, reactions.clone());
        let operations = Arc::new(Operations::of_server(&backend, running));
        let workers = workers::all(
            &backend,
            Services {
                socket,
                operations: Arc::clone(&operations),
                counting: leads.counting,
                reacting: Reacting::new(backend.commands.clone(), leads.reacting, reactions),
                metrics: metrics.clone(),
                readiness: Arc::clone(&readiness),
            },
        );
        worker::start(workers, &config.role, &tasks, &working).await?;
        let router = router(&config, &backend, &readiness, metrics, operations);
        starting.end().await;
        let http = tokio::spawn(http::serve(listener, router, connections, accepting.clone()));
        let server = Self { url, backend, readiness, tasks, accepting, working, http };
        server.catch_up(&config).await?;
        server.readiness.caught_up();
        let (version, commit, roles) = (version::VERSION, version::COMMIT, &config.role);
        tracing::info!(url = server.url, version, commit, %roles, directory = %config.data.display(), "serving");
        Ok(server)
    }

    /// Waits until the windows are where the log was when the server started; the views are already.
    async fn catch_up(&self, config: &Config) -> Result<()> {
        // What several nodes share is there already, or is counted by another one.
        if !config.role.has(Role::Stream) || windows_are_shared(config) {
            return Ok(());
        }
        let (head, windows) = (self.backend.journal.head().await?, self.backend.windows.windows());
        tokio::select! {
            () = windows.wait_for(head) => Ok(()),
            trouble = end_of(&self.backend.windows) => {
                bail!("{trouble}")
            }
        }
    }

    /// Goes on for so long, and says that it is about to stop, so that whoever sends requests here sends them elsewhere. Then it
    /// stops.
    pub async fn drain(self, long: Duration) {
        self.readiness.stopping();
        tokio::time::sleep(long).await;
        self.stop().await;
    }

    /// Takes no more, finishes what runs, and closes everything.
    pub async fn stop(self) {
        self.readiness.stopping();
        self.accepting.cancel();
        // It ends by itself, within its own time.
        let _ = self.http.await;
        within("commands", self.backend.commands.close()).await;
        self.working.cancel();
        self.tasks.close();
        within("workers", self.tasks.wait()).await;
        within("views", self.backend.views.stop()).await;
        within("vault", async {
            // It was said; the next start looks through more of the log.
            let _ = identity::bind_to_head(self.backend.vault.as_ref(), &self.backend.journal).await;
        })
        .await;
        // Last: nothing is written any more, and a copy of the files alone is a whole backup.
        within("files", self.backend.files.settle()).await;
        // It is only in the way of the next start, which removes it too.
        let _ = std::fs::remove_file(self.backend.data.control_socket());
        tracing::info!("stopped");
    }
}

/// What other commands are told of this server.
fn running(config: &Config, url: &str, backend: &Backend, leads: &Leads, reactions: CurrentReactions) -> Running {
    Running {
        url: url.to_owned(),
        since: Instant::now(),
        reactions,
        works: leads.of_roles(config),
        topics: Topics::of(config),
        forwarder: backend.forwarder.clone().filter(|_| config.role.has(Role::Stream)),
    }
}

async fn within(what: &str, ending: impl Future<Output = ()>) {
    if tokio::time::timeout(ENDS_WITHIN, ending).await.is_err() {
        tracing::warn!("some {what} did not end within {} s; the next start goes on with them", ENDS_WITHIN.as_secs());
    }
}

/// Waits until the windows can't be counted any more.
async fn end_of(windows: &WindowsCounter) -> String {
    loop {
        if let Some(reason) = windows.stopped() {
            return reason;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
