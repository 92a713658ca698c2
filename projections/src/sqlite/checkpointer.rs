//! Moves what was committed from the write-ahead log into the file, on a thread of its own, so that no batch waits for the
//! disk. The guarantee: the write-ahead log stays bounded, also while batches never cease.

use super::trouble;
use crate::store::StoreError;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// About how much is committed between two passes.
const PASS_EVERY_BYTES: usize = 4 * 1024 * 1024;
/// Pages in the write-ahead log beyond which the writer itself waits until it is moved and begins it anew.
const LONGEST_PAGES: i64 = 16_384;

pub(super) struct Checkpointer {
    since_pass: Mutex<usize>,
    too_long: Arc<AtomicBool>,
    /// Taken only when the store is closed.
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path).map_err(|error| trouble("opening it", &error))?;
        let (wake, woken) = sync_channel(1);
        let too_long = Arc::new(AtomicBool::new(false));
        let thread = tasks::thread("views checkpoints", {
            let too_long = Arc::clone(&too_long);
            move || run(&connection, &woken, &too_long)
        });
        let thread = thread.map_err(|error| StoreError::Unavailable(format!("no thread can be started: {error}")))?;
        Ok(Self { since_pass: Mutex::new(0), too_long, wake: Some(wake), thread: Some(thread) })
    }

    /// So many bytes were committed. Starts a pass when it is time; when the write-ahead log has become too long, makes the
    /// caller wait for it with the writer in hand.
    pub fn wrote<C: Deref<Target = Connection>>(&self, bytes: usize, writer: impl FnOnce() -> C) {
        if self.too_long.swap(false, Ordering::Relaxed) {
            // Readers that hold it up go on soon; then a later batch begins it anew.
            let _ = pass(&writer(), "RESTART");
        }
        let mut since_pass = self.since_pass.lock();
        *since_pass += bytes;
        if *since_pass >= PASS_EVERY_BYTES {
            *since_pass = 0;
            if let Some(wake) = &self.wake {
                // Full: a pass is due already.
                let _ = wake.try_send(());
            }
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that moves the views' write-ahead log had panicked");
        }
    }
}

fn run(connection: &Connection, woken: &Receiver<()>, too_long: &AtomicBool) {
    let _ = connection.busy_timeout(Duration::from_secs(1));
    while woken.recv().is_ok() {
        match pass(connection, "PASSIVE") {
            Ok(pages) => too_long.store(pages > LONGEST_PAGES, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "the views' write-ahead log could not be moved; trying again later"),
        }
    }
}

/// One pass; gives how many pages the write-ahead log has.
fn pass(connection: &Connection, mode: &str) -> rusqlite::Result<i64> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(1))
}
