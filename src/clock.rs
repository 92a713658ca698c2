//! Whether this machine's clock can be right: it was set, or the log's last event is ahead of it.
//!
//! What doesn't live here: what is put off until a clock runs evenly (`commands`), and windows that are counted anew (`streaming`).
//! Nothing here changes what is done; it is told, in the log and in `/readyz`.

use crate::units;
use commands::{Clock, SystemClock};
use domain::Timestamp;
use eventlog::{LogError, Position};
use journal::Journal;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const LOOKED_EVERY: Duration = Duration::from_secs(10);
/// So much two clocks may differ, and a clock that is put right may move.
const TOLERATED_MS: i64 = 60_000;

/// What was seen last. Cheap to clone.
#[derive(Clone)]
pub struct ClockWatch {
    journal: Journal,
    clock: Arc<dyn Clock>,
    seen: Arc<Mutex<Drift>>,
}

#[derive(Default)]
struct Drift {
    /// The last event's time, where it is ahead.
    ahead: Option<Timestamp>,
    /// How far the clock was ahead of the time that passes.
    offset_ms: Option<i64>,
}

impl ClockWatch {
    pub fn new(journal: Journal) -> Self {
        Self { journal, clock: Arc::new(SystemClock), seen: Arc::default() }
    }

    /// What people should know now.
    pub fn trouble(&self) -> Option<String> {
        self.seen.lock().ahead.map(|at| {
            let ahead = u64::try_from(at.as_millis() - self.clock.now().as_millis()).unwrap_or(0);
            let ahead = units::duration(Duration::from_millis(ahead));
            format!("the log's last event is of {at}, {ahead} ahead of this machine's clock; set the clock right, or wait until then")
        })
    }

    /// Looks once.
    ///
    /// # Errors
    /// The log is away; who asks for that, asks elsewhere.
    pub async fn look(&self) -> Result<(), LogError> {
        self.compare_with_time();
        let last = match self.journal.head().await? {
            Position::START => None,
            head => self.journal.log().read_all(Position(head.0 - 1), 1).await?.pop(),
        };
        let at = last.map(|event| Timestamp::from(event.recorded_at));
        self.note(at.filter(|at| at.as_millis() - self.clock.now().as_millis() > TOLERATED_MS));
        Ok(())
    }

    fn compare_with_time(&self) {
        // Milliseconds since a process began fit.
        let running = i64::try_from(self.clock.running().as_millis()).unwrap_or(i64::MAX);
        let offset = self.clock.now().as_millis() - running;
        let before = self.seen.lock().offset_ms.replace(offset);
        if let Some(before) = before.filter(|before| (offset - before).abs() > TOLERATED_MS) {
            let seconds = (offset - before) / 1_000;
            tracing::warn!(seconds, now = %self.clock.now(), "the clock of this machine was set");
        }
    }

    fn note(&self, ahead: Option<Timestamp>) {
        let before = std::mem::replace(&mut self.seen.lock().ahead, ahead);
        match (before, ahead) {
            (None, Some(last_event)) => {
                let now = self.clock.now();
                tracing::warn!(%last_event, %now, "the log's last event is ahead of this machine's clock");
            }
            (Some(_), None) => tracing::info!("the log's last event is no longer ahead of this machine's clock"),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    /// Looks again and again until told to stop.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        while stop.run_until_cancelled(tokio::time::sleep(LOOKED_EVERY)).await.is_some() {
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "whether the clock can be right is not known");
            }
        }
        Ok(())
    }
}
