//! The embedded read store: one SQLite file in WAL mode. It can be rebuilt from the log, so it is not synced at every
//! commit: a power cut may take the last batches, which are then folded again.
//!
//! What lives here: how generations of views become tables ([`schema`]), rows are written ([`write`]) and found
//! ([`statement`], [`read`], [`words`]), and on which threads ([`pool`]). Identifiers come from the views' declarations alone; values
//! are always bound.

mod compact;
mod pool;
mod read;
mod schema;
mod statement;
#[cfg(test)]
mod tests;
mod words;
mod write;

use crate::RowKey;
use crate::store::*;
use async_trait::async_trait;
use domain::StoreId;
use eventlog::CausedBy;
use eventlog::{Checkpoint, Position, StreamName};
use pool::Pool;
use rusqlite::Connection;
use sqlite::{FailureKind, File, OpenError, Settle, SettleError, Space, SqliteError, Stopped, files};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// Lists up to this many rows are read where they are asked for, as point reads are: they take microseconds.
const INLINE_ROWS: u32 = 64;

/// A read store in one file. Dropping it closes the file.
pub struct SqliteReadStore {
    file: Arc<File>,
    pool: Pool,
    /// Damage that was met since the file was opened.
    damage: watch::Sender<Option<String>>,
    space: Option<Space>,
}

impl SqliteReadStore {
    /// Opens the file, and creates it if there is none. Blocks, for milliseconds; for longer where a version before left the file
    /// with much room in it that it could not give back.
    ///
    /// # Errors
    /// [`ReadStoreError::Newer`] if another version wrote it, [`ReadStoreError::Foreign`] if it is not one of ours: it is left as it is.
    /// [`ReadStoreError::Damaged`] if it can't be read. [`ReadStoreError::Unavailable`] if the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, ReadStoreError> {
        compact::if_worth_while(path)?;
        Ok(Self::with(File::open(path, &schema::FORMAT)?))
    }

    /// As [`Self::open`]; a file that is damaged is moved away, and another one made, to be filled from the log.
    ///
    /// # Errors
    /// As [`Self::open`], but for damage.
    pub fn open_or_begin_anew(path: &Path) -> Result<Self, ReadStoreError> {
        compact::if_worth_while(path)?;
        let (file, _) = File::open_or_begin_anew(path, &schema::FORMAT)?;
        Ok(Self::with(file))
    }

    fn with(file: File) -> Self {
        let file = Arc::new(file);
        Self { pool: Pool::new(Arc::clone(&file)), file, damage: watch::Sender::new(None), space: None }
    }

    /// Nothing more is folded while the disk has less room than this wants.
    #[must_use]
    pub fn within(self, space: Space) -> Self {
        Self { space: Some(space), ..self }
    }

    /// Comes back once damage was met: what it is.
    pub async fn damaged(&self) -> String {
        let mut damage = self.damage.subscribe();
        let met = damage.wait_for(Option::is_some).await.map_or(None, |damage| damage.clone());
        match met {
            Some(damage) => damage,
            // The sender lives as long as this.
            None => std::future::pending().await,
        }
    }

    /// Moves the damaged file away, and opens an empty one in its place.
    ///
    /// # Errors
    /// The disk's: then nothing is open.
    pub fn begin_anew(&self) -> Result<(), ReadStoreError> {
        self.take_place(None)
    }

    /// The file that is filled while this one still answers what it can, to take its place.
    pub(crate) fn beside(&self) -> PathBuf {
        files::beside(self.file.path(), "-anew")
    }

    /// Closes the file, moves it away, and opens what was filled beside it, or an empty one, in its place. Whoever reads waits.
    /// What was filled must be closed.
    ///
    /// # Errors
    /// The disk's: then nothing is open, and the next start finds what there is.
    pub(crate) fn take_place(&self, of: Option<&Path>) -> Result<(), ReadStoreError> {
        let reason = self.damage.borrow().clone().unwrap_or_default();
        match of {
            Some(filled) => self.file.replace_by(filled, &reason)?,
            None => self.file.begin_anew(&reason)?,
        }
        self.damage.send_replace(None);
        Ok(())
    }

    /// Empties the write-ahead log and closes the file: nothing can be read or written any more.
    ///
    /// # Errors
    /// The write-ahead log could not be emptied.
    pub(crate) fn close(&self) -> Result<(), ReadStoreError> {
        let settled = self.settle().map_err(|error| ReadStoreError::Unavailable(error.into()));
        self.file.close();
        settled
    }

    fn write<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, ReadStoreError>) -> Result<T, ReadStoreError> {
        self.noted(self.file.write(work)?)
    }

    /// Damage is told to whoever makes the file anew.
    fn noted<T>(&self, outcome: Result<T, ReadStoreError>) -> Result<T, ReadStoreError> {
        if let Err(ReadStoreError::Damaged(reason)) = &outcome {
            self.met_damage(&reason.to_string());
        }
        outcome
    }

    fn inline<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, ReadStoreError> {
        self.noted(self.pool.inline(read))
    }

    async fn heavy<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadStoreError> {
        self.noted(self.pool.heavy(read).await)
    }

    fn has_room(&self) -> Result<(), ReadStoreError> {
        match self.space.as_ref().and_then(Space::very_short) {
            Some(short) => Err(ReadStoreError::Full(short.into())),
            None => Ok(()),
        }
    }
}

