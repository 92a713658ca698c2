//! Read-only connections, and on which threads they are used.

use super::file::File;
use super::trouble;
use crate::store::StoreError;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Queries that run at once on threads of their own, and that may wait for their turn; one more is refused as busy.
const HEAVY_AT_ONCE: usize = 4;
const HEAVY_WAITING: usize = 512;
/// Connections that are kept open while nobody uses them.
const IDLE: usize = 8;
/// Pages that each connection keeps, in KiB: what is hot is in the rows' own cache, or in the system's.
const CACHE_KIB: i64 = 2_048;

pub(super) struct Pool {
    file: Arc<File>,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// Those that read one file.
pub(super) struct Connections {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    pub fn new(file: Arc<File>) -> Self {
        Self {
            file,
            turns: Arc::new(Semaphore::new(HEAVY_AT_ONCE)),
            places: Arc::new(Semaphore::new(HEAVY_AT_ONCE + HEAVY_WAITING)),
        }
    }

    /// Reads on the calling thread: for what takes microseconds.
    pub fn inline<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.file.read(read)
    }

    /// Reads on a thread for blocking work: for what can take milliseconds.
    pub async fn heavy<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _place = self.places.try_acquire().map_err(|_| StoreError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| StoreError::Busy)?;
        let file = Arc::clone(&self.file);
        let reading = tokio::task::spawn_blocking(move || {
            let answer = file.read(read);
            drop(turn);
            answer
        });
        match reading.await {
            Ok(answer) => answer,
            Err(stopped) => Err(StoreError::Unavailable(format!("a query was stopped: {stopped}"))),
        }
    }
}

impl Connections {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default() }
    }

    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open().map_err(|error| trouble("opening it", &error))?,
        };
        // A connection that met an error is closed; the next read opens another.
        let answer = read(&connection).map_err(|error| trouble("reading", &error))?;
        let mut idle = self.idle.lock();
        if idle.len() < IDLE {
            idle.push(connection);
        }
        Ok(answer)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let connection = sqlite::connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}
