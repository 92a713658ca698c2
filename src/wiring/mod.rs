//! The one place that knows which adapter runs behind each port.
//!
//! Without further settings all of them are embedded: SQLite files in the data directory. Each engine is a setting, and a feature of
//! the build (`engines`). Each thing is opened in one room, whoever asks for it: [`log`], [`vault`], [`views`], [`windows`],
//! [`snapshots`]; all of them together by [`Stores`]. What doesn't live here: when what runs (`serve`).

mod advice;
mod files;
pub mod identity;
mod leading;
pub mod log;
mod lookups;
mod mailer;
pub mod memory;
pub mod place;
pub mod sharing;
mod snapshots;
mod stores;
pub mod tree;
pub mod vault;
pub mod views;
pub mod windows;

pub use files::Files;
pub use leading::Leading;
pub use stores::{Purpose, Stores, open_log_alone};

use crate::config::Config;
use crate::data_dir::{DataDir, Lock};
use crate::engines::kafka::{self, Forwarder};
use crate::engines::postgres::{self, Databases};
use crate::engines::{SharedWork, eventstoredb, redis};
use ::vault::Vault;
use anyhow::{Context, Result};
use commands::snapshots::Snapshots;
use commands::{Commands, SystemClock};
use health::Outcomes;
use journal::{Journal, StoreHeads};
use lookups::ViewLookups;
use memory::Shares;
use projections::Views;
use std::sync::Arc;
use tree::TreeKeeper;
use views::{Report, ViewsKeeper};
use windows::WindowsCounter;

/// Everything, opened. Closing it frees the data directory.
pub struct Backend {
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
    pub tree: TreeKeeper,
    pub forwarder: Option<Forwarder>,
    pub data: DataDir,
    /// What of all that is in files.
    pub files: Files,
    /// No other process writes to the log.
    pub sole_writer: bool,
    databases: Databases,
    /// Last: the directory is free once all the rest is closed.
    pub lock: Arc<Lock>,
}

impl Backend {
    /// Who does this work, if one node does it for all.
    pub fn leading(&self, work: SharedWork) -> Leading {
        Leading::of(&self.databases, work)
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
    eventstoredb::check(config)?;
    redis::check(config)?;
    kafka::check(config)?;
    postgres::check(config)?;
    Ok(())
}

/// Opens everything that the configuration names, in the directory, which this process has locked, and elsewhere, and brings the
/// views to where the log is; `progress` is told how far that is. `public_url` is where clients reach this server. A server of
/// PostgreSQL that is away is waited for.
///
/// # Errors
/// A file or an engine can't be used: what the adapter says, and what it is about.
pub async fn open(config: &Config, data: DataDir, lock: Lock, public_url: String, progress: Report) -> Result<Backend> {
    // First: a setting that is wrong is said before anything is made.
    let mails = Arc::default();
    let mailer = mailer::open(config, &data, public_url, &mails)?;
    let stores = Stores::open(config, &data, Purpose::Serve).await?;
    stores.check(config).await?;
    let queries = stores.views.catch_up(&stores.journal, progress).await?;
    let heads = Arc::new(StoreHeads::begin(stores.journal.clone()).await.context("the event log")?);
    let lookups = Arc::new(ViewLookups::new(queries.clone(), Arc::clone(&heads), config.view_wait.0));
    let commands = Commands::new(commands::CommandDependencies {
        journal: stores.journal.clone(),
        vault: Arc::clone(&stores.vault),
        snapshots: Arc::clone(&stores.snapshots),
        progress: stores.progress,
        lookups,
        mailer,
        clock: Arc::new(SystemClock),
        settings: settings_of_commands(config, stores.sole_writer),
    });
    if stores.files.hold_commands_up() {
        commands.within(stores.files.space().clone());
    }
    Ok(Backend {
        forwarder: kafka::forwarder(config, &stores.journal)?,
        journal: stores.journal,
        heads,
        vault: stores.vault,
        vault_writes: Arc::default(),
        mails,
        commands,
        snapshots: stores.snapshots,
        queries,
        views: stores.views,
        windows: stores.windows,
        tree: stores.tree,
        data,
        files: stores.files,
        sole_writer: stores.sole_writer,
        databases: stores.databases,
        lock: Arc::new(lock),
    })
}

fn settings_of_commands(config: &Config, sole_writer: bool) -> commands::CommandSettings {
    commands::CommandSettings {
        cached_streams: config.cached_streams,
        memory: Shares::of(config.memory).of_commands(),
        queue_length: config.queue_length,
        snapshot_every: config.snapshot_every,
        sole_writer,
        wrong_tries: config.wrong_tries,
        ..commands::CommandSettings::default()
    }
}

/// Opens files off the async threads.
async fn blocking<T: Send + 'static>(open: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(open).await.context("opening the data directory broke off")?
}
