//! The embedded read store: one SQLite file in WAL mode. It can be rebuilt from the log, so it is not synced at every commit.
//!
//! What lives here: how generations of views become tables ([`schema`]), rows are written ([`write`]) and found ([`read`]).
//! Identifiers come from the views' declarations alone; values are always bound.

mod read;
mod schema;
mod write;

use crate::store::*;
use async_trait::async_trait;
use eventlog::{Checkpoint, Position};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Queries that may run at once on threads of their own; and that may wait for one.
const HEAVY_AT_ONCE: usize = 4;
const HEAVY_WAITING: usize = 256;
/// Point reads and bounded lists up to this many rows are done where they are asked for: they take microseconds.
const INLINE_ROWS: u32 = 300;

/// A read store in one file.
pub struct SqliteReadStore {
    shared: Arc<Shared>,
    heavy: Arc<Semaphore>,
}

struct Shared {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl SqliteReadStore {
    /// Opens the file, and creates it if there is none. Blocks.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = Connection::open(path).map_err(|error| away("opening it", &error))?;
        schema::prepare(&writer)?;
        let shared = Shared { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::default() };
        Ok(Self { shared: Arc::new(shared), heavy: Arc::new(Semaphore::new(HEAVY_AT_ONCE + HEAVY_WAITING)) })
    }

    /// Reads where it is asked for.
    fn inline<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.shared.read(read)
    }

    /// Reads on a thread of its own.
    async fn heavy<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.heavy).try_acquire_owned().map_err(|_| StoreError::Busy)?;
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let _permit = permit;
            shared.read(read)
        })
        .await
    }

    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || write(&mut shared.writer.lock())).await
    }
}

impl Shared {
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let idle = self.readers.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open_reader().map_err(|error| away("opening it", &error))?,
        };
        let answer = read(&connection).map_err(|error| away("reading", &error));
        // A connection that failed is not used again.
        if answer.is_ok() {
            let mut readers = self.readers.lock();
            if readers.len() < HEAVY_AT_ONCE * 2 {
                readers.push(connection);
            }
        }
        answer
    }

    fn open_reader(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.pragma_update(None, "cache_size", -4_096)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(connection)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(StoreError::Unavailable(format!("its thread broke off: {error}"))),
    }
}

/// What a failure of SQLite means.
fn away(doing: &str, error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            StoreError::Damaged(format!("{doing}: {error}; delete the file, it is made again from the log"))
        }
        _ => StoreError::Unavailable(format!("{doing}: {error}")),
    }
}

#[async_trait]
impl ReadStore for SqliteReadStore {
    async fn get(&self, table: Table, key: Uuid) -> Result<Option<String>, StoreError> {
        self.inline(|connection| read::document(connection, table, key))
    }

    async fn get_many(&self, table: Table, keys: Vec<Uuid>) -> Result<Vec<Option<String>>, StoreError> {
        let all = move |connection: &Connection| keys.iter().map(|key| read::document(connection, table, *key)).collect();
        self.inline(all)
    }

    async fn list(&self, table: Table, list: List) -> Result<Vec<Hit>, StoreError> {
        if list.is_bounded() && list.limit <= INLINE_ROWS {
            return self.inline(|connection| read::list(connection, table, &list));
        }
        self.heavy(move |connection| read::list(connection, table, &list)).await
    }

    async fn count(&self, table: Table, list: List) -> Result<u64, StoreError> {
        self.heavy(move |connection| read::count(connection, table, &list)).await
    }

    async fn search(&self, table: Table, search: Search) -> Result<Vec<Found>, StoreError> {
        self.heavy(move |connection| read::search(connection, table, &search)).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.write(move |connection| write::commit(connection, &commit)).await
    }

    async fn history(&self, table: Table, key: Uuid, up_to: Position) -> Result<Vec<Position>, StoreError> {
        self.heavy(move |connection| read::history(connection, table, key, up_to)).await
    }

    async fn parked(&self, table: Table) -> Result<Vec<Parked>, StoreError> {
        self.heavy(move |connection| read::parked(connection, table)).await
    }

    async fn generations(&self) -> Result<Vec<Generation>, StoreError> {
        self.heavy(schema::generations).await
    }

    async fn create(&self, view: &'static ViewDeclaration, checkpoint: Checkpoint) -> Result<Table, StoreError> {
        self.write(move |connection| schema::create(connection, view, checkpoint)).await
    }

    async fn swap(&self, tables: Vec<Table>) -> Result<(), StoreError> {
        self.write(move |connection| schema::swap(connection, &tables)).await
    }

    async fn drop_generation(&self, view: String, generation: u32) -> Result<(), StoreError> {
        self.write(move |connection| schema::drop_generation(connection, &view, generation)).await
    }

    async fn bytes(&self) -> Result<u64, StoreError> {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(size(&self.shared.path) + size(&self.shared.path.with_extension("sqlite-wal")))
    }
}
