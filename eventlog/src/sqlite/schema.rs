//! The file: its tables, how it is kept, and which log it holds.

use super::errors::{IF_DAMAGED, log_error, open_error};
use super::options::SqliteOptions;
use crate::ids::new_id;
use crate::port::{LogError, LogId};
use rusqlite::{Connection, ErrorCode, params};
use sqlite::{
    Advice, Bounds, ConnectionMemory, Format, OpenError, Opened, OtherVersion, WhatIsFound, look, open, reopen,
};
use std::path::Path;
use uuid::Uuid;

/// The write-ahead log is to begin anew when it is so many times as long as what is copied in the background at once.
const BEGINS_ANEW_AFTER: i32 = 4;

/// Names of streams and types are written once and meant by number, which keeps the index on (stream, revision) small.
/// There is no index on event ids: it would cost a third of the throughput, and repeats are found by revision.
const TABLES: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        stream INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        id BLOB NOT NULL,
        type INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL, -- milliseconds since 1970
        data BLOB NOT NULL,
        metadata BLOB NOT NULL,
        UNIQUE (stream, revision)
    ) STRICT;
";

/// The version is the format of the events. The tables are the same in all formats so far.
pub(super) fn format(options: &SqliteOptions) -> Format {
    let pass = i32::try_from(options.checkpoint_pages).unwrap_or(i32::MAX).max(1);
    Format {
        what: "the event log",
        application_id: 0x636c_6f67, // `clog`
        version: i32::try_from(options.format).unwrap_or(i32::MAX),
        upgrades: &[],
        tables: create,
        // Raised with the first append, so that a look by a newer program changes nothing.
        other_version: OtherVersion::LeaveEarlier,
        synchronous: options.synchronous,
        // Appends build on it, and whoever tries one again is told whether it is there.
        found: WhatIsFound::IsAllThereIs,
        pragmas: "",
        bounds: Bounds { pass, begin_anew: pass.saturating_mul(BEGINS_ANEW_AFTER), ..Bounds::default() },
        writer: ConnectionMemory { cache_kib: 16_384, ..ConnectionMemory::SMALL },
        reader: ConnectionMemory::SMALL,
        readers: options.readers.max(1),
        advice: Advice {
            not_ours: "is not a log of cartlog; choose another data directory, or move it away and restore a backup",
            other_version: "start the version of cartlog that wrote it, or restore a backup",
            if_damaged: IF_DAMAGED,
            begun_anew: "",
        },
    }
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)?;
    let log_id = new_id();
    connection.execute("INSERT INTO meta (key, value) VALUES ('log_id', ?1)", params![log_id.as_bytes()]).map(drop)
}

/// Whether a log that isn't there is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfMissing {
    Create,
    Fail,
}

/// A file that was opened to write.
pub(super) struct OpenedLog {
    pub(super) connection: Connection,
    pub(super) log_id: LogId,
    /// The format that the file is of with the first append; `None`: it is already.
    pub(super) raises_to: Option<i64>,
}

/// Opens the file to write.
pub(super) fn open_to_write(
    path: &Path,
    options: &SqliteOptions,
    if_missing: IfMissing,
) -> Result<OpenedLog, LogError> {
    let format = format(options);
    let opened = match if_missing {
        IfMissing::Create => open(path, &format),
        IfMissing::Fail => reopen(path, &format),
    };
    let Opened { connection, found } = opened.map_err(|error| refused(error, path, &format))?;
    let log_id = log_id(&connection, path)?;
    let version = i64::from(format.version);
    let is_earlier = !found.is_new() && found.version < version;
    Ok(OpenedLog { connection, log_id, raises_to: is_earlier.then_some(version) })
}

/// Which log stands in the file, which is left as it is.
pub(super) fn look_at(path: &Path, options: &SqliteOptions) -> Result<LogId, LogError> {
    let format = format(options);
    let connection = look(path, &format).map_err(|error| refused(error, path, &format))?;
    log_id(&connection, path)
}

/// What is no database at all is rather somebody else's file than a log of which nothing is left.
fn refused(error: OpenError, path: &Path, format: &Format) -> LogError {
    match error {
        OpenError::Sqlite { error, .. } if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            open_error(format.not_ours(path))
        }
        error => open_error(error),
    }
}

/// Says in the file that it may hold events of the format, within the transaction that brings the first.
pub(super) fn raise_format(connection: &Connection, format: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", format)
}

fn log_id(connection: &Connection, path: &Path) -> Result<LogId, LogError> {
    let sql = "SELECT value FROM meta WHERE key = 'log_id'";
    let id = connection.query_row(sql, [], |row| row.get(0).map(Uuid::from_bytes));
    id.map(LogId).map_err(|error| log_error(format!("opening {}", path.display()), error))
}
