//! The metric windows, embedded: one SQLite file and the worker that counts into it.

use super::blocking;
use crate::status::Follower;
use anyhow::Result;
use commands::{Clock, SystemClock};
use eventlog::Position;
use journal::Journal;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use streaming::{CatchUp, Side, SqliteWindows, WindowStore, Windows, Worker};
use tokio_util::sync::CancellationToken;

/// The name that people call the windows by.
pub const NAME: &str = "windows";

/// Counts the windows and knows how they are. Cheap to clone.
#[derive(Clone)]
pub struct WindowsCounter {
    store: Arc<SqliteWindows>,
    worker: Arc<Worker>,
    /// Why nobody counts any more, once trying again can't help.
    stopped: Arc<Mutex<Option<String>>>,
}

impl WindowsCounter {
    pub async fn open(path: &Path, journal: &Journal) -> Result<Self> {
        let file = path.to_owned();
        let store = Arc::new(blocking(move || Ok(SqliteWindows::open(&file)?)).await?);
        let clock: streaming::Clock = Arc::new(|| SystemClock.now());
        let worker = Worker::new(journal.clone(), Arc::clone(&store) as Arc<dyn WindowStore>, clock);
        Ok(Self { store, worker: Arc::new(worker), stopped: Arc::default() })
    }

    pub fn windows(&self) -> Windows {
        self.worker.windows()
    }

    /// Why nobody counts any more.
    pub fn stopped(&self) -> Option<String> {
        self.stopped.lock().clone()
    }

    /// Counts until told to stop. Passing troubles are waited out.
    pub async fn run(&self, stop: CancellationToken, progress: impl FnMut(u64, u64) + Send) -> Result<()> {
        *self.stopped.lock() = None;
        let outcome = self.worker.run(stop, tell(progress)).await.map_err(anyhow::Error::from);
        *self.stopped.lock() = outcome.as_ref().err().map(|error| format!("{error:#}"));
        outcome
    }

    /// Counts the whole log anew.
    pub async fn rebuild(&self, progress: impl FnMut(u64, u64) + Send) -> Result<()> {
        Ok(self.worker.rebuild(tell(progress)).await?)
    }

    /// How far they are, also while nobody counts.
    pub async fn position(&self) -> Result<Position> {
        let state = self.store.state(Side::Live).await?;
        Ok(state.checkpoint.map_or(Position::START, |checkpoint| checkpoint.position))
    }

    /// What people should know beside the position.
    pub async fn describe(&self, position: Position, follower: &mut Follower) -> Result<()> {
        let status = self.windows().status();
        let skipped = self.store.state(Side::Live).await?.skipped;
        follower.position = position.0;
        follower.state = match (&status.trouble, status.rebuilding) {
            (Some(trouble), _) => format!("waits: {trouble}"),
            (None, Some(CatchUp { done, total })) => format!("being rebuilt, {done} of {total}"),
            (None, None) if skipped > 0 => format!("{skipped} events can't be read and don't count"),
            (None, None) => "well".to_owned(),
        };
        Ok(())
    }
}

fn tell(mut progress: impl FnMut(u64, u64) + Send) -> impl FnMut(CatchUp) + Send {
    move |CatchUp { done, total }| progress(done, total)
}
