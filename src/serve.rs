//! `cartlog serve`: opens everything, starts what the roles ask for, serves, and ends gracefully.
//!
//! What doesn't live here: which adapter runs (`wiring`), connections (`http`), restarts of tasks (`supervise`). The guarantee:
//! what was answered is finished before the process ends; a second signal ends it at once, and then the next start does.

use crate::config::{Config, Role};
use crate::control;
use crate::data_dir::{DataDir, Traces};
use crate::operations::{Operations, Running};
use crate::progress::{Goal, Progress};
use crate::signals::Signals;
use crate::supervise::keep_running;
use crate::wiring::sharing::windows_are_shared;
use crate::wiring::windows::WindowsCounter;
use crate::wiring::{self, CurrentReactions, Leading, Metrics, Parts, Readiness, Work, identity};
use crate::{config, descriptors, http, logging, output, supervise, version};
use anyhow::{Context, Result, bail};
use axum::Router;
use commands::Reactions;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long commands and workers may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// How often the vault is swept.
const SWEPT_EVERY: Duration = Duration::from_secs(60 * 60);
/// Connections that are served while the server starts.
const FEW_CONNECTIONS: usize = 100;
/// How long a query may take once the views are where it needs them.
const QUERY_WITHIN: Duration = Duration::from_secs(8);
/// What a process killed by a signal answers, by convention.
const KILLED: i32 = 130;

/// Serves until a signal says stop.
pub async fn run(config: Config) -> Result<()> {
    let mut signals = Signals::listen()?;
    let drain = config.drain.0;
    let server = tokio::select! {
        started = Server::start(config) => started?,
        signal = signals.next() => {
            tracing::info!(signal, "stopped while starting");
            return Ok(());
        }
    };
    if let Err(error) = output::say(format!("listening on {}", server.url)) {
        // Who serves need not be heard.
        tracing::warn!(error = format!("{error:#}"), url = server.url, "where the server listens can't be said");
    }
    let outcome = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, "stopping; a second signal stops at once");
            Ok(())
        }
        death = supervise::death() => {
            tracing::error!(reason = death, "stopping: a task can't be helped");
            Err(supervise::Dead(death).into())
        }
    };
    tokio::select! {
        () = server.drain(drain) => outcome,
        signal = signals.next() => {
            tracing::warn!(signal, "stopped at once");
            logging::end();
            std::process::exit(KILLED);
        }
    }
}

/// Everything that a server is made of, before anything is done with it.
struct Opened {
    url: String,
    listener: Arc<TcpListener>,
    metrics: Metrics,
    waiting: Waiting,
    parts: Parts,
    socket: tokio::net::UnixListener,
}

/// A running server.
pub struct Server {
    pub url: String,
    parts: Parts,
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
        let mut traces = Traces::before(&config.data);
        match Self::open(&config, &mut traces).await {
            Ok(opened) => Self::work(config, opened).await,
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
        let waiting = Waiting::begin(&listener, config);
        let public_url = config.public_url.clone().unwrap_or_else(|| url.clone());
        let parts = wiring::open(
            config,
            data,
            lock,
            public_url,
            Box::new(shown("catching up views", wiring::log::unit(config))),
        )
        .await?;
        let socket = control::server::bind(&parts.data.control_socket())?;
        Ok(Opened { url, listener, metrics, waiting, parts, socket })
    }

    async fn work(config: Config, opened: Opened) -> Result<Self> {
        let Opened { url, listener, metrics, waiting, parts, socket } = opened;
        let connections = descriptors::for_connections(config.max_connections)?;
        let (tasks, accepting, working) = (TaskTracker::new(), CancellationToken::new(), CancellationToken::new());
        let reactions = CurrentReactions::default();
        let readiness = Arc::new(Readiness::new(&parts, &config, Arc::clone(&reactions)));
        let works = Works::of(&config, &parts);
        let operations = start_control(
            socket,
            &parts,
            Running {
                url: url.clone(),
                since: Instant::now(),
                reactions: Arc::clone(&reactions),
                works: works.led(&config),
                #[cfg(feature = "kafka")]
                topics: crate::kafka::Topics::of(&config),
                #[cfg(feature = "kafka")]
                forwarder: parts.forwarder.clone().filter(|_| config.role.has(Role::Stream)),
            },
            &tasks,
            &working,
        );
        start_workers(&config, &parts, works, &metrics, reactions, &tasks, &working).await?;
        watch(&readiness, &tasks, &working).await;
        let router = router(&config, &parts, &readiness, metrics, operations);
        waiting.end().await;
        let http = tokio::spawn(http::serve(listener, router, connections, accepting.clone()));
        let server = Self { url, parts, readiness, tasks, accepting, working, http };
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
        let (head, windows) = (self.parts.journal.head().await?, self.parts.windows.windows());
        tokio::select! {
            () = windows.wait_for(head) => Ok(()),
            trouble = end_of(&self.parts.windows) => {
                bail!("{trouble}")
            }
        }
    }

