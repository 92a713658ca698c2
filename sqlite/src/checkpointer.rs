//! Copying what was committed from the write-ahead log (WAL) into the database file, on a thread of its own, so that no writer
//! stands still for it.
//!
//! The guarantee: the WAL stays bounded, also while commits never cease, as long as nobody reads one state of the file for ever;
//! and it is empty once nothing was committed for a while. What is copied is synced first, and the file before the WAL begins anew.

use crate::{FailureKind, SettleError, connect, trouble};
use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, OpenFlags};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Of SQLite's files here, in bytes.
const PAGE: i32 = 4096;
/// After the writer tried to have the WAL begin anew and somebody who reads was in the way, it tries again once so large a part of the
/// bound has come.
const TRIED_AGAIN_AFTER: i32 = 8;

/// When is copied what, in pages of 4 KiB.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Each time that so many have come into the WAL, they are copied in the background …
    pub pass: i32,
    /// … and from so many on, the writer copies what is left, so that the WAL begins anew.
    pub begin_anew: i32,
    /// After so long without a commit the WAL is emptied.
    pub idle: Duration,
}

impl Bounds {
    /// Of a file that holds little.
    pub const SMALL: Bounds = Bounds { pass: 256, begin_anew: 1_024, idle: Duration::from_secs(1) };
}

impl Default for Bounds {
    fn default() -> Self {
        Self { pass: 1_000, begin_anew: 4_000, idle: Duration::from_secs(1) }
    }
}

/// What a WAL that begins anew is cut to, so that one large transaction doesn't leave it large: for `PRAGMA journal_size_limit`.
pub fn journal_size_limit(bounds: Bounds) -> i64 {
    i64::from(bounds.begin_anew) * i64::from(PAGE)
}

thread_local! {
    /// How long the WAL was after this thread's last commit, in pages.
    static WAL_PAGES: Cell<i32> = const { Cell::new(0) };
}

/// The thread that copies. Dropping it waits for what it is doing.
pub struct Checkpointer {
    what: &'static str,
    path: PathBuf,
    bounds: Bounds,
    wal: Arc<WalState>,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// How long the WAL was when it was last copied, and when the writer last tried to begin it anew.
    passed_at: AtomicI32,
    tried_at: AtomicI32,
}

#[derive(Default)]
struct WalState {
    /// Held while anybody copies: two can't at once. In it, what the thread copies with.
    copying: Mutex<Option<Connection>>,
    /// Something was committed that may still stand in the WAL.
    is_dirty: AtomicBool,
    pass_is_due: AtomicBool,
    commits: AtomicU64,
}

impl Checkpointer {
    /// For the file, which is called so in messages: 'the event log'. What stands in its WAL already is copied too.
    ///
    /// # Errors
    /// The thread can't be started.
    pub fn start(path: &Path, what: &'static str, bounds: Bounds) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let wal = Arc::new(WalState::default());
        let copier = Copier { path: path.to_owned(), what, idle: bounds.idle, wal: Arc::clone(&wal) };
        let thread = tasks::thread(thread_of(what), move || copier.run(&woken))?;
        let (passed_at, tried_at) = Default::default();
        let path = path.to_owned();
        let started = Self { what, path, bounds, wal, wake: Some(wake), thread: Some(thread), passed_at, tried_at };
        started.dirty();
        Ok(started)
    }

    /// Makes the connection note the length of the WAL after each commit, instead of copying it.
    pub fn watch(connection: &Connection) {
        connection.wal_hook(Some(|_, pages| {
            WAL_PAGES.set(pages);
            Ok(())
        }));
    }

