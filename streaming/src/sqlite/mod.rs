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
use parking_lot::{Mutex, RwLock};
use readers::Readers;
use rusqlite::{Connection, Row, Transaction};
use sqlite::{Checkpointer, Settle, Space, Trouble, says, trouble};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// How many queries run at a time; more wait.
const READERS: usize = 4;

/// Windows in one SQLite file.
pub struct SqliteWindows {
    file: Arc<File>,
    /// One permit a reading connection.
    turns: Arc<Semaphore>,
    space: Option<Space>,
}

struct File {
    path: PathBuf,
    /// Whoever reads or writes holds it shared; alone, who puts another file there. `None`: that failed.
    opened: RwLock<Option<Opened>>,
    /// What a read or write met that can't be, until the file is made anew.
    damage: Mutex<Option<String>>,
    /// The file was made anew, and what it has is not yet the whole.
    is_partial: AtomicBool,
}

/// In the order in which they are closed: the last one takes all that is in the write-ahead log into the file, which those that
/// only read can't.
struct Opened {
    readers: Readers,
    checkpointer: Checkpointer,
    writer: Mutex<Connection>,
}

impl Opened {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = Mutex::new(schema::open_to_write(path)?);
        let unstarted = |error| StoreError::Unavailable(format!("no thread can be started: {error}"));
        let checkpointer = Checkpointer::start(path, "the metric windows", schema::BOUNDS).map_err(unstarted)?;
        Ok(Self { writer, readers: Readers::new(path), checkpointer })
    }
}

impl SqliteWindows {
    /// Opens the file, and creates it if there is none. A file of an older version is emptied: the worker fills it again
    /// from the log; one that is damaged is moved away, and another one made. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] if the file is of a newer version, or not ours: it is left as it is.
    /// [`StoreError::Unavailable`] if the disk doesn't let us.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let (opened, is_partial) = match Opened::open(path) {
            Err(StoreError::Damaged(reason)) => {
                File::set_aside(path, &reason)?;
                (Opened::open(path)?, true)
            }
            opened => (opened?, false),
        };
        let file = File {
            path: path.to_owned(),
            opened: RwLock::new(Some(opened)),
            damage: Mutex::default(),
            is_partial: is_partial.into(),
        };
        Ok(Self { file: Arc::new(file), turns: Arc::new(Semaphore::new(READERS)), space: None })
    }

    /// Nothing more is counted while the disk has less room than this wants.
    #[must_use]
    pub fn within(self, space: Space) -> Self {
        Self { space: Some(space), ..self }
    }

    /// Writes on a blocking thread. It is carried out even if the caller stops waiting.
    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let file = Arc::clone(&self.file);
        let write = move || {
            file.with(|opened| {
                let mut writer = opened.writer.lock();
                let outcome = write(&mut writer).map_err(|failure| failure.when("writing"))?;
                opened.checkpointer.after_commit(&writer);
                Ok(outcome)
            })
        };
        ended(tokio::task::spawn_blocking(write).await)
    }

    /// Reads one state of the file on a blocking thread, whatever is written meanwhile.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| StoreError::Unavailable("they were closed".to_owned()))?;
        let file = Arc::clone(&self.file);
        let read = move || {
            let outcome = file.with(|opened| opened.readers.read(read).map_err(|failure| failure.when("reading")));
            drop(turn);
            outcome
        };
        ended(tokio::task::spawn_blocking(read).await)
    }

    /// As [`Self::read`], for a query: what is not the whole is no answer.
    async fn answer<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.file.is_partial.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable("they are counted anew, as their file was damaged".to_owned()));
        }
        self.read(read).await
    }
}

fn ended<T>(outcome: Result<Result<T, StoreError>, tokio::task::JoinError>) -> Result<T, StoreError> {
    outcome.unwrap_or_else(|stopped| Err(StoreError::Unavailable(format!("it was stopped: {stopped}"))))
}

