//! The one place that knows which adapter runs behind each port.
//!
//! Today all of them are embedded: SQLite files in the data directory. What doesn't live here: when what runs (`serve`).

mod lookups;
mod mailer;
mod metrics;
mod readiness;
pub mod views;
pub mod windows;

pub use metrics::Metrics;
pub use readiness::{CurrentReactions, Readiness};

use crate::config::{Config, Durability};
use crate::data_dir::{DataDir, Lock, LockError};
use crate::operations::Operations;
use anyhow::{Context, Result, anyhow};
use commands::snapshots::SqliteSnapshots;
use commands::vault::SqliteVault;
use commands::{Commands, SystemClock};
use eventlog::{SqliteLog, SqliteOptions, Synchronous};
use journal::Journal;
use lookups::ViewLookups;
use projections::Views;
use std::sync::Arc;
use views::ViewsFiller;
use windows::WindowsCounter;

/// Everything, opened. Closing it frees the data directory.
pub struct Parts {
    pub journal: Journal,
    pub vault: Arc<SqliteVault>,
    pub commands: Commands,
    pub queries: Views,
    pub views: ViewsFiller,
    pub windows: WindowsCounter,
    pub data: DataDir,
    /// Last: the directory is free once all the rest is closed.
    lock: Arc<Lock>,
}

impl Parts {
    /// What other commands can ask for.
    pub fn operations(&self) -> Operations {
        Operations::new(
            self.journal.clone(),
            self.views.clone(),
            self.windows.clone(),
            self.data.clone(),
            Arc::clone(&self.lock),
        )
    }
}

/// Opens everything in the directory, which this process has locked, and brings the views to where the log is; `progress` is told
/// how far that is. `public_url` is where clients reach this server.
///
/// # Errors
/// A file can't be used: what the adapter says, and which file it is about.
pub async fn open(
    config: &Config,
    data: DataDir,
    lock: Lock,
    public_url: String,
    progress: impl FnMut(u64, u64) + Send + 'static,
) -> Result<Parts> {
    // First: a setting that is wrong is said before anything is made.
    let mailer = mailer::open(config, &data, public_url)?;
    let Stored { journal, vault, snapshots, mut views, windows } = open_stores(config, &data).await?;
    let queries = views.catch_up(&journal, progress).await?;
    let commands = Commands::new(commands::Parts {
        journal: journal.clone(),
        vault: Arc::clone(&vault) as Arc<dyn commands::vault::Vault>,
        snapshots: Arc::new(snapshots),
        lookups: Arc::new(ViewLookups::new(queries.clone())),
        mailer,
        clock: Arc::new(SystemClock),
        settings: commands::Settings {
            cached_streams: config.cached_streams,
            queue_length: config.queue_length,
            snapshot_every: config.snapshot_every,
            // The directory is locked.
            sole_writer: true,
        },
    });
    Ok(Parts { journal, vault, commands, queries, views, windows, data, lock: Arc::new(lock) })
}

/// Opens a directory that no server has, for one command.
///
/// # Errors
/// Another process has it after all; a file can't be used.
pub async fn open_alone(config: &Config, data: DataDir) -> Result<Operations> {
    let lock = data.lock().map_err(|error| match error {
        LockError::Held { pid: Some(pid), .. } => anyhow!(
            "process {pid} has the data directory {} and does not answer yet; try again in a moment, or stop it",
            data.root().display()
        ),
        LockError::Held { pid: None, .. } | LockError::Failed { .. } => error.into(),
    })?;
    let Stored { journal, views, windows, .. } = open_stores(config, &data).await?;
    Ok(Operations::new(journal, views, windows, data, Arc::new(lock)))
}

struct Stored {
    journal: Journal,
    vault: Arc<SqliteVault>,
    snapshots: SqliteSnapshots,
    views: ViewsFiller,
    windows: WindowsCounter,
}

async fn open_stores(config: &Config, data: &DataDir) -> Result<Stored> {
    let options = SqliteOptions {
        synchronous: match config.durability {
            Durability::Full => Synchronous::Full,
            Durability::Normal => Synchronous::Normal,
        },
        ..SqliteOptions::default()
    };
    let files = data.clone();
    let (log, vault, snapshots) = blocking(move || {
        let log = SqliteLog::open(&files.log(), options)?;
        let vault = SqliteVault::open(&files.vault())?;
        let snapshots = SqliteSnapshots::open(&files.commands()).map_err(|reason| anyhow!(reason))?;
        Ok((log, vault, snapshots))
    })
    .await?;
    let vault = Arc::new(vault);
    let journal = Journal::new(Arc::new(log), Arc::clone(&vault) as Arc<dyn journal::Keys>);
    let views = ViewsFiller::open(&data.views()).await?;
    let windows = WindowsCounter::open(&data.windows(), &journal).await?;
    Ok(Stored { journal, vault, snapshots, views, windows })
}

/// Opens files off the async threads.
async fn blocking<T: Send + 'static>(open: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(open).await.context("opening the data directory broke off")?
}
