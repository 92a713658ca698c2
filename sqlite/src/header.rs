//! What kind of file it is.

use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// How long a connection waits for another one's lock.
const WAITS: Duration = Duration::from_secs(5);

/// Opens a connection that waits for others' locks, and is used by one thread at a time.
///
/// # Errors
/// SQLite's.
pub fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(WAITS)?;
    Ok(connection)
}

/// What a file says of itself in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whose file it is.
    pub application_id: i64,
    /// Of its tables, or of what is in them.
    pub version: i64,
    pub tables: i64,
}

impl Header {
    /// # Errors
    /// SQLite's: among them that the file is no database.
    pub fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let number = |sql| connection.query_row(sql, [], |row| row.get(0));
        Ok(Self {
            application_id: number("PRAGMA application_id")?,
            version: number("PRAGMA user_version")?,
            tables: number("SELECT count(*) FROM sqlite_schema")?,
        })
    }

    /// Nothing was ever made in it.
    pub fn is_new(&self) -> bool {
        self.application_id == 0 && self.version == 0 && self.tables == 0
    }
}
