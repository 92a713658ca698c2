//! Opening a file, to write to it, to read from it, or to look at one that another process has.

use crate::checkpointer::journal_size_limit;
use crate::format::Make;
use crate::{Checkpointer, ConnectionMemory, Format, Header, OpenError, WhatIsFound, connect, files};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::io::ErrorKind;
use std::path::Path;

/// A file that was opened to write.
pub struct Opened {
    pub connection: Connection,
    /// As it was before.
    pub found: Header,
}

/// Opens the connection that writes. The file is created if there is none, for its owner alone, and brought to the format's version.
/// Blocks.
///
/// # Errors
/// The disk's; or the file isn't ours, or only another version understands it: then it is left as it is.
pub fn open(path: &Path, format: &Format) -> Result<Opened, OpenError> {
    files::make_private(path).map_err(|error| disk(path, error))?;
    let opened = open_there(path, format)?;
    make(&opened, path, format)?;
    finish(opened, path, format)
}

/// As [`open`], of a file that was there before: none is created, and nothing is made in one that is empty.
///
/// # Errors
/// As of [`open`]; or there is none.
pub fn reopen(path: &Path, format: &Format) -> Result<Opened, OpenError> {
    finish(open_there(path, format)?, path, format)
}

/// Opens a connection that only reads.
pub(crate) fn open_to_read(path: &Path, memory: ConnectionMemory) -> rusqlite::Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    limit(&connection, memory)?;
    Ok(connection)
}

/// Opens a connection that reads a file which another process may be writing to: nothing of it is changed, whatever its version.
///
/// # Errors
/// The disk's; or there is no file, or it isn't ours, or this version can't read it.
pub fn look(path: &Path, format: &Format) -> Result<Connection, OpenError> {
    let connection = open_to_read(path, format.reader).map_err(|error| sqlite(path, error))?;
    let found = Header::of(&connection).map_err(|error| sqlite(path, error))?;
    match format.make(found, path)? {
        Make::Nothing | Make::Upgrades(_) => Ok(connection),
        Make::Tables | Make::TablesAnew => Err(format.not_ours(path)),
    }
}

fn disk(path: &Path, error: std::io::Error) -> OpenError {
    OpenError::Disk { path: path.to_owned(), error }
}

fn sqlite(path: &Path, error: rusqlite::Error) -> OpenError {
    OpenError::Sqlite { path: path.to_owned(), error }
}

/// Nothing is changed before it is known whose file it is.
fn open_there(path: &Path, format: &Format) -> Result<Opened, OpenError> {
    let open = || -> rusqlite::Result<Opened> {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let found = Header::of(&connection)?;
        Ok(Opened { connection, found })
    };
    let opened = open().map_err(|error| sqlite(path, error))?;
    format.make(opened.found, path)?;
    configure(&opened.connection, format).map_err(|error| sqlite(path, error))?;
    Ok(opened)
}

fn configure(connection: &Connection, format: &Format) -> rusqlite::Result<()> {
    connection.execute_batch(format.pragmas)?;
    let (synchronous, limit_bytes) = (format.synchronous.as_sql(), journal_size_limit(format.bounds));
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = {synchronous};
         PRAGMA fullfsync = ON; -- where fsync alone doesn't reach the disk (macOS)
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA journal_size_limit = {limit_bytes};"
    ))?;
    limit(connection, format.writer)
}

fn limit(connection: &Connection, memory: ConnectionMemory) -> rusqlite::Result<()> {
    let ConnectionMemory { cache_kib, statements } = memory;
    connection.execute_batch(&format!("PRAGMA cache_size = -{cache_kib}; PRAGMA temp_store = MEMORY;"))?;
    connection.set_prepared_statement_cache_capacity(statements);
    Ok(())
}

/// Makes what is missing. The mark comes with the tables or not at all: a power cut must not leave tables that nobody knows to be ours.
fn make(opened: &Opened, path: &Path, format: &Format) -> Result<(), OpenError> {
    if format.make(opened.found, path)? == Make::Nothing {
        return Ok(());
    }
    let trouble = |error| sqlite(path, error);
    // Takes the lock before it reads: only then it waits for whoever writes, as a reader that turns writer is refused at once.
    let transaction =
        Transaction::new_unchecked(&opened.connection, TransactionBehavior::Immediate).map_err(trouble)?;
    let make = format.make(Header::of(&transaction).map_err(trouble)?, path)?;
    carry_out(make, &transaction, format).and_then(|()| transaction.commit()).map_err(trouble)
}

fn carry_out(make: Make, connection: &Connection, format: &Format) -> rusqlite::Result<()> {
    match make {
        Make::Nothing => return Ok(()),
        Make::Tables => (format.tables)(connection)?,
        Make::TablesAnew => {
            drop_tables(connection)?;
            (format.tables)(connection)?;
        }
        Make::Upgrades(last) => {
            let from = format.upgrades.len() - last;
            format.upgrades[from..].iter().try_for_each(|upgrade| upgrade(connection))?;
        }
    }
    connection.pragma_update(None, "application_id", format.application_id)?;
    connection.pragma_update(None, "user_version", format.version)
}

fn drop_tables(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let names: Vec<String> =
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    names.iter().try_for_each(|name| connection.execute_batch(&format!("DROP TABLE \"{name}\"")))
}

/// Also of a file that was there before, as a death may have come between its creation and this.
fn finish(opened: Opened, path: &Path, format: &Format) -> Result<Opened, OpenError> {
    files::sync_directory(path).map_err(|error| disk(path, error))?;
    settle(&opened.connection, path, format.found)?;
    Checkpointer::watch(&opened.connection);
    Ok(opened)
}

fn settle(connection: &Connection, path: &Path, found: WhatIsFound) -> Result<(), OpenError> {
    let checkpoint = |mode| {
        let copy = format!("PRAGMA wal_checkpoint({mode})");
        connection.query_row(&copy, [], |row| row.get::<_, bool>(0)).map_err(|error| sqlite(path, error))
    };
    match found {
        WhatIsFound::MayBeLost => Ok(()),
        // Somebody else may be copying: then what is there is as good as on the disk.
        WhatIsFound::IsOnDisk => checkpoint("PASSIVE").map(drop),
        WhatIsFound::IsAllThereIs => match checkpoint("TRUNCATE")? {
            true => Err(OpenError::InUse { path: path.to_owned() }),
            false => sync_log(path).map_err(|error| disk(path, error)),
        },
    }
}

/// The locks are on the other files: closing this one takes none of them away.
fn sync_log(path: &Path) -> std::io::Result<()> {
    match std::fs::File::open(files::beside(path, "-wal")) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        opened => opened?.sync_all(),
    }
}