/// Damage that was met before, in the words that it was told in: whoever met it has its error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct KnownDamage(String);

/// What a failure of SQLite means.
fn trouble(doing: &'static str, error: rusqlite::Error) -> ReadStoreError {
    let error = SqliteError::from(error);
    of_trouble(error.kind(), CausedBy::of(doing, error))
}

fn of_trouble(trouble: FailureKind, reason: CausedBy) -> ReadStoreError {
    match trouble {
        FailureKind::Damaged => ReadStoreError::Damaged(reason),
        FailureKind::Full => ReadStoreError::Full(reason),
        FailureKind::ReadOnly | FailureKind::Passing => ReadStoreError::Unavailable(reason),
    }
}

impl From<OpenError> for ReadStoreError {
    fn from(error: OpenError) -> Self {
        match (error.trouble(), &error) {
            (Some(trouble), _) => of_trouble(trouble, error.into()),
            (None, OpenError::OtherVersion { .. }) => ReadStoreError::Newer(error.into()),
            (None, _) => ReadStoreError::Foreign(error.into()),
        }
    }
}

impl From<Stopped> for ReadStoreError {
    fn from(stopped: Stopped) -> Self {
        ReadStoreError::Unavailable(stopped.into())
    }
}

impl Settle for SqliteReadStore {
    fn settle(&self) -> Result<(), SettleError> {
        self.file.settle()
    }
}

#[async_trait]
impl ReadStore for SqliteReadStore {
    async fn get(&self, table: Table, key: RowKey) -> Result<Option<String>, ReadStoreError> {
        self.inline(|connection| read::document(connection, table, key))
    }

    async fn get_many(&self, table: Table, keys: Vec<RowKey>) -> Result<Vec<Option<String>>, ReadStoreError> {
        self.inline(|connection| read::documents(connection, table, &keys))
    }

    async fn stores(&self, table: Table, stores: Vec<StoreId>) -> Result<Vec<Option<String>>, ReadStoreError> {
        self.heavy(move |connection| read::stores(connection, table, &stores)).await
    }

    async fn list(&self, table: Table, list: List) -> Result<Vec<Hit>, ReadStoreError> {
        if list.is_bounded() && list.limit <= INLINE_ROWS {
            return self.inline(|connection| read::list(connection, table, &list));
        }
        self.heavy(move |connection| read::list(connection, table, &list)).await
    }

    async fn count(&self, table: Table, list: List) -> Result<u64, ReadStoreError> {
        self.heavy(move |connection| read::count(connection, table, &list)).await
    }

    async fn search(&self, table: Table, search: Search) -> Result<Vec<SearchHit>, ReadStoreError> {
        self.heavy(move |connection| read::search(connection, table, &search)).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), ReadStoreError> {
        if let Some(damage) = &*self.damage.borrow() {
            return Err(ReadStoreError::Damaged(KnownDamage(damage.clone()).into()));
        }
        self.has_room()?;
        self.write(|connection| write::commit(connection, &commit))
    }

    async fn history(&self, table: Table, key: RowKey, up_to: Position) -> Result<Vec<Position>, ReadStoreError> {
        self.heavy(move |connection| read::history(connection, table, key, up_to)).await
    }

    async fn parked(&self, table: Table) -> Result<Vec<Parked>, ReadStoreError> {
        self.heavy(move |connection| read::parked(connection, table)).await
    }

    async fn generations(&self) -> Result<Vec<Generation>, ReadStoreError> {
        self.heavy(schema::generations).await
    }

    async fn create(&self, view: &'static ViewDeclaration, checkpoint: Checkpoint) -> Result<Table, ReadStoreError> {
        self.has_room()?;
        self.write(|connection| schema::create(connection, view, checkpoint))
    }

    async fn swap(&self, tables: Vec<Table>) -> Result<(), ReadStoreError> {
        self.write(|connection| schema::swap(connection, &tables))
    }

    async fn retire(&self, view: String, version: u32) -> Result<(), ReadStoreError> {
        self.write(|connection| schema::retire(connection, &view, version))
    }

    async fn drop_generation(&self, view: String, generation: u32) -> Result<(), ReadStoreError> {
        let mut left = self.write(|connection| schema::begin_drop(connection, &view, generation))?;
        // A piece at a time: batches come in between.
        while let Some(table) = left.pop() {
            while self.write(|connection| schema::empty(connection, &table))? {}
        }
        self.write(|connection| schema::finish_drop(connection, &view, generation))?;
        while self.write(|connection| compact::give_back(connection))? {}
        Ok(())
    }

    async fn tip(&self, stream: &StreamName) -> Result<Option<Tip>, ReadStoreError> {
        self.inline(|connection| read::tip(connection, stream))
    }

    async fn forget_tips(&self) -> Result<(), ReadStoreError> {
        // Without a condition SQLite frees whole pages, however many rows there are.
        let forget = |connection: &mut Connection| connection.execute("DELETE FROM tips", []);
        self.write(|connection| forget(connection).map(drop).map_err(|error| trouble("forgetting", error)))
    }

    fn met_damage(&self, reason: &str) {
        self.damage.send_if_modified(|damage| damage.is_none().then(|| *damage = Some(reason.to_owned())).is_some());
    }

    async fn bytes(&self) -> Result<u64, ReadStoreError> {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let path = self.file.path();
        Ok(size(path) + size(&files::beside(path, "-wal")))
    }
}
