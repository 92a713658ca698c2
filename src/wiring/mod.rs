//! The one place that knows which adapter runs behind each port.
//!
//! Without further settings all of them are embedded: SQLite files in the data directory. Each engine is a setting, and a feature of
//! the build. What doesn't live here: when what runs (`serve`).

mod advice;
#[cfg(feature = "postgres")]
mod databases;
mod files;
#[cfg(feature = "kafka")]
pub mod forwarding;
pub mod identity;
mod leading;
pub mod log;
mod lookups;
mod mailer;
mod memory;
mod metrics;
pub mod places;
mod readiness;
pub mod sharing;
pub mod views;
pub mod windows;

pub use files::Files;
pub use leading::{Leading, Work};
pub use metrics::Metrics;
pub use readiness::{CurrentReactions, Readiness};

use crate::audit::Witnesses;
use crate::config::{Config, Role};
use crate::data_dir::{DataDir, Lock, LockError};
use crate::operations::Operations;
use anyhow::{Context, Result, anyhow};
use commands::snapshots::{Snapshots, SqliteSnapshots};
use commands::{Commands, SystemClock};
#[cfg(feature = "postgres")]
use databases::Databases;
use health::Outcomes;
use journal::{Journal, StoreHeads};
use log::OpenLog;
use lookups::ViewLookups;
use memory::Shares;
use projections::Views;
use std::sync::Arc;
use std::time::Duration;
use vault::{SqliteVault, Vault};
use views::{Report, ViewsKeeper};
use windows::WindowsCounter;

/// How long a start waits for views of which there is none yet, before what needs none is served: most stores are filled by then.
const FILLS_FIRST_FOR: Duration = Duration::from_secs(5);

/// Everything, opened. Closing it frees the data directory.
pub struct Parts {
    pub journal: Journal,
    /// How far each store is, for commands.
    pub heads: Arc<StoreHeads>,
    pub vault: Arc<dyn Vault>,
    /// What came of the last write to the vault, and of the last mail that left the machine.
    pub vault_writes: Arc<Outcomes>,
    pub mails: Arc<Outcomes>,
    pub commands: Commands,
    pub snapshots: Arc<dyn Snapshots>,
    pub queries: Views,
    pub views: ViewsKeeper,
    pub windows: WindowsCounter,
    #[cfg(feature = "kafka")]
    pub forwarder: Option<streaming::Forwarder>,
    pub data: DataDir,
    /// What of all that is in files.
    pub files: Files,
    /// No other process writes to the log.
    pub sole_writer: bool,
    databases: Databases,
    /// Last: the directory is free once all the rest is closed.
    lock: Arc<Lock>,
}

/// There is none in this build: all is in the data directory.
#[cfg(not(feature = "postgres"))]
#[derive(Clone, Default)]
struct Databases;

impl Parts {
    /// Who does this work, if one node does it for all.
    pub fn leading(&self, work: Work) -> Leading {
        Leading::of(&self.databases, work)
    }

    /// What other commands can ask for.
    pub fn operations(&self) -> Operations {
        let witnesses = Witnesses {
            journal: self.journal.clone(),
            views: self.views.clone(),
            windows: self.windows.clone(),
            snapshots: Arc::clone(&self.snapshots),
        };
        Operations::new(witnesses, self.data.clone(), Arc::clone(&self.lock))
    }
}

/// Refuses settings that nothing can be opened by, before anything is made or reached.
///
/// # Errors
/// What is wrong with a setting, and what to write instead.
pub fn check(config: &Config) -> Result<()> {
    sharing::check(config)?;
    mailer::check(config)?;
    crate::http::check(&config.listen)?;
    log::check(config)?;
    windows::check(config)?;
    #[cfg(feature = "kafka")]
    forwarding::check(config)?;
    #[cfg(feature = "postgres")]
    databases::check(config)?;
    Ok(())
}

