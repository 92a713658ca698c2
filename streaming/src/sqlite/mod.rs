//! Windows in one SQLite file beside the log.
//!
//! What lives here: [`SqliteWindows`], which applies batches on one connection that writes and answers queries from a small
//! pool of connections that read. What doesn't: what is counted (`metric`), who brings the events (`worker`).
//! The guarantee: increments and the position they reached are one transaction, so that a crash repeats and loses nothing.
//! A power cut may take the last transactions (`synchronous=NORMAL`): they are folded again from the log.
//!
//! **Size.** Buckets that ended [`BUCKETS_KEPT`](crate::BUCKETS_KEPT) ago go, and log-ins after
//! [`LOG_INS_KEPT`](crate::LOG_INS_KEPT), with the batches that come later: each drops up to [`write::PRUNED_ROWS`] rows of
//! each kind, more than it can add. So the file holds at most three rows for each thing and minute in which it was counted
//! within the last eight days (and the day at their end), and one row for each customer and day with a log-in within 48 hours. What
//! a clock stamped ahead stays until it is due and has expired then.

mod readers;
mod schema;
mod sums;
mod write;

use crate::batch::Batch;
use crate::bucket::Minute;
use crate::metric::Metric;
use crate::store::{Side, SideState, StoreError, Swap, WindowStore};
use crate::sums::{largest, total};
use async_trait::async_trait;
use domain::{StoreId, Timestamp};
use parking_lot::Mutex;
use readers::Readers;
use rusqlite::{Connection, ErrorCode, Row};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// How many queries run at a time; more wait.
const READERS: usize = 4;

/// Windows in one SQLite file.
pub struct SqliteWindows {
    writer: Arc<Mutex<Connection>>,
    readers: Readers,
}

impl SqliteWindows {
    /// Opens the file, and creates it if there is none. A file of an older version is emptied: the worker fills it again
    /// from the log. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the file is of a newer version, or not ours: it is left as it is.
    /// [`StoreError::Unavailable`] if the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { writer: Arc::new(Mutex::new(schema::open_to_write(path)?)), readers: Readers::new(path, READERS) })
    }

    /// Writes on a blocking thread. It is carried out even if the caller stops waiting.
    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let writer = Arc::clone(&self.writer);
        match tokio::task::spawn_blocking(move || write(&mut writer.lock())).await {
            Ok(outcome) => outcome.map_err(|failure| failure.when("writing")),
            Err(stopped) => Err(StoreError::Unavailable(format!("a write was stopped: {stopped}"))),
        }
    }
}

#[async_trait]
impl WindowStore for SqliteWindows {
    async fn state(&self, side: Side) -> Result<SideState, StoreError> {
        self.readers.run(move |tx| schema::state(tx, side)).await
    }

    async fn apply(&self, side: Side, batch: Batch) -> Result<(), StoreError> {
        self.write(move |connection| write::apply(connection, side, &batch)).await
    }

    async fn begin_rebuild(&self) -> Result<(), StoreError> {
        self.write(write::begin_rebuild).await
    }

    async fn swap(&self, swap: Swap) -> Result<bool, StoreError> {
        self.write(move |connection| write::swap(connection, swap)).await
    }

    async fn top(
        &self,
        store: StoreId,
        metric: Metric,
        span: Range<Minute>,
        n: usize,
    ) -> Result<Vec<(Uuid, u64)>, StoreError> {
        self.readers.run(move |tx| Ok(largest(sums::sums(tx, store, metric, span)?, n))).await
    }

    async fn total(&self, store: StoreId, metric: Metric, span: Range<Minute>) -> Result<u64, StoreError> {
        self.readers.run(move |tx| Ok(total(&sums::sums(tx, store, metric, span)?))).await
    }

    async fn log_ins_within(&self, store: StoreId, after: Timestamp, until: Timestamp) -> Result<u64, StoreError> {
        self.readers.run(move |tx| sums::log_ins_within(tx, store, after, until)).await
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

/// What went wrong inside: SQLite's error, or our own.
enum Failure {
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// Says whether trying again can help: yes when the disk is full, failing or locked, no when the file isn't what it was.
    fn when(self, doing: &str) -> StoreError {
        let error = match self {
            Failure::Store(error) => return error,
            Failure::Sqlite(error) => error,
        };
        let damaged = match &error {
            rusqlite::Error::SqliteFailure(failure, _) => {
                matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            }
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::QueryReturnedNoRows => true,
            // Of a foreign crate, and marked non-exhaustive: what remains is misuse or a passing trouble.
            _ => false,
        };
        let reason = format!("{doing}: {error}");
        match damaged {
            true => StoreError::Damaged(reason),
            false => StoreError::Unavailable(reason),
        }
    }
}
