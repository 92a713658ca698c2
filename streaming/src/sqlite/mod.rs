//! Windows in one SQLite file beside the log.
//!
//! What lives here: [`SqliteWindows`], which applies batches on one connection that writes and answers queries from a small
//! pool of connections that read. What doesn't: what is counted (`metric`), who brings the events (`worker`).
//! The guarantee: increments and the position they reached are one transaction, so that a crash repeats and loses nothing.
//! A file that is damaged is moved away, and another one filled from the log; meanwhile nothing is answered.
//! A power cut may take the last transactions (`synchronous=NORMAL`): they are folded again from the log.
//!
//! **Size.** Buckets that ended [`BUCKETS_KEPT`](crate::BUCKETS_KEPT) ago go, and log-ins after
//! [`LOG_INS_KEPT`](crate::LOG_INS_KEPT), with the batches that come later: each drops up to [`write::PRUNED_ROWS`] rows of
//! each kind, more than it can add. So the file holds at most three rows for each thing and minute in which it was counted
//! within the last eight days (and the day at their end), and one row for each customer and day with a log-in within 48 hours. What
//! a clock stamped ahead stays until it is due and has expired then.

mod schema;
mod sums;
mod write;

use crate::batch::Batch;
use crate::bucket::Minute;
use crate::metric::Metric;
use crate::store::{Side, SideState, Swap, WindowStore, WindowStoreError};
use crate::sums::{largest, total};
use async_trait::async_trait;
use domain::{StoreId, Timestamp};
use eventlog::CausedBy;
use parking_lot::Mutex;
use rusqlite::{Connection, Row, Transaction};
use sqlite::{
    FailureKind, File, OpenError, ReadError, Settle, SettleError, Space, SqliteError, Stopped, Turns, says, trouble,
};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;
use write::Applied;

/// Windows in one SQLite file.
pub struct SqliteWindows {
    windows: Arc<Windows>,
    writes: Turns,
    reads: Turns,
    space: Option<Space>,
}

struct Windows {
    file: File,
    /// What a read or write met that can't be, until the file is made anew.
    damage: Mutex<Option<String>>,
    /// The file was made anew, and what it has is not yet the whole.
    is_partial: AtomicBool,
}

impl SqliteWindows {
    /// Opens the file, and creates it if there is none. A file of an older version is emptied: the worker fills it again
    /// from the log; one that is damaged is moved away, and another one made. Blocks.
    ///
    /// # Errors
    /// [`WindowStoreError::Foreign`] if the file is of a newer version, or not ours: it is left as it is.
    /// [`WindowStoreError::Unavailable`] if the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, WindowStoreError> {
        let (file, is_partial) = File::open_or_begin_anew(path, &schema::FORMAT)?;
        let windows = Windows { file, damage: Mutex::default(), is_partial: is_partial.into() };
        Ok(Self {
            windows: Arc::new(windows),
            writes: Turns::new(1),
            reads: Turns::new(schema::FORMAT.readers),
            space: None,
        })
    }

    /// Nothing more is counted while the disk has less room than this wants.
    #[must_use]
    pub fn within(self, space: Space) -> Self {
        Self { space: Some(space), ..self }
    }

    /// Writes on a blocking thread. It is carried out even if the caller stops waiting.
    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, WindowStoreError> {
        let windows = Arc::clone(&self.windows);
        self.writes.run(move || windows.write(write)).await?
    }

    /// Reads one state of the file on a blocking thread, whatever is written meanwhile.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, WindowStoreError> {
        let windows = Arc::clone(&self.windows);
        self.reads.run(move || windows.read(read)).await?
    }

    /// As [`Self::read`], for a query: what is not the whole is no answer.
    async fn answer<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, WindowStoreError> {
        if self.windows.is_partial.load(Ordering::Acquire) {
            return Err(WindowStoreError::Unavailable(CountedAnew.into()));
        }
        self.read(read).await
    }
}