/// Opens everything that the configuration names, in the directory, which this process has locked, and elsewhere, and brings the
/// views to where the log is; `progress` is told how far that is. `public_url` is where clients reach this server. A server of
/// PostgreSQL that is away is waited for.
///
/// # Errors
/// A file or an engine can't be used: what the adapter says, and what it is about.
pub async fn open(config: &Config, data: DataDir, lock: Lock, public_url: String, progress: Report) -> Result<Parts> {
    // First: a setting that is wrong is said before anything is made.
    let mails = Arc::default();
    let mailer = mailer::open(config, &data, public_url, &mails)?;
    let stored = open_stores(config, &data, Purpose::Serve).await?;
    identity::check(config, &stored).await?;
    let Stored { journal, vault, snapshots, progress: work, views, windows, files, sole_writer, databases } = stored;
    let queries = views.catch_up(&journal, progress).await?;
    let heads = Arc::new(StoreHeads::begin(journal.clone()).await.context("the event log")?);
    let commands = Commands::new(commands::Parts {
        journal: journal.clone(),
        vault: Arc::clone(&vault),
        snapshots: Arc::clone(&snapshots),
        progress: work,
        lookups: Arc::new(ViewLookups::new(queries.clone(), Arc::clone(&heads), config.view_wait.0)),
        mailer,
        clock: Arc::new(SystemClock),
        settings: commands::Settings {
            cached_streams: config.cached_streams,
            memory: Shares::of(config.memory).of_commands(),
            queue_length: config.queue_length,
            snapshot_every: config.snapshot_every,
            sole_writer,
            wrong_tries: config.wrong_tries,
            ..commands::Settings::default()
        },
    });
    if files.hold_commands_up() {
        commands.within(files.space().clone());
    }
    Ok(Parts {
        #[cfg(feature = "kafka")]
        forwarder: forwarding::of(config, &journal)?,
        journal,
        heads,
        vault,
        vault_writes: Arc::default(),
        mails,
        commands,
        snapshots,
        queries,
        views,
        windows,
        data,
        files,
        sole_writer,
        databases,
        lock: Arc::new(lock),
    })
}

/// What is done with what is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It serves: an engine that is away is waited for, and what was filled ahead is taken.
    Serve,
    /// It only looks, at whatever there is: also where a vault or views are not the log's.
    Look,
    /// It fills or counts anew, from what must belong together.
    Fill,
}

/// Opens a directory that no server has, for one command.
///
/// # Errors
/// Another process has it after all; a file or an engine can't be used.
pub async fn open_alone(config: &Config, data: DataDir, purpose: Purpose) -> Result<Operations> {
    let lock = lock_alone(&data)?;
    let stored = open_stores(config, &data, purpose).await?;
    if purpose == Purpose::Fill {
        identity::check(config, &stored).await?;
    }
    let Stored { journal, views, windows, snapshots, .. } = stored;
    Ok(Operations::new(Witnesses { journal, views, windows, snapshots }, data, Arc::new(lock)))
}

/// Opens nothing but the log of a directory that no server has, for one command.
///
/// # Errors
/// As [`open_alone`].
#[cfg(feature = "kafka")]
pub async fn open_log_alone(config: &Config, data: &DataDir) -> Result<(Arc<dyn eventlog::EventLog>, Lock)> {
    let lock = lock_alone(data)?;
    let OpenLog { log, .. } = log::open(config, data).await?;
    Ok((log, lock))
}

fn lock_alone(data: &DataDir) -> Result<Lock> {
    data.lock().map_err(|error| match error {
        LockError::Held { pid: Some(pid), .. } => anyhow!(
            "process {pid} has the data directory {} and does not answer yet; try again in a moment, or stop it",
            data.root().display()
        ),
        LockError::Held { pid: None, .. } | LockError::Failed { .. } => error.into(),
    })
}

struct Stored {
    journal: Journal,
    vault: Arc<dyn Vault>,
    snapshots: Arc<dyn Snapshots>,
    progress: Arc<dyn Snapshots>,
    views: ViewsKeeper,
    windows: WindowsCounter,
    files: Files,
    sole_writer: bool,
    databases: Databases,
}

