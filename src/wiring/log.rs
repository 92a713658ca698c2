//! Where the log is: in the data directory, or in EventStoreDB.

use super::blocking;
use super::memory::Shares;
use crate::config::{Config, Durability};
use crate::data_dir::DataDir;
use anyhow::Result;
use eventlog::{EventLog, LogUnit, SqliteLog, SqliteOptions, Synchronous};
use sqlite::Settle;
use std::sync::Arc;

/// A log, and whether no other process writes to it.
pub struct OpenLog {
    pub log: Arc<dyn EventLog>,
    pub sole_writer: bool,
    /// The file that it is in, if it is in one.
    pub file: Option<Arc<dyn Settle>>,
}

/// Opens the log that the configuration names. One that is away is opened all the same: it is waited for by whoever needs it.
///
/// # Errors
/// What the adapter says, of a file that can't be used or a URL that can't be read.
pub async fn open(config: &Config, data: &DataDir) -> Result<OpenLog> {
    if let Some(log) = elsewhere(config)? {
        return Ok(OpenLog { log, sole_writer: false, file: None });
    }
    let synchronous = match config.durability {
        Durability::Full => Synchronous::Full,
        Durability::Normal => Synchronous::Normal,
    };
    let shares = Shares::of(config.memory);
    let options = SqliteOptions {
        synchronous,
        recent_bytes: shares.log,
        queued_bytes: shares.appends,
        ..SqliteOptions::default()
    };
    // The directory is locked.
    let log = in_directory(data, options).await?;
    Ok(OpenLog { file: Some(Arc::clone(&log) as Arc<dyn Settle>), log, sole_writer: true })
}

/// What positions of the log count, wherever a server says how far it is: bytes where the log stands among others'.
pub fn unit(config: &Config) -> LogUnit {
    if config.log_url.is_some() { LogUnit::Bytes } else { LogUnit::Events }
}

/// Refuses a URL that can't be read.
#[cfg(feature = "eventstoredb")]
pub fn check(config: &Config) -> Result<()> {
    let Some(url) = &config.log_url else { return Ok(()) };
    Ok(eventlog::EventStoreDbLog::check(url.reveal())?)
}

/// There is no URL in this build.
#[cfg(not(feature = "eventstoredb"))]
pub fn check(_: &Config) -> Result<()> {
    Ok(())
}

/// The log, if it is not in the data directory.
///
/// # Errors
/// A URL that can't be read.
#[cfg(feature = "eventstoredb")]
pub fn elsewhere(config: &Config) -> Result<Option<Arc<dyn EventLog>>> {
    let Some(url) = &config.log_url else { return Ok(None) };
    Ok(Some(Arc::new(in_eventstoredb(config, url)?)))
}

/// There is no other place in this build.
#[cfg(not(feature = "eventstoredb"))]
pub fn elsewhere(_: &Config) -> Result<Option<Arc<dyn EventLog>>> {
    Ok(None)
}

/// The log of a directory that this process has locked; made if there is none.
pub async fn in_directory(data: &DataDir, options: SqliteOptions) -> Result<Arc<SqliteLog>> {
    super::files::check_room_to_open(data)?;
    let path = data.log();
    let options = SqliteOptions { format: domain::FORMAT, ..options };
    Ok(Arc::new(blocking(move || Ok(SqliteLog::open(&path, options)?)).await?))
}

/// The log in the server, with streams named as the configuration's namespace wants it.
#[cfg(feature = "eventstoredb")]
pub fn in_eventstoredb(config: &Config, url: &crate::config::Secret) -> Result<eventlog::EventStoreDbLog> {
    let prefixes = domain::Category::ALL.iter().map(|category| format!("{category}-"));
    let mut options = eventlog::EventStoreDbOptions::new(url.reveal(), prefixes);
    options.format = domain::FORMAT;
    options.recent_bytes = Shares::of(config.memory).log;
    if !config.namespace.is_default() {
        options.namespace = format!("{}.", config.namespace.as_str());
    }
    Ok(eventlog::EventStoreDbLog::open(options)?)
}
