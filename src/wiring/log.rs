//! Where the log is: in the data directory, or in EventStoreDB. The one room that opens it, whoever asks.

use super::blocking;
use super::memory::Shares;
use super::place::Location;
use crate::config::{Config, Durability};
use crate::data_dir::DataDir;
use crate::engines::eventstoredb;
use anyhow::Result;
use eventlog::{EventLog, LogUnit, SqliteLog, SqliteLogReader, SqliteOptions, Synchronous};
use sqlite::Settle;
use std::sync::Arc;

/// Connections of a reader.
const READERS: usize = 4;

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

/// Opens the log of a place: of a directory that this process has locked, or of an engine.
///
/// # Errors
/// As [`open`].
pub async fn open_at(config: &Config, place: &Location, synchronous: Synchronous) -> Result<Arc<dyn EventLog>> {
    match place {
        Location::Directory(directory) => {
            let options = SqliteOptions { synchronous, ..SqliteOptions::default() };
            Ok(in_directory(&DataDir::create(directory)?, options).await?)
        }
        Location::Engine(url) => eventstoredb::open(config, url),
    }
}

/// Opens the log that the configuration names to be read, whoever has it.
///
/// # Errors
/// As [`open`].
pub async fn open_to_read(config: &Config, data: &DataDir) -> Result<Arc<dyn EventLog>> {
    if let Some(log) = elsewhere(config)? {
        return Ok(log);
    }
    let file = data.log();
    let open = move || Ok(SqliteLogReader::open(&file, domain::FORMAT, READERS)?);
    Ok(Arc::new(blocking(open).await?))
}

/// The log, if it is not in the data directory.
///
/// # Errors
/// A URL that can't be read.
pub fn elsewhere(config: &Config) -> Result<Option<Arc<dyn EventLog>>> {
    eventstoredb::log(config)
}

/// What positions of the log count, wherever a server says how far it is: bytes where the log stands among others'.
pub fn unit(config: &Config) -> LogUnit {
    if config.log_url.is_some() { LogUnit::Bytes } else { LogUnit::Events }
}

/// The log of a directory that this process has locked; made if there is none.
async fn in_directory(data: &DataDir, options: SqliteOptions) -> Result<Arc<SqliteLog>> {
    super::files::check_room_to_open(data)?;
    let path = data.log();
    let options = SqliteOptions { format: domain::FORMAT, ..options };
    Ok(Arc::new(blocking(move || Ok(SqliteLog::open(&path, options)?)).await?))
}