async fn open_stores(config: &Config, data: &DataDir, purpose: Purpose) -> Result<Stored> {
    let mut files = Files::within(data, config.disk_reserve)?;
    identity::check_directory(config, data)?;
    let databases = open_databases(config, purpose == Purpose::Serve).await?;
    let shares = Shares::of(config.memory);
    let OpenLog { log, sole_writer, file } = log::open(config, data).await?;
    files.has_to_be_written(file);
    let vault = open_vault(data, &databases, shares, &mut files).await?;
    let file = data.commands();
    let snapshots = blocking(move || SqliteSnapshots::open(&file).map_err(|reason| anyhow!(reason))).await?;
    let snapshots = Arc::new(snapshots);
    files.has(&snapshots);
    let snapshots: Arc<dyn Snapshots> = snapshots;
    let progress = open_progress(&snapshots, &databases).await?;
    let journal = Journal::with_memory(log, vault_as_keys(&vault), shares.of_followers());
    if config.views_url.is_none() && purpose == Purpose::Serve {
        views::ahead::take(data, journal.log_id().await?).await?;
    }
    let views = open_views(config, data, &databases, shares, &mut files).await?;
    let windows = WindowsCounter::open(config, data, &journal, &mut files).await?;
    Ok(Stored { journal, vault, snapshots, progress, views, windows, files, sole_writer, databases })
}

/// Where the lead is agreed upon, whoever takes it over finds how far the work is.
async fn open_progress(of_node: &Arc<dyn Snapshots>, databases: &Databases) -> Result<Arc<dyn Snapshots>> {
    #[cfg(feature = "postgres")]
    if let Some(database) = databases.agreed() {
        let shared = commands::snapshots::PostgresSnapshots::open(database).await;
        let shared = shared.context("PostgreSQL, where nodes share how far their work is")?;
        return Ok(Arc::new(shared));
    }
    let _ = databases;
    Ok(Arc::clone(of_node))
}

fn vault_as_keys(vault: &Arc<dyn Vault>) -> Arc<dyn journal::Keys> {
    Arc::clone(vault) as Arc<dyn journal::Keys>
}

#[cfg(feature = "postgres")]
async fn open_databases(config: &Config, patiently: bool) -> Result<Databases> {
    Databases::open(config, patiently).await
}

#[cfg(not(feature = "postgres"))]
async fn open_databases(_: &Config, _: bool) -> Result<Databases> {
    Ok(Databases)
}

async fn open_vault(
    data: &DataDir,
    databases: &Databases,
    shares: Shares,
    files: &mut Files,
) -> Result<Arc<dyn Vault>> {
    #[cfg(feature = "postgres")]
    if let Some(database) = &databases.vault {
        let vault = vault::PostgresVault::open(database).await.context("PostgreSQL (vault_url)")?;
        return Ok(Arc::new(vault));
    }
    // PostgreSQL is the only other place for it.
    let _ = databases;
    let file = data.vault();
    // Commands take the other half.
    let open = move || Ok(SqliteVault::open_with(&file, shares.known / 2)?);
    let vault = Arc::new(blocking(open).await?);
    files.has_to_be_written(Some(Arc::clone(&vault) as Arc<dyn sqlite::Settle>));
    Ok(vault)
}

async fn open_views(
    config: &Config,
    data: &DataDir,
    databases: &Databases,
    shares: Shares,
    files: &mut Files,
) -> Result<ViewsKeeper> {
    let settings = projections::Settings {
        fill_beside: true,
        fills_first_for: FILLS_FIRST_FOR,
        accept_log: config.accept_log,
        ..shares.of_views()
    };
    #[cfg(feature = "postgres")]
    if let Some(database) = &databases.views {
        let shared = views::Shared::open(databases, database, config.role.has(Role::Views), settings).await?;
        return Ok(ViewsKeeper::new(shared));
    }
    let _ = (config.role.has(Role::Views), databases);
    let views = views::Embedded::open(&data.views(), settings, files.space().clone()).await?;
    files.has(&views.file());
    Ok(ViewsKeeper::new(views))
}

/// Opens files off the async threads.
async fn blocking<T: Send + 'static>(open: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(open).await.context("opening the data directory broke off")?
}