impl File {
    /// Uses the file as it is open; damage is remembered.
    fn with<T>(&self, work: impl FnOnce(&Opened) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let opened = self.opened.read();
        let opened = opened.as_ref().ok_or_else(|| StoreError::Unavailable("their file can't be opened".to_owned()))?;
        let outcome = work(opened);
        if let Err(StoreError::Damaged(reason)) = &outcome {
            *self.damage.lock() = Some(reason.clone());
        }
        outcome
    }

    /// Closes the file, moves it away, and opens another one.
    fn begin_anew(&self) -> Result<bool, StoreError> {
        let mut opened = self.opened.write();
        let reason = self.damage.lock().clone().unwrap_or_else(|| "damaged".to_owned());
        // SQLite removes what stands beside a file when it closes it: before there is another one.
        drop(opened.take());
        Self::set_aside(&self.path, &reason)?;
        self.is_partial.store(true, Ordering::Release);
        *opened = Some(Opened::open(&self.path)?);
        *self.damage.lock() = None;
        Ok(true)
    }

    fn set_aside(path: &Path, reason: &str) -> Result<(), StoreError> {
        let stuck = |error| StoreError::Unavailable(format!("{} can't be moved away: {error}", path.display()));
        let aside = sqlite::files::set_aside(path).map_err(stuck)?;
        tracing::error!(
            file = %path.display(),
            moved_to = %aside.display(),
            reason,
            "the metric windows are damaged: what is left of them is moved away and may be deleted, and they are counted anew"
        );
        Ok(())
    }
}

impl Settle for SqliteWindows {
    fn settle(&self) -> Result<(), String> {
        let opened = self.file.opened.read();
        opened.as_ref().map_or(Ok(()), |opened| opened.checkpointer.settle())
    }
}

#[async_trait]
impl WindowStore for SqliteWindows {
    async fn begin_anew(&self) -> Result<bool, StoreError> {
        let file = Arc::clone(&self.file);
        ended(tokio::task::spawn_blocking(move || file.begin_anew()).await)
    }

    fn damage(&self) -> Option<String> {
        self.file.damage.lock().clone()
    }

    fn answers_what_is_there(&self) -> bool {
        !self.file.is_partial.load(Ordering::Acquire)
    }

    async fn state(&self, side: Side) -> Result<SideState, StoreError> {
        self.read(move |tx| schema::state(tx, side)).await
    }

    async fn apply(&self, side: Side, batch: Batch) -> Result<(), StoreError> {
        if let Some(damage) = self.damage() {
            return Err(StoreError::Damaged(damage));
        }
        if let Some(short) = self.space.as_ref().and_then(Space::very_short) {
            return Err(StoreError::Unavailable(short.to_string()));
        }
        self.write(move |connection| write::apply(connection, side, &batch)).await
    }

    async fn begin_rebuild(&self) -> Result<(), StoreError> {
        self.write(write::begin_rebuild).await
    }

    async fn swap(&self, swap: Swap) -> Result<bool, StoreError> {
        let is_swapped = self.write(move |connection| write::swap(connection, swap)).await?;
        if is_swapped {
            self.file.is_partial.store(false, Ordering::Release);
        }
        Ok(is_swapped)
    }

    async fn top(
        &self,
        store: StoreId,
        metric: Metric,
        span: Range<Minute>,
        n: usize,
    ) -> Result<Vec<(Uuid, u64)>, StoreError> {
        self.answer(move |tx| Ok(largest(sums::sums(tx, store, metric, span)?, n))).await
    }

    async fn total(&self, store: StoreId, metric: Metric, span: Range<Minute>) -> Result<u64, StoreError> {
        self.answer(move |tx| Ok(total(&sums::sums(tx, store, metric, span)?))).await
    }

    async fn log_ins_within(&self, store: StoreId, after: Timestamp, until: Timestamp) -> Result<u64, StoreError> {
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
        let reason = format!("{doing}: {}", says(&error));
        match trouble(&error) {
            Trouble::Damaged => StoreError::Damaged(reason),
            Trouble::Full | Trouble::ReadOnly | Trouble::Passing => StoreError::Unavailable(reason),
        }
    }
}
