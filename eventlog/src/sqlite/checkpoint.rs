//! Copying what was committed from the write-ahead log (WAL) into the database file, on a thread of its own, so that the
//! writer doesn't stand still for it.
//!
//! The copying never overtakes the writer while that is busy, so the WAL would grow without end: beyond a bound the writer
//! copies the little that is left itself, after which the WAL starts again from its beginning.

use super::schema::open_to_checkpoint;
use parking_lot::{Mutex, MutexGuard};
use rusqlite::Connection;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// The WAL is to start again when it is so many times as long as what is copied in the background at once.
const BOUND: i32 = 8;

thread_local! {
    /// How long the WAL was after this thread's last commit, in pages.
    static WAL_PAGES: Cell<i32> = const { Cell::new(0) };
}

/// Makes the connection note the length of the WAL after each commit, instead of checkpointing it.
pub(super) fn watch(connection: &Connection) {
    connection.wal_hook(Some(|_, pages| {
        WAL_PAGES.set(pages);
        Ok(())
    }));
}

/// The thread that copies. Dropping it waits for what it is doing.
pub(super) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    /// Each time that so many pages (of 4 KiB) have come into the WAL, they are copied in the background …
    background_pages: i32,
    /// … and from so many on, the writer copies what is left, so that the WAL starts again.
    bound_pages: i32,
    /// How long the WAL was when the thread was last woken.
    woken_at: Cell<i32>,
    /// Held while the thread copies.
    copying: Arc<Mutex<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(path: &Path, pages: u32) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let (path, copying) = (path.to_owned(), Arc::new(Mutex::new(())));
        let thread = tasks::thread("event log checkpoints", {
            let copying = Arc::clone(&copying);
            move || run(&path, &copying, &woken)
        })?;
        let background_pages = i32::try_from(pages).unwrap_or(i32::MAX).max(1);
        Ok(Self {
            wake: Some(wake),
            background_pages,
            bound_pages: background_pages.saturating_mul(BOUND),
            woken_at: Cell::new(0),
            copying,
            thread: Some(thread),
        })
    }

    /// Waits for what the thread is copying, and keeps it from more as long as the guard lives: two can't copy at once.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        self.copying.lock()
    }

    /// After a commit, on the thread that made it.
    pub(super) fn after_commit(&self, connection: &Connection) {
        let pages = WAL_PAGES.get();
        if pages < self.woken_at.get() {
            // It has started again.
            self.woken_at.set(0);
        }
        if pages >= self.bound_pages {
            checkpoint(connection);
        } else if pages - self.woken_at.get() >= self.background_pages
            && let Some(wake) = &self.wake
        {
            self.woken_at.set(pages);
            // Full means that it is about to look anyway.
            wake.try_send(()).ok();
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpointing of the event log had panicked");
        }
    }
}

fn run(path: &Path, copying: &Mutex<()>, woken: &Receiver<()>) {
    let mut connection = None;
    while woken.recv().is_ok() {
        let _copying = copying.lock();
        let opened = match connection.take() {
            Some(connection) => Ok(connection),
            None => open_to_checkpoint(path),
        };
        match opened {
            Ok(opened) => connection = checkpoint(&opened).then_some(opened),
            Err(error) => tracing::warn!(%error, "the event log can't be checkpointed now"),
        }
    }
}

/// Copies what can be copied without waiting for anybody; the rest is for the next time. Says whether the connection is
/// still good.
fn checkpoint(connection: &Connection) -> bool {
    match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "the event log can't be checkpointed now");
            false
        }
    }
}