    /// Goes on for so long, and says that it is about to stop, so that whoever sends requests here sends them elsewhere. Then it
    /// stops.
    async fn drain(self, long: Duration) {
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
        within("commands", self.parts.commands.close()).await;
        self.working.cancel();
        self.tasks.close();
        within("workers", self.tasks.wait()).await;
        within("views", self.parts.views.stop()).await;
        within("vault", async {
            // It was said; the next start looks through more of the log.
            let _ = identity::bind_to_head(self.parts.vault.as_ref(), &self.parts.journal).await;
        })
        .await;
        // Last: nothing is written any more, and a copy of the files alone is a whole backup.
        within("files", self.parts.files.settle()).await;
        // It is only in the way of the next start, which removes it too.
        let _ = std::fs::remove_file(self.parts.data.control_socket());
        tracing::info!("stopped");
    }
}

async fn within(what: &str, ending: impl Future<Output = ()>) {
    if tokio::time::timeout(ENDS_WITHIN, ending).await.is_err() {
        tracing::warn!("some {what} did not end within {} s; the next start goes on with them", ENDS_WITHIN.as_secs());
    }
}

/// Answers that the server is starting, for as long as it is.
struct Waiting {
    serving: tokio::task::JoinHandle<()>,
    ready: CancellationToken,
}

impl Waiting {
    fn begin(listener: &Arc<TcpListener>, config: &Config) -> Self {
        let ready = CancellationToken::new();
        let answers = http::starting(&config.cors_origins.0);
        let serving = http::serve(Arc::clone(listener), answers, FEW_CONNECTIONS, ready.clone());
        Self { serving: tokio::spawn(serving), ready }
    }

