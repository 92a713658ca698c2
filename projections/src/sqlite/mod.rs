//! The embedded read store: one SQLite file in WAL mode. It can be rebuilt from the log, so it is not synced at every
//! commit: a power cut may take the last batches, which are then folded again.
//!
//! What lives here: how generations of views become tables ([`schema`]), rows are written ([`write`]) and found
//! ([`statement`], [`read`], [`words`]), and on which threads ([`pool`]). Identifiers come from the views' declarations alone; values
//! are always bound.

mod checkpointer;
mod pool;
mod read;
mod schema;
mod statement;
#[cfg(test)]
mod tests;
mod words;
mod write;

use crate::store::*;
use async_trait::async_trait;
use checkpointer::Checkpointer;
use eventlog::{Checkpoint, Position};
use parking_lot::Mutex;
use pool::Pool;
use rusqlite::{Connection, ErrorCode};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Lists up to this many rows are read where they are asked for, as point reads are: they take microseconds.
const INLINE_ROWS: u32 = 64;

/// A read store in one file. Dropping it closes the file.
pub struct SqliteReadStore {
    path: PathBuf,
    writer: Mutex<Connection>,
    pool: Pool,
    checkpointer: Checkpointer,
}

impl SqliteReadStore {
    /// Opens the file, and creates it if there is none. Blocks, for milliseconds.
    ///
    /// # Errors
    /// [`StoreError::Newer`] if a newer version wrote it, [`StoreError::Damaged`] if it is not one of ours: it is left as it
    /// is. [`StoreError::Unavailable`] if the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = Connection::open(path).map_err(|error| trouble("opening it", &error))?;
        schema::prepare(&writer)?;
        let checkpointer = Checkpointer::start(path)?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), pool: Pool::new(path), checkpointer })
    }

    /// So many bytes were written: the write-ahead log has grown by about that.
    fn wrote(&self, bytes: usize) {
        self.checkpointer.wrote(bytes, || self.writer.lock());
    }
}

/// What a failure of SQLite means.
fn trouble(doing: &str, error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(format!(
            "{doing}: {error}; stop the server and delete the file: it is made again from the log"
        )),
        _ => StoreError::Unavailable(format!("{doing}: {error}")),
    }
}

#[async_trait]
impl ReadStore for SqliteReadStore {
    async fn get(&self, table: Table, key: Uuid) -> Result<Option<String>, StoreError> {
        self.pool.inline(|connection| read::document(connection, table, key))
    }

    async fn get_many(&self, table: Table, keys: Vec<Uuid>) -> Result<Vec<Option<String>>, StoreError> {
        self.pool.inline(|connection| read::documents(connection, table, &keys))
    }

    async fn list(&self, table: Table, list: List) -> Result<Vec<Hit>, StoreError> {
        if list.is_bounded() && list.limit <= INLINE_ROWS {
            return self.pool.inline(|connection| read::list(connection, table, &list));
        }
        self.pool.heavy(move |connection| read::list(connection, table, &list)).await
    }

    async fn count(&self, table: Table, list: List) -> Result<u64, StoreError> {
        self.pool.heavy(move |connection| read::count(connection, table, &list)).await
    }

    async fn search(&self, table: Table, search: Search) -> Result<Vec<Found>, StoreError> {
        self.pool.heavy(move |connection| read::search(connection, table, &search)).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let written = write::commit(&mut self.writer.lock(), &commit)?;
        self.wrote(written);
        Ok(())
    }

    async fn history(&self, table: Table, key: Uuid, up_to: Position) -> Result<Vec<Position>, StoreError> {
        self.pool.heavy(move |connection| read::history(connection, table, key, up_to)).await
    }

    async fn parked(&self, table: Table) -> Result<Vec<Parked>, StoreError> {
        self.pool.heavy(move |connection| read::parked(connection, table)).await
    }

    async fn generations(&self) -> Result<Vec<Generation>, StoreError> {
        self.pool.heavy(schema::generations).await
    }

    async fn create(&self, view: &'static ViewDeclaration, checkpoint: Checkpoint) -> Result<Table, StoreError> {
        schema::create(&mut self.writer.lock(), view, checkpoint)
    }

    async fn swap(&self, tables: Vec<Table>) -> Result<(), StoreError> {
        schema::swap(&mut self.writer.lock(), &tables)
    }

    async fn drop_generation(&self, view: String, generation: u32) -> Result<(), StoreError> {
        schema::drop_generation(&self.writer, &view, generation, |bytes| self.wrote(bytes))
            .map_err(|error| trouble("dropping tables", &error))
    }

    async fn bytes(&self) -> Result<u64, StoreError> {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut wal = self.path.clone().into_os_string();
        wal.push("-wal");
        Ok(size(&self.path) + size(Path::new(&wal)))
    }
}
