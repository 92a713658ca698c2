//! The metric windows: kept in one SQLite file, or in Redis, where several nodes share them; and the worker that counts.

use super::{Files, advice, blocking};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::engines::redis;
use anyhow::Result;
use commands::{Clock, SystemClock};
use eventlog::chain::EventHash;
use eventlog::{Checkpoint, Position, with_causes};
use journal::Journal;
use parking_lot::Mutex;
use std::sync::Arc;
use streaming::{CatchUp, Side, SqliteWindows, WindowStore, Windows, Worker};
use tokio_util::sync::CancellationToken;

/// The name that people call the windows by.
pub const NAME: &str = "windows";

/// Counts the windows and knows how they are. Cheap to clone.
#[derive(Clone)]
pub struct WindowsCounter {
    store: Arc<dyn WindowStore>,
    worker: Arc<Worker>,
    /// They are kept in the data directory.
    is_file: bool,
    /// Why nobody counts any more, once trying again can't help.
    stopped: Arc<Mutex<Option<String>>>,
}

impl WindowsCounter {
    /// Opens the windows where the configuration says. Redis that is away is opened all the same.
    pub async fn open(config: &Config, data: &DataDir, journal: &Journal, files: &mut Files) -> Result<Self> {
        let store = store(config, data, files).await?;
        let clock: streaming::Clock = Arc::new(|| SystemClock.now());
        let worker = Worker::new(journal.clone(), Arc::clone(&store), clock).accepting_log(config.accept_log);
        Ok(Self { store, worker: Arc::new(worker), is_file: config.windows_url.is_none(), stopped: Arc::default() })
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
        if let Ok(Some(policy)) = self.store.evicts().await {
            tracing::warn!(
                policy,
                "Redis drops what is counted when its memory is full: set maxmemory-policy to noeviction, or the metric windows are \
                 counted anew each time"
            );
        }
        let outcome =
            self.worker.run(stop, tell(progress)).await.map_err(|error| advice::counting(error, self.is_file));
        *self.stopped.lock() = outcome.as_ref().err().map(|error| with_causes(error.as_ref()));
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

    /// Up to where they were counted, and in which log.
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>> {
        Ok(self.store.state(Side::Live).await?.checkpoint)
    }

    /// Where they stand in this log, and the hash of the event there as they have counted it.
    pub async fn last_seen(&self, journal: &Journal) -> Result<Option<(Position, EventHash)>> {
        let state = self.store.state(Side::Live).await?;
        let log_id = journal.log_id().await?;
        let ours = state.checkpoint.filter(|checkpoint| checkpoint.log_id == log_id);
        Ok(ours.map(|checkpoint| checkpoint.position).zip(state.event_hash))
    }

    /// What people should know beside the position.
    pub async fn describe(&self) -> String {
        let status = self.windows().status();
        match (&status.trouble, status.rebuilding) {
            (Some(trouble), _) => format!("waits: {trouble}"),
            (None, Some(CatchUp { done, total })) => format!("being rebuilt, {done} of {total}"),
            (None, None) => match self.store.state(Side::Live).await {
                Ok(state) if state.skipped > 0 => format!("{} events can't be read and don't count", state.skipped),
                Ok(_) => "well".to_owned(),
                Err(error) => format!("not known: {error}"),
            },
        }
    }
}

async fn store(config: &Config, data: &DataDir, files: &mut Files) -> Result<Arc<dyn WindowStore>> {
    if let Some(windows) = redis::windows(config)? {
        return Ok(windows);
    }
    let (file, space) = (data.windows(), files.space().clone());
    let open = move || Ok(SqliteWindows::open(&file).map_err(advice::windows_file)?.within(space));
    let windows = Arc::new(blocking(open).await?);
    files.has(&windows);
    Ok(windows)
}

fn tell(mut progress: impl FnMut(u64, u64) + Send) -> impl FnMut(CatchUp) + Send {
    move |CatchUp { done, total }| progress(done, total)
}
