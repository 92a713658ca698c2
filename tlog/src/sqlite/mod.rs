//! The tree in one SQLite file beside the log.
//!
//! What lives here: [`SqliteTree`], which writes batches on one connection and reads on others, so that neither waits for the other.
//! What doesn't: what rows mean. The guarantee: a batch is one transaction. A power cut may take the last ones
//! (`synchronous=NORMAL`): they are folded again from the log.

mod schema;
mod select;
mod write;

use crate::batch::{Batch, SpanRow, State};
use crate::store::{TreeStore, TreeStoreError};
use async_trait::async_trait;
use domain::Timestamp;
use eventlog::{CausedBy, Position};
use parking_lot::Mutex;
use rusqlite::Connection;
use sqlite::{
    FailureKind, File, OpenError, ReadError, Settle, SettleError, Space, SqliteError, Stopped, Turns, says, trouble,
};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;
use write::Written;

/// A tree in one SQLite file.
pub struct SqliteTree {
    kept: Arc<Kept>,
    writes: Turns,
    reads: Turns,
    space: Option<Space>,
}

struct Kept {
    file: File,
    /// What a read or write met that can't be, until the file is made anew.
    damage: Mutex<Option<String>>,
}

impl SqliteTree {
    /// Opens the file, and creates it if there is none. One that is damaged is moved away, and another one made. Blocks.
    ///
    /// # Errors
    /// [`TreeStoreError::Foreign`] if the file is of a newer version, or not ours: it is left as it is.
    /// [`TreeStoreError::Unavailable`] if the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, TreeStoreError> {
        let (file, _) = File::open_or_begin_anew(path, &schema::FORMAT)?;
        let kept = Arc::new(Kept { file, damage: Mutex::default() });
        Ok(Self { kept, writes: Turns::new(1), reads: Turns::new(schema::FORMAT.readers), space: None })
    }

    /// Nothing more is written while the disk has less room than this wants.
    #[must_use]
    pub fn within(self, space: Space) -> Self {
        Self { space: Some(space), ..self }
    }

    /// Writes on a blocking thread. It is carried out even if the caller stops waiting.
    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, TreeStoreError> {
        let kept = Arc::clone(&self.kept);
        self.writes.run(move || kept.write(write)).await?
    }

    /// Reads on a blocking thread, whatever is written meanwhile.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, TreeStoreError> {
        let kept = Arc::clone(&self.kept);
        self.reads.run(move || kept.read(read)).await?
    }
}

impl Kept {
    fn write<T>(&self, write: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, TreeStoreError> {
        let outcome = self.file.write(|connection| write(connection).inspect_err(|error| self.note(error)))?;
        outcome.map_err(|error| store_error("writing", error.into()))
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, TreeStoreError> {
        match self.file.read(|connection| read(connection).inspect_err(|error| self.note(error))) {
            Ok(value) => Ok(value),
            Err(ReadError::Stopped(stopped)) => Err(stopped.into()),
            Err(ReadError::Sqlite(error)) => Err(store_error("reading", error.into())),
        }
    }

    /// Remembers damage, while the file is open in which it was met.
    fn note(&self, error: &rusqlite::Error) {
        if trouble(error) == FailureKind::Damaged {
            *self.damage.lock() = Some(says(error));
        }
    }

    fn clear(&self) -> Result<(), TreeStoreError> {
        // Not while it is locked: what is written notes damage.
        let damage = self.damage.lock().clone();
        match damage {
            None => self.write(write::clear),
            Some(reason) => {
                self.file.begin_anew(&reason)?;
                *self.damage.lock() = None;
                Ok(())
            }
        }
    }
}

impl Settle for SqliteTree {
    fn settle(&self) -> Result<(), SettleError> {
        self.kept.file.settle()
    }
}

#[async_trait]
impl TreeStore for SqliteTree {
    async fn state(&self) -> Result<Option<State>, TreeStoreError> {
        self.read(select::state).await
    }

    async fn write(&self, batch: Batch) -> Result<(), TreeStoreError> {
        if let Some(short) = self.space.as_ref().and_then(Space::very_short) {
            return Err(TreeStoreError::Unavailable(short.into()));
        }
        let after = batch.after;
        match self.write(move |connection| write::batch(connection, &batch)).await? {
            Written::Done => Ok(()),
            Written::Elsewhere => Err(TreeStoreError::Moved(after)),
        }
    }

    async fn clear(&self) -> Result<(), TreeStoreError> {
        let kept = Arc::clone(&self.kept);
        self.writes.run(move || kept.clear()).await?
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeStoreError> {
        self.read(move |connection| select::tile(connection, level, index)).await
    }

    async fn span(&self, number: u64) -> Result<Option<SpanRow>, TreeStoreError> {
        self.read(move |connection| select::span(connection, number)).await
    }

    async fn span_at(&self, position: Position) -> Result<Option<SpanRow>, TreeStoreError> {
        self.read(move |connection| select::span_at(connection, position)).await
    }

    async fn span_after(&self, time: Timestamp) -> Result<Option<SpanRow>, TreeStoreError> {
        self.read(move |connection| select::span_after(connection, time)).await
    }

    async fn stores(&self, stores: Vec<Uuid>) -> Result<Vec<Option<Vec<u8>>>, TreeStoreError> {
        self.read(move |connection| select::stores(connection, &stores)).await
    }

    async fn chunks(&self, store: Uuid, numbers: Range<u64>) -> Result<Vec<Vec<u8>>, TreeStoreError> {
        self.read(move |connection| select::chunks(connection, store, numbers)).await
    }

    async fn filters(&self, blocks: Range<u64>) -> Result<Vec<Vec<u8>>, TreeStoreError> {
        self.read(move |connection| select::filters(connection, blocks)).await
    }
}

/// SQLite's integers are signed: no position and no number of rows passes their largest.
fn at_most_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Says whether trying again can help: yes when the disk is full, failing or locked, no when the file isn't what it was.
fn store_error(doing: &'static str, error: SqliteError) -> TreeStoreError {
    let kind = error.kind();
    let reason = CausedBy::of(doing, error);
    match kind {
        FailureKind::Damaged => TreeStoreError::Damaged(reason),
        FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing => TreeStoreError::Unavailable(reason),
    }
}

impl From<OpenError> for TreeStoreError {
    fn from(error: OpenError) -> Self {
        match error.trouble() {
            Some(FailureKind::Damaged) => TreeStoreError::Damaged(error.into()),
            Some(FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing) => {
                TreeStoreError::Unavailable(error.into())
            }
            None => TreeStoreError::Foreign(error.into()),
        }
    }
}

impl From<Stopped> for TreeStoreError {
    fn from(stopped: Stopped) -> Self {
        TreeStoreError::Unavailable(stopped.into())
    }
}
