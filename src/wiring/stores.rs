//! Everything that is kept somewhere, opened: by a server, or by a command for itself.

use super::log::{self, OpenLog};
use super::memory::Shares;
use super::tree::TreeKeeper;
use super::views::{self, ViewsKeeper};
use super::windows::WindowsCounter;
use super::{Files, identity, snapshots, vault};
use crate::config::Config;
use crate::data_dir::{DataDir, Lock, LockError};
use crate::engines::postgres::Databases;
use ::vault::Vault;
use anyhow::{Result, anyhow};
use commands::snapshots::Snapshots;
use eventlog::EventLog;
use journal::Journal;
use std::sync::Arc;

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

/// What is kept.
pub struct Stores {
    pub journal: Journal,
    pub vault: Arc<dyn Vault>,
    pub snapshots: Arc<dyn Snapshots>,
    /// How far work is that one of several nodes does for all.
    pub progress: Arc<dyn Snapshots>,
    pub views: ViewsKeeper,
    pub windows: WindowsCounter,
    pub tree: TreeKeeper,
    /// What of all that is in files.
    pub files: Files,
    /// No other process writes to the log.
    pub sole_writer: bool,
    pub databases: Databases,
}

impl Stores {
    /// Opens all of them where the configuration says, in the directory, which this process has locked, and elsewhere.
    ///
    /// # Errors
    /// A file or an engine can't be used: what the adapter says, and what it is about.
    pub async fn open(config: &Config, data: &DataDir, purpose: Purpose) -> Result<Self> {
        let mut files = Files::within(data, config.disk_reserve)?;
        identity::check_directory(config, data)?;
        let databases = Databases::open(config, purpose == Purpose::Serve).await?;
        let OpenLog { log, sole_writer, file } = log::open(config, data).await?;
        files.has_to_be_written(file);
        let vault = vault::open(config, data, &databases, &mut files).await?;
        let snapshots = snapshots::open(data, &mut files).await?;
        let progress = snapshots::open_progress(&snapshots, &databases).await?;
        let tree = TreeKeeper::open(config, data, &databases, &log, &mut files).await?;
        let journal = Journal::with_memory(log, vault::as_keys(&vault), Shares::of(config.memory).of_followers());
        if config.views_url.is_none() && purpose == Purpose::Serve {
            views::ahead::take(data, journal.log_id().await?).await?;
        }
        let views = views::open(config, data, &databases, &mut files).await?;
        let windows = WindowsCounter::open(config, data, &journal, &mut files).await?;
        Ok(Self { journal, vault, snapshots, progress, views, windows, tree, files, sole_writer, databases })
    }

    /// Opens those of a directory that no server has, for one command.
    ///
    /// # Errors
    /// Another process has it after all; a file or an engine can't be used.
    pub async fn open_alone(config: &Config, data: &DataDir, purpose: Purpose) -> Result<(Self, Lock)> {
        let lock = lock_alone(data)?;
        let stores = Self::open(config, data, purpose).await?;
        if purpose == Purpose::Fill {
            stores.check(config).await?;
        }
        Ok((stores, lock))
    }

    /// Holds all of them against the log.
    ///
    /// # Errors
    /// As [`identity::check`].
    pub async fn check(&self, config: &Config) -> Result<()> {
        identity::check(config, &self.journal, self.vault.as_ref(), self.views.store(), &self.windows).await
    }
}

/// Opens nothing but the log of a directory that no server has, for one command.
///
/// # Errors
/// As [`Stores::open_alone`].
pub async fn open_log_alone(config: &Config, data: &DataDir) -> Result<(Arc<dyn EventLog>, Lock)> {
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