    async fn end(self) {
        self.ready.cancel();
        // Its answers take no time.
        let _ = self.serving.await;
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

fn start_control(
    socket: tokio::net::UnixListener,
    parts: &Parts,
    running: Running,
    tasks: &TaskTracker,
    working: &CancellationToken,
) -> Arc<Operations> {
    let operations = Arc::new(parts.operations().running(running));
    let (socket, asked) = (Arc::new(socket), Arc::clone(&operations));
    keep_running("control socket", tasks, working, move |stop| {
        control::server::serve(Arc::clone(&socket), Arc::clone(&asked), stop)
    });
    operations
}

/// What one of several nodes does for all, beside filling the views.
struct Works {
    counting: Arc<Leading>,
    reacting: Arc<Leading>,
}

impl Works {
    fn of(config: &Config, parts: &Parts) -> Self {
        let counting = parts.leading(Work::Counting).unless(!windows_are_shared(config));
        Self { counting: Arc::new(counting), reacting: Arc::new(parts.leading(Work::Reacting)) }
    }

    /// Those that this node may do.
    fn led(&self, config: &Config) -> Vec<(&'static str, Arc<Leading>)> {
        let counting = config.role.has(Role::Stream).then(|| ("windows", Arc::clone(&self.counting)));
        let reacting = config.role.has(Role::Api).then(|| ("reactions", Arc::clone(&self.reacting)));
        counting.into_iter().chain(reacting).collect()
    }
}

async fn start_workers(
    config: &Config,
    parts: &Parts,
    works: Works,
    metrics: &Metrics,
    reactions: CurrentReactions,
    tasks: &TaskTracker,
    working: &CancellationToken,
) -> Result<()> {
    if config.role.has(Role::Views) {
        parts.views.start();
    }
    if config.role.has(Role::Stream) {
        start_streaming(parts, works.counting, tasks, working);
    }
    if config.role.has(Role::Api) {
        let heads = Arc::clone(&parts.heads);
        keep_running("store heads", tasks, working, move |stop| {
            let heads = Arc::clone(&heads);
            async move {
                tokio::select! {
                    () = stop.cancelled() => Ok(()),
                    ended = heads.run() => match ended? {},
                }
            }
        });
        start_reacting(parts, works.reacting, reactions, tasks, working).await?;
    }
    let (vault, journal, writes) = (Arc::clone(&parts.vault), parts.journal.clone(), Arc::clone(&parts.vault_writes));
    keep_running("vault binding", tasks, working, move |stop| {
        let (vault, journal, writes) = (Arc::clone(&vault), journal.clone(), Arc::clone(&writes));
        async move { identity::keep_bound(vault.as_ref(), &journal, &writes, stop).await }
    });
    let metrics = metrics.clone();
    keep_running("metrics", tasks, working, move |stop| {
        let metrics = metrics.clone();
        async move {
            metrics.upkeep(stop).await;
            Ok(())
        }
    });
    Ok(())
}

/// Watches the clock, and how all parts are; the clock is looked at once before anybody is served.
async fn watch(readiness: &Arc<Readiness>, tasks: &TaskTracker, working: &CancellationToken) {
    let clock = readiness.clock().clone();
    if let Err(error) = clock.look().await {
        tracing::debug!(%error, "whether the clock can be right is not known");
    }
    keep_running("clock", tasks, working, move |stop| clock.clone().run(stop));
    let readiness = Arc::clone(readiness);
    keep_running("readiness", tasks, working, move |stop| {
        let readiness = Arc::clone(&readiness);
        async move { readiness.run(stop).await }
    });
}

/// The metric windows, and the forwarder to Kafka.
fn start_streaming(parts: &Parts, leading: Arc<Leading>, tasks: &TaskTracker, working: &CancellationToken) {
    let windows = parts.windows.clone();
    let unit = parts.journal.unit();
    keep_running("windows", tasks, working, move |stop| {
        let (windows, leading) = (windows.clone(), Arc::clone(&leading));
        async move { leading.run(stop, |stop| windows.run(stop, shown("catching up metric windows", unit))).await }
    });
    #[cfg(feature = "kafka")]
    if let Some(forwarder) = parts.forwarder.clone() {
        keep_running("kafka", tasks, working, move |stop| {
            let (forwarder, mut progress) = (forwarder.clone(), shown("forwarding to Kafka", unit));
            async move { Ok(forwarder.run(stop, move |at| progress(at.done, at.total)).await?) }
        });
    }
}

/// What follows from commands, what falls due, and what the vault no longer needs.
async fn start_reacting(
    parts: &Parts,
    leading: Arc<Leading>,
    current: CurrentReactions,
    tasks: &TaskTracker,
    working: &CancellationToken,
) -> Result<()> {
    // Where nobody else writes, the first worker knows that nothing has been written since the log was opened; one that takes its
    // place finds commands under way.
    let first = match parts.sole_writer {
        true => Some(parts.commands.reactions(true).await.context("the reactions can't be started")?),
        false => None,
    };
    if let Some(first) = &first {
        *current.lock() = first.status();
    }
    let (commands, first) = (parts.commands.clone(), Arc::new(Mutex::new(first)));
    keep_running("reacting", tasks, working, move |stop| {
        let (leading, commands, current, first) =
            (Arc::clone(&leading), commands.clone(), Arc::clone(&current), Arc::clone(&first));
        async move {
            let work = |stop: CancellationToken| {
                let tasks = TaskTracker::new();
                react(&commands, &current, &first, &tasks, &stop);
                async move {
                    stop.cancelled().await;
                    tasks.close();
                    tasks.wait().await;
                    Ok(())
                }
            };
            leading.run(stop, work).await
        }
    });
    Ok(())
}

fn react(
    commands: &commands::Commands,
    current: &CurrentReactions,
    first: &Arc<Mutex<Option<Reactions>>>,
    tasks: &TaskTracker,
    working: &CancellationToken,
) {
    let (reacting, current, first) = (commands.clone(), Arc::clone(current), Arc::clone(first));
    keep_running("reactions", tasks, working, move |stop| {
        let (commands, current, first) = (reacting.clone(), Arc::clone(&current), first.lock().take());
        async move {
            let reactions: Reactions = match first {
                Some(first) => first,
                None => commands.reactions(false).await?,
            };
            *current.lock() = reactions.status();
            reactions.run(stop).await;
            Ok(())
        }
    });
    let expiring = commands.clone();
    keep_running("cart expiry", tasks, working, move |stop| {
        let expiry = expiring.cart_expiry();
        async move {
            expiry.run(stop).await;
            Ok(())
        }
    });
    let sweeping = commands.clone();
    keep_running("vault sweep", tasks, working, move |stop| sweep(sweeping.clone(), stop));
}

async fn sweep(commands: commands::Commands, stop: CancellationToken) -> Result<()> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(SWEPT_EVERY) => {}
        }
        match commands.sweep_vault().await {
            Ok(swept) => tracing::debug!(destroyed = swept.destroyed, "the vault was swept"),
            Err(error) => tracing::warn!(%error, "the vault can't be swept now; trying again in an hour"),
        }
    }
}