    /// Waits for what is being copied, and keeps all from it as long as the guard lives. What it holds, the thread copies with: whoever
    /// wants the file closed takes it away.
    pub fn pause(&self) -> MutexGuard<'_, Option<Connection>> {
        self.wal.copying.lock()
    }

    /// After a commit, on the thread that made it, with its connection. Where nothing was committed, nothing happens.
    pub fn after_commit(&self, connection: &Connection) {
        // Taken: what this thread commits next may be another file's.
        let pages = WAL_PAGES.take();
        if pages == 0 {
            return;
        }
        self.wal.commits.fetch_add(1, Ordering::Relaxed);
        self.dirty();
        if pages < self.passed_at.load(Ordering::Relaxed) {
            // It has begun anew.
            self.passed_at.store(0, Ordering::Relaxed);
        }
        if pages < self.bounds.begin_anew {
            self.tried_at.store(0, Ordering::Relaxed);
        } else if pages - self.tried_at.load(Ordering::Relaxed) >= self.bounds.begin_anew / TRIED_AGAIN_AFTER {
            self.begin_anew(connection, pages);
        }
        if pages - self.passed_at.load(Ordering::Relaxed) >= self.bounds.pass {
            self.passed_at.store(pages, Ordering::Relaxed);
            self.wal.pass_is_due.store(true, Ordering::Relaxed);
            self.wake();
        }
    }

    /// The thread copies all the time, so that little is left; it is waited for only where the disk is so slow that it does not keep
    /// up. Then the next commit begins the WAL anew.
    fn begin_anew(&self, connection: &Connection, pages: i32) {
        let copying = match pages >= self.bounds.begin_anew.saturating_mul(2) {
            true => Some(self.wal.copying.lock()),
            false => self.wal.copying.try_lock(),
        };
        if copying.is_none() {
            return;
        }
        self.tried_at.store(pages, Ordering::Relaxed);
        if let Err(error) = pass(connection, "PASSIVE") {
            warn(self.what, &error);
        }
    }

    /// Copies everything and empties the WAL; waits for those who read.
    ///
    /// # Errors
    /// SQLite's, or somebody reads for too long.
    pub fn settle(&self) -> Result<(), SettleError> {
        let _copying = self.wal.copying.lock();
        let emptied = open(&self.path).and_then(|connection| pass(&connection, "TRUNCATE"));
        match emptied {
            Ok(true) => Ok(()),
            Ok(false) => Err(SettleError::InUse { path: self.path.clone() }),
            Err(error) => Err(SettleError::Sqlite { path: self.path.clone(), error: error.into() }),
        }
    }

    fn dirty(&self) {
        if !self.wal.is_dirty.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(wake) = &self.wake {
            // Full: it is about to look anyway.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(file = self.what, "the copying of a write-ahead log had panicked");
        }
    }
}

/// What the thread is called among the tasks of the process.
fn thread_of(what: &str) -> &'static str {
    match what {
        "the event log" => "event log checkpoints",
        "the views" => "views checkpoints",
        "a vault" | "the vault" => "vault checkpoints",
        "the metric windows" => "windows checkpoints",
        _ => "checkpoints",
    }
}

/// What the thread has.
struct Copier {
    path: PathBuf,
    what: &'static str,
    idle: Duration,
    wal: Arc<WalState>,
}

impl Copier {
    fn run(&self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            // Until it is idle and empty.
            while self.wal.is_dirty.load(Ordering::Acquire) {
                if self.wal.pass_is_due.swap(false, Ordering::Relaxed) {
                    self.copy("PASSIVE");
                }
                let commits = self.wal.commits.load(Ordering::Relaxed);
                match woken.recv_timeout(self.idle) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) if commits == self.wal.commits.load(Ordering::Relaxed) => {
                        self.empty();
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        }
    }

    /// First what holds nobody up, then the little that came meanwhile.
    fn empty(&self) {
        // Before: a commit that comes meanwhile makes it dirty again.
        self.wal.is_dirty.store(false, Ordering::Release);
        if !self.copy("PASSIVE") || !self.copy("TRUNCATE") {
            self.wal.is_dirty.store(true, Ordering::Release);
        }
    }

    /// Whether all was copied. The connection is kept while it is good.
    fn copy(&self, mode: &str) -> bool {
        let mut kept = self.wal.copying.lock();
        let opened = match kept.take() {
            Some(connection) => Ok(connection),
            None => open(&self.path).and_then(|connection| {
                // With a lock in hand nobody is waited for: those who write would wait too.
                connection.busy_timeout(Duration::ZERO)?;
                Ok(connection)
            }),
        };
        match opened.and_then(|connection| Ok((pass(&connection, mode)?, connection))) {
            Ok((is_all, connection)) => {
                *kept = Some(connection);
                is_all
            }
            Err(error) => {
                warn(self.what, &error);
                // It is tried again with the next commit, not all the time.
                true
            }
        }
    }
}