impl Windows {
    fn write<T>(&self, write: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, WindowStoreError> {
        let outcome = self.file.write(|connection| write(connection).inspect_err(|error| self.note(error)))?;
        outcome.map_err(|error| store_error("writing", error.into()))
    }

    fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, WindowStoreError> {
        let of_one_state = |connection: &mut Connection| {
            let tx = connection.transaction()?;
            let value = read(&tx)?;
            tx.finish()?;
            Ok(value)
        };
        match self.file.read(|connection| of_one_state(connection).inspect_err(|error| self.note(error))) {
            Ok(value) => Ok(value),
            Err(ReadError::Stopped(stopped)) => Err(stopped.into()),
            Err(ReadError::Sqlite(error)) => Err(store_error("reading", error.into())),
        }
    }

    /// Remembers damage, while the file is open in which it was met: none is taken for that of one that is opened in its place.
    fn note(&self, error: &rusqlite::Error) {
        if trouble(error) == FailureKind::Damaged {
            *self.damage.lock() = Some(says(error));
        }
    }

    /// Closes the file, moves it away, and opens another one.
    fn begin_anew(&self) -> Result<(), WindowStoreError> {
        let reason = self.damage.lock().clone().unwrap_or_else(|| "damaged".to_owned());
        // Before anybody can see what the new one has.
        self.is_partial.store(true, Ordering::Release);
        self.file.begin_anew(&reason)?;
        *self.damage.lock() = None;
        Ok(())
    }
}

impl Settle for SqliteWindows {
    fn settle(&self) -> Result<(), SettleError> {
        self.windows.file.settle()
    }
}

#[async_trait]
impl WindowStore for SqliteWindows {
    async fn begin_anew(&self) -> Result<bool, WindowStoreError> {
        let windows = Arc::clone(&self.windows);
        self.writes.run(move || windows.begin_anew()).await??;
        Ok(true)
    }

    fn damage(&self) -> Option<CausedBy> {
        self.windows.damage.lock().clone().map(|words| KnownDamage(words).into())
    }

    fn answers_what_is_there(&self) -> bool {
        !self.windows.is_partial.load(Ordering::Acquire)
    }

    async fn state(&self, side: Side) -> Result<SideState, WindowStoreError> {
        self.read(move |tx| schema::state(tx, side)).await
    }

    async fn apply(&self, side: Side, batch: Batch) -> Result<(), WindowStoreError> {
        if let Some(damage) = self.damage() {
            return Err(WindowStoreError::Damaged(damage));
        }
        if let Some(short) = self.space.as_ref().and_then(Space::very_short) {
            return Err(WindowStoreError::Unavailable(short.into()));
        }
        match self.write(move |connection| write::apply(connection, side, &batch)).await? {
            Applied::Done => Ok(()),
            Applied::Moved(position) => Err(WindowStoreError::Moved(position)),
        }
    }

    async fn begin_rebuild(&self) -> Result<(), WindowStoreError> {
        self.write(write::begin_rebuild).await
    }

    async fn swap(&self, swap: Swap) -> Result<bool, WindowStoreError> {
        let is_swapped = self.write(move |connection| write::swap(connection, swap)).await?;
        if is_swapped {
            self.windows.is_partial.store(false, Ordering::Release);
        }
        Ok(is_swapped)
    }

    async fn top(
        &self,
        store: StoreId,
        metric: Metric,
        span: Range<Minute>,
        n: usize,
    ) -> Result<Vec<(Uuid, u64)>, WindowStoreError> {
        self.answer(move |tx| Ok(largest(sums::sums(tx, store, metric, span)?, n))).await
    }

    async fn total(&self, store: StoreId, metric: Metric, span: Range<Minute>) -> Result<u64, WindowStoreError> {
        self.answer(move |tx| Ok(total(&sums::sums(tx, store, metric, span)?))).await
    }

    async fn log_ins_within(
        &self,
        store: StoreId,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<u64, WindowStoreError> {
        self.answer(move |tx| sums::log_ins_within(tx, store, after, until)).await
    }
}

/// SQLite's integers are signed: no position and no sum passes their largest.
fn at_most_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that is never negative, as it was stored.
fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// Damage that was met before, in the words that it was told in: whoever met it has its error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct KnownDamage(String);

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("they are counted anew, as their file was damaged")]
struct CountedAnew;

/// Says whether trying again can help: yes when the disk is full, failing or locked, no when the file isn't what it was.
fn store_error(doing: &'static str, error: SqliteError) -> WindowStoreError {
    let kind = error.kind();
    let reason = CausedBy::of(doing, error);
    match kind {
        FailureKind::Damaged => WindowStoreError::Damaged(reason),
        FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing => WindowStoreError::Unavailable(reason),
    }
}

impl From<OpenError> for WindowStoreError {
    fn from(error: OpenError) -> Self {
        match error.trouble() {
            Some(FailureKind::Damaged) => WindowStoreError::Damaged(error.into()),
            Some(FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing) => {
                WindowStoreError::Unavailable(error.into())
            }
            None => WindowStoreError::Foreign(error.into()),
        }
    }
}

impl From<Stopped> for WindowStoreError {
    fn from(stopped: Stopped) -> Self {
        WindowStoreError::Unavailable(stopped.into())
    }
}