/// Shows how far catching up is, where it takes long enough.
fn shown(what: &'static str, unit: eventlog::LogUnit) -> impl FnMut(u64, u64) + Send {
    let (mut progress, mut goal) = (None, Goal::default());
    move |done, total| match goal.of(done, total) {
        Some(goal) => progress.get_or_insert_with(|| Progress::new(what, unit.as_str())).at(done, goal),
        None => progress = None,
    }
}

fn router(
    config: &Config,
    parts: &Parts,
    readiness: &Arc<Readiness>,
    metrics: Metrics,
    operations: Arc<Operations>,
) -> Router {
    let router = api::router(api::ApiParts {
        commands: parts.commands.clone(),
        views: parts.queries.clone(),
        windows: parts.windows.windows(),
        journal: parts.journal.clone(),
        clock: Arc::new(commands::SystemClock),
        readiness: Arc::clone(readiness) as Arc<dyn api::Ready>,
        metrics: {
            let readiness = Arc::clone(readiness);
            Arc::new(move || {
                let (metrics, operations, readiness) =
                    (metrics.clone(), Arc::clone(&operations), Arc::clone(&readiness));
                Box::pin(async move { metrics.render(&operations, &readiness).await })
            })
        },
        settings: api::Settings {
            anonymous_rate_limit: config.anonymous_rate_limit,
            body_budget: config.body_memory.bytes(),
            trusted_proxies: config.trust_proxy.0.clone(),
            cors_origins: config.cors_origins.0.clone(),
            view_timeout: config.view_wait.0,
            // A query that waits for its views as long as it may still has the time of one that need not.
            query_timeout: QUERY_WITHIN + config.view_wait.0,
            ..api::Settings::with_rate_limit(config.rate_limit)
        },
    });
    match config.role.has(Role::Api) {
        true => router,
        false => http::service_only(router),
    }
}

/// Starts a server of its own for as long as `work` goes on; its data is kept in `data`, or nowhere.
pub async fn with_own_server<T, Fut>(data: Option<PathBuf>, work: impl FnOnce(String) -> Fut) -> Result<T>
where
    Fut: Future<Output = Result<T>>,
{
    let mut signals = Signals::listen()?;
    let directory = match data {
        Some(kept) => Directory::Kept(kept),
        None => Directory::Temporary(std::env::temp_dir().join(format!("cartlog-demo-{:016x}", crate::random::seed()))),
    };
    let server = Server::start(config::of_own_server(directory.path())?).await?;
    let outcome = tokio::select! {
        outcome = work(server.url.clone()) => outcome,
        signal = signals.next() => Err(anyhow::anyhow!("stopped by {signal}")),
    };
    server.stop().await;
    outcome
}

/// Where a server of its own keeps its data.
enum Directory {
    Kept(PathBuf),
    Temporary(PathBuf),
}

impl Directory {
    fn path(&self) -> &Path {
        match self {
            Directory::Kept(path) | Directory::Temporary(path) => path,
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        match self {
            Directory::Kept(_) => {}
            // What can't be removed stays where the system clears up.
            Directory::Temporary(path) => drop(std::fs::remove_dir_all(path)),
        }
    }
}