/// FULL also where the writer is told NORMAL: what has left the WAL must be in the file.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON; PRAGMA cache_size = -1024;")?;
    Ok(connection)
}

/// Copies what this mode copies; whether that is all.
fn pass(connection: &Connection, mode: &str) -> rusqlite::Result<bool> {
    let outcome = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        let (is_busy, in_wal, copied) = (row.get::<_, bool>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?);
        Ok(!is_busy && copied >= in_wal)
    });
    match outcome {
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if matches!(failure.code, rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) =>
        {
            Ok(false)
        }
        outcome => outcome,
    }
}

fn warn(what: &str, error: &rusqlite::Error) {
    match trouble(error) {
        FailureKind::Damaged => tracing::error!(file = what, %error, "a write-ahead log can't be copied into its file"),
        FailureKind::Full | FailureKind::ReadOnly | FailureKind::Passing => {
            tracing::warn!(file = what, %error, "a write-ahead log can't be copied into its file now");
        }
    }
}

/// How many bytes stand in the WAL of the file.
#[cfg(test)]
fn wal_bytes(path: &Path) -> u64 {
    std::fs::metadata(crate::files::beside(path, "-wal")).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { pass: 16, begin_anew: 64, idle: Duration::from_secs(3_600) };

    struct Written {
        directory: tempfile::TempDir,
        writer: Connection,
    }

    impl Written {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let writer = Connection::open(directory.path().join("file")).expect("SQLite does it");
            writer.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a BLOB);").expect("SQLite does it");
            Checkpointer::watch(&writer);
            Self { directory, writer }
        }

        fn path(&self) -> PathBuf {
            self.directory.path().join("file")
        }

        fn write(&self, checkpointer: &Checkpointer) {
            self.writer.execute("INSERT INTO t VALUES (zeroblob(20000))", []).expect("SQLite does it");
            checkpointer.after_commit(&self.writer);
        }
    }

    #[test]
    fn the_log_stays_bounded_while_commits_never_cease() {
        let written = Written::new();
        let checkpointer = Checkpointer::start(&written.path(), "a test", BOUNDS).expect("SQLite does it");
        for _ in 0..500 {
            written.write(&checkpointer);
        }
        let most = 3 * u64::from(BOUNDS.begin_anew.unsigned_abs()) * 4096;
        assert!(wal_bytes(&written.path()) <= most, "{} bytes", wal_bytes(&written.path()));
    }

    #[test]
    fn settled_it_is_empty_and_the_file_alone_is_whole() {
        let written = Written::new();
        let checkpointer = Checkpointer::start(&written.path(), "a test", BOUNDS).expect("SQLite does it");
        written.write(&checkpointer);
        let in_file = |path: &Path| {
            let copy = tempfile::tempdir().expect("a directory");
            std::fs::copy(path, copy.path().join("file")).expect("SQLite does it");
            let reader = Connection::open(copy.path().join("file")).expect("SQLite does it");
            reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap_or(0)
        };
        assert_eq!(in_file(&written.path()), 0, "the test can't tell");
        checkpointer.settle().expect("SQLite does it");
        assert_eq!((wal_bytes(&written.path()), in_file(&written.path())), (0, 1));
    }

    #[test]
    fn whoever_reads_is_waited_for_and_then_said() {
        let written = Written::new();
        let checkpointer = Checkpointer::start(&written.path(), "a test", BOUNDS).expect("SQLite does it");
        let reader = Connection::open(written.path()).expect("SQLite does it");
        reader.execute_batch("BEGIN; SELECT count(*) FROM t").expect("SQLite does it");
        let held = reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).expect("SQLite does it");
        written.write(&checkpointer);
        assert!(checkpointer.settle().is_err(), "{held} rows are being read");
    }

    #[test]
    fn it_is_emptied_once_nothing_is_committed_any_more() {
        let written = Written::new();
        let bounds = Bounds { idle: Duration::ZERO, ..BOUNDS };
        let checkpointer = Checkpointer::start(&written.path(), "a test", bounds).expect("SQLite does it");
        written.write(&checkpointer);
        while wal_bytes(&written.path()) > 0 {
            std::thread::yield_now();
        }
    }
}
