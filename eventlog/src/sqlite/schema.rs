//! The file: its tables, its settings, and whether it is ours to open.

use super::errors::log_error;
use super::options::{SqliteOptions, Synchronous};
use crate::port::{LogError, LogId};
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use sqlite::{Bounds, Header, connect, files, journal_size_limit};
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use uuid::Uuid;

/// `clog`, as it stands in the file's header: this SQLite file is a log of ours.
const APPLICATION_ID: i64 = 0x636c_6f67;
/// The file's `user_version` is the format of its events. The tables are the same in all formats so far.
const FIRST: i64 = crate::port::FIRST_FORMAT as i64;

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

/// Whether a log that isn't there is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfMissing {
    Create,
    Fail,
}

/// Opens the file to write, and creates the tables if it is new.
pub(super) fn open_to_write(path: &Path, options: &SqliteOptions, if_missing: IfMissing) -> Result<Opened, LogError> {
    if if_missing == IfMissing::Create {
        files::make_private(path).map_err(|error| LogError::Unavailable(format!("{}: {error}", path.display())))?;
    }
    let open = || -> rusqlite::Result<(Connection, Header)> {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let found = Header::of(&connection)?;
        Ok((connection, found))
    };
    let trouble = |error: rusqlite::Error| log_error(&format!("opening {}", path.display()), &error);
    let (connection, found) = match open() {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => return Err(not_ours(path)),
        opened => opened.map_err(trouble)?,
    };
    let format = i64::from(options.format);
    check(found, path, format)?;
    configure(&connection, options).map_err(trouble)?;
    if found.is_new() && if_missing == IfMissing::Create {
        create(&connection, format).map_err(trouble)?;
        let unsynced = |error| LogError::Unavailable(format!("{}: {error}", path.display()));
        files::sync_directory(path).map_err(unsynced)?;
    }
    settle(&connection, path).map_err(trouble)??;
    let log_id = read_log_id(&connection).map_err(trouble)?;
    let is_earlier = !found.is_new() && found.version < format;
    Ok(Opened { connection, log_id, raises_to: is_earlier.then_some(format) })
}

/// A file that was opened to write.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) log_id: LogId,
    /// The format that the file is of with the first append; `None`: it is already.
    pub(super) raises_to: Option<i64>,
}

/// Says in the file that it may hold events of the format, within the transaction that brings the first.
pub(super) fn raise_format(connection: &Connection, format: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", format)
}

/// Makes sure that what is found is on the disk. After a kill or a failed sync, SQLite finds transactions in the write-ahead
/// log that were written but never synced; before anybody builds on them, or is told that their events are there, they are
/// copied into the file, and that is synced.
/// What was cut off the write-ahead log is gone for good then: SQLite does not sync that, and a power cut would bring back what nobody
/// was told to be done.
fn settle(connection: &Connection, path: &Path) -> rusqlite::Result<Result<(), LogError>> {
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        return Ok(Err(LogError::Unavailable(format!("{}: somebody else is reading it", path.display()))));
    }
    // The locks are on the other files: closing this one takes none of them away.
    let synced = match File::open(files::beside(path, "-wal")) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        opened => opened.and_then(|wal| wal.sync_all()),
    };
    Ok(synced.map_err(|error| LogError::Unavailable(format!("{}: {error}", path.display()))))
}

/// Opens the file to read.
pub(super) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch("PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

/// Which log stands in the file, which is left as it is.
pub(super) fn look(path: &Path, format: i64) -> Result<LogId, LogError> {
    let trouble = |error: rusqlite::Error| log_error(&format!("opening {}", path.display()), &error);
    let look = || -> rusqlite::Result<(Connection, Header)> {
        let connection = open_to_read(path)?;
        let found = Header::of(&connection)?;
        Ok((connection, found))
    };
    let (connection, found) = match look() {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => return Err(not_ours(path)),
        opened => opened.map_err(trouble)?,
    };
    if found.is_new() {
        return Err(not_ours(path));
    }
    check(found, path, format)?;
    read_log_id(&connection).map_err(trouble)
}

/// Refuses a file that isn't ours, or that only a newer version understands, with what to do about it.
fn check(found: Header, path: &Path, format: i64) -> Result<(), LogError> {
    let is_readable = (FIRST..=format).contains(&found.version);
    if found.is_new() || (found.application_id == APPLICATION_ID && is_readable) {
        return Ok(());
    }
    if found.application_id != APPLICATION_ID {
        return Err(not_ours(path));
    }
    let (path, version) = (path.display(), found.version);
    Err(LogError::Damaged(format!(
        "{path} has format {version}, and this version reads formats up to {format}; \
         start the version of cartlog that wrote it, or restore a backup"
    )))
}

fn not_ours(path: &Path) -> LogError {
    let path = path.display();
    LogError::Damaged(format!(
        "{path} is not a log of cartlog; choose another data directory, or move it away and restore a backup"
    ))
}

/// The writer's settings. Its cache bounds its memory; mapped memory is left out, as it would count as the server's own.
fn configure(connection: &Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    let limit = journal_size_limit(bounds(options));
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = {synchronous};
         PRAGMA fullfsync = ON; -- where fsync alone doesn't reach the disk (macOS)
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA journal_size_limit = {limit};
         PRAGMA cache_size = -16384;
         PRAGMA temp_store = MEMORY;"
    ))
}

/// When the write-ahead log is copied into the file.
pub(super) fn bounds(options: &SqliteOptions) -> Bounds {
    let pass = i32::try_from(options.checkpoint_pages).unwrap_or(i32::MAX).max(1);
    Bounds { pass, begin_anew: pass.saturating_mul(BEGINS_ANEW_AFTER), ..Bounds::default() }
}

fn create(connection: &Connection, format: i64) -> rusqlite::Result<()> {
    let tx = connection.unchecked_transaction()?;
    tx.execute_batch(TABLES)?;
    let log_id = Uuid::now_v7();
    tx.execute("INSERT INTO meta (key, value) VALUES ('log_id', ?1)", params![log_id.as_bytes()])?;
    tx.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {format};"))?;
    tx.commit()
}

fn read_log_id(connection: &Connection) -> rusqlite::Result<LogId> {
    let sql = "SELECT value FROM meta WHERE key = 'log_id'";
    let bytes: [u8; 16] = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(LogId(Uuid::from_bytes(bytes)))
}
