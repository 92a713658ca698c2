//! Read-only connections, kept for the next query.

use super::{Failure, schema};
use parking_lot::Mutex;
use rusqlite::{Connection, Transaction};
use std::path::{Path, PathBuf};

pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default() }
    }

    /// Reads one state of the file. A connection that meets an error is closed; the next read opens another.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let idle = self.idle.lock().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => schema::open_to_read(&self.path)?,
        };
        let tx = connection.transaction()?;
        let value = read(&tx)?;
        tx.finish()?;
        self.idle.lock().push(connection);
        Ok(value)
    }
}
