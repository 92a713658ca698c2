//! Brings the log's events to the windows: from the checkpoint on, in batches, for as long as the process lives.
//!
//! What lives here: following, resuming, rebuilding. What doesn't: what an event adds (`metric`, `batch`). The guarantee: each
//! event counts once, whatever stops the worker and wherever, since counts move only with the checkpoint.

use crate::WorkerError;
use crate::batch::{Batch, Horizon, MAY_STEP_BACK, Skipped};
use crate::store::{SKIPPED_KEPT, Side, Swap, WindowStore, WindowStoreError};
use crate::windows::{CatchUp, Windows, WorkerReport};
use domain::{StoreId, Timestamp};
use eventlog::{Checkpoint, LogId, Position};
use journal::{Delivery, Follower, Journal};
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How many events are folded and stored at a time.
const BATCH_EVENTS: usize = 1_000;
/// How long the worker waits before it tries again; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often the worker looks whether its clock was set back, where nothing else makes it look.
const CLOCK_LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// How long after counting anew because of the clock it is not done again: of two nodes whose clocks are days apart, each would undo
/// the other's.
const COUNTED_ANEW_EVERY: Duration = Duration::from_secs(60 * 60);

/// What time it is. Only says what has expired: counts go by the events' own times.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Keeps the windows up with the log. One runs; a second one on the same windows does no harm, as each event still counts
/// once.
pub struct Worker {
    journal: Journal,
    store: Arc<dyn WindowStore>,
    clock: Clock,
    /// Windows of another log are counted anew from this one, in the place of being left alone.
    accept_log: bool,
    report: Arc<WorkerReport>,
    rebuilding: tokio::sync::Mutex<()>,
    /// The latest clock by which this worker itself dropped something, since it last counted anew.
    dropped_by: Mutex<Option<Timestamp>>,
    /// When the clock last made it count anew.
    counted_anew_at: Mutex<Option<Instant>>,
}

/// Is told how far catching up is.
type Progress<'a> = &'a mut (dyn FnMut(CatchUp) + Send);
type BoxFuture<'a> = Pin<Box<dyn Future<Output = Result<(), WorkerError>> + Send + 'a>>;

/// When a run is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Stopped,
    CaughtUp,
    Swapped,
}

impl Worker {
    pub fn new(journal: Journal, store: Arc<dyn WindowStore>, clock: Clock) -> Self {
        let (report, rebuilding, dropped_by, counted_anew_at) = Default::default();
        Self { journal, store, clock, accept_log: false, report, rebuilding, dropped_by, counted_anew_at }
    }

    /// The same, for windows that another log may have filled: they are counted anew from this one.
    pub fn accepting_log(self, accept_log: bool) -> Self {
        Self { accept_log, ..self }
    }

    /// What answers queries and says how far this worker is.
    pub fn windows(&self) -> Windows {
        Windows::new(Arc::clone(&self.store), Arc::clone(&self.report))
    }

    /// Follows the log until told to stop; what is being stored is finished first. `progress` is told how far catching up
    /// is, until it has caught up. Passing troubles are waited out.
    ///
    /// # Errors
    /// Whatever trying again doesn't mend, most of all windows that are of another log.
    pub async fn run(
        &self,
        stop: CancellationToken,
        mut progress: impl FnMut(CatchUp) + Send,
    ) -> Result<(), WorkerError> {
        self.drive(Side::Live, Until::Stopped, &stop, &mut progress).await
    }

    /// Counts what the log holds, up to its head as it is met, and returns.
    pub async fn catch_up(&self, mut progress: impl FnMut(CatchUp) + Send) -> Result<(), WorkerError> {
        self.drive(Side::Live, Until::CaughtUp, &CancellationToken::new(), &mut progress).await
    }

    /// Counts the whole log anew, beside what answers queries meanwhile, and takes its place in one step once it has come
    /// as far. Windows of another log are replaced too; a worker that stopped on them must then be started again. Dropped
    /// half-way, it leaves everything as it was; the next one begins from the start.
    ///
    /// # Errors
    /// [`WorkerError::Rebuilding`] while another one runs.
    pub async fn rebuild(&self, mut progress: impl FnMut(CatchUp) + Send) -> Result<(), WorkerError> {
        self.count_anew(&CancellationToken::new(), &mut progress).await
    }

    /// Boxed: following the live side may begin with it, and it follows the log for the other side.
    fn count_anew<'a>(&'a self, stop: &'a CancellationToken, progress: Progress<'a>) -> BoxFuture<'a> {
        Box::pin(self.build_and_swap(stop, progress))
    }

    async fn build_and_swap(&self, stop: &CancellationToken, progress: Progress<'_>) -> Result<(), WorkerError> {
        let _only_one = self.rebuilding.try_lock().map_err(|_| WorkerError::Rebuilding)?;
        let _said = SaysRebuilding(&self.report);
        self.store.begin_rebuild().await?;
        let mut progress = |now| {
            self.report.status.lock().rebuilding = Some(now);
            progress(now);
        };
        self.drive(Side::Building, Until::Swapped, stop, &mut progress).await?;
        self.report.resumed(self.store.state(Side::Live).await?);
        Ok(())
    }

    /// Follows, and after a passing trouble follows again from the checkpoint.
    async fn drive(
        &self,
        side: Side,
        until: Until,
        stop: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<(), WorkerError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let Err(error) = self.follow(side, until, stop, &mut pause, &mut *progress).await else {
                return Ok(());
            };
            self.tell(side, &error, pause);
            if error.is_damage() && side == Side::Live && self.store.begin_anew().await? {
                tracing::warn!(
                    reason = error.said(),
                    "the metric windows were damaged, and are counted anew from the log"
                );
            } else if !error.retry().helps() {
                return Err(error);
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn follow(
        &self,
        side: Side,
        until: Until,
        stop: &CancellationToken,
        pause: &mut Duration,
        progress: Progress<'_>,
    ) -> Result<(), WorkerError> {
        if let Some(damage) = self.store.damage() {
            return Err(WindowStoreError::Damaged(damage).into());
        }
        if side == Side::Live && (self.is_lost().await? || self.is_ahead_of_log().await?) {
            self.count_anew(stop, progress).await?;
        } else if side == Side::Live && self.counts_by_a_clock_that_is_past().await? {
            match self.count_anew(stop, progress).await {
                Ok(()) | Err(WorkerError::Rebuilding) => {}
                Err(error) => return Err(error),
            }
        }
        let mut fold = Fold::resume(self, side).await?;
        let from = fold.position;
        // What stands in the log now must be counted before the windows are said to be up with it: the follower may not have
        // heard of its latest events yet.
        let target = self.journal.head().await?;
        let mut catching_up = true;
        loop {
            let batch = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                batch = fold.follower.next(BATCH_EVENTS) => batch?,
                () = tokio::time::sleep(self.store.looked_at_every().unwrap_or(CLOCK_LOOKED_AT_EVERY)) => {
                    fold.look(self).await?;
                    continue;
                }
            };
            fold.store(self, batch.events).await?;
            let caught_up = batch.caught_up && fold.position >= target;
            *pause = FIRST_PAUSE;
            let head = match caught_up {
                true => fold.position,
                false => self.journal.head().await?.max(fold.position),
            };
            if catching_up {
                progress(CatchUp { done: fold.position.0 - from.0, total: head.0 - from.0 });
            }
            catching_up &= !caught_up;
            if side == Side::Live {
                self.say(caught_up);
            }
            let over = match until {
                Until::Stopped => false,
                Until::CaughtUp => caught_up,
                Until::Swapped => caught_up && self.swap().await?,
            };
            if over {
                return Ok(());
            }
        }
    }

    /// The live side is not there, and others must not get a part of it for the whole while it is counted again.
    async fn is_lost(&self) -> Result<bool, WorkerError> {
        if self.store.answers_what_is_there() || self.store.state(Side::Live).await?.checkpoint.is_some() {
            return Ok(false);
        }
        Ok(true)
    }

    /// The log was put back, or has lost its end: what was counted from what it does not hold any more must not stay counted.
    async fn is_ahead_of_log(&self) -> Result<bool, WorkerError> {
        let Some(counted) = self.store.state(Side::Live).await?.checkpoint else { return Ok(false) };
        let error = match self.journal.verify(&counted).await.map_err(WorkerError::from) {
            Ok(()) => return Ok(false),
            Err(error) => error,
        };
        let log_id = self.journal.log_id().await?;
        if !error.is_foreign() {
            return Err(error);
        }
        if counted.log_id != log_id {
            // Whoever counts these would lose them to this one, for a setting that was forgotten.
            if !self.accept_log {
                return Err(error);
            }
            tracing::warn!(before = %counted.log_id, %log_id, "the metric windows are of another log: they are counted anew from this one");
            return Ok(true);
        }
        let (windows_at, log_at) = (counted.position.0, self.journal.head().await?.0);
        tracing::warn!(
            windows_at,
            log_at,
            "the log was put back: it does not hold what the metric windows were counted from, and they are counted anew"
        );
        Ok(true)
    }

    /// The clock was set back so far that windows reach to what was dropped by the time it showed: what was dropped then is in
    /// the log.
    async fn counts_by_a_clock_that_is_past(&self) -> Result<bool, WorkerError> {
        let latest = self.store.state(Side::Live).await?.latest_clock;
        if !self.was_set_back(latest) {
            return Ok(false);
        }
        *self.counted_anew_at.lock() = Some(Instant::now());
        *self.dropped_by.lock() = None;
        tracing::warn!(
            clock = %(self.clock)(), latest = latest.map(|latest| latest.to_string()),
            "the clock was set back by more than a day; the metric windows are counted anew from the log"
        );
        Ok(true)
    }

    /// Whether the clock is too far behind the latest by which something may have been dropped.
    fn was_set_back(&self, latest: Option<Timestamp>) -> bool {
        let is_past = |latest: Timestamp| (self.clock)() < latest.minus(MAY_STEP_BACK);
        let lately = |at: Instant| at.elapsed() < COUNTED_ANEW_EVERY;
        // However often this machine's own clock is set: what it did, it undoes.
        let was_own = || self.dropped_by.lock().is_some_and(is_past);
        latest.is_some_and(is_past) && (was_own() || !self.counted_anew_at.lock().is_some_and(lately))
    }

    /// Puts what was built in place, if it has come as far as what it replaces.
    async fn swap(&self) -> Result<bool, WorkerError> {
        let live = self.store.state(Side::Live).await?.checkpoint;
        let swap = match live {
            None => Swap::WhenReached,
            Some(checkpoint) => match self.journal.verify(&checkpoint).await.map_err(WorkerError::from) {
                Ok(()) => Swap::WhenReached,
                Err(error) if error.is_foreign() => Swap::Now,
                Err(error) => return Err(error),
            },
        };
        Ok(self.store.swap(swap).await?)
    }

    fn tell(&self, side: Side, error: &WorkerError, pause: Duration) {
        let said = error.said();
        if let WorkerError::Store(WindowStoreError::Moved(_)) = error {
            // Expected when a rebuild took the live side's place.
            tracing::info!(%side, reason = said, "the metric windows resume");
            return;
        }
        if error.retry().helps() {
            tracing::warn!(%side, error = said, pause_ms = pause.as_millis() as u64, "the metric windows wait");
        } else {
            tracing::error!(%side, error = said, "the metric windows stopped");
        }
        if side == Side::Live {
            self.report.status.lock().trouble = Some(said);
        }
    }

    fn say(&self, caught_up: bool) {
        let mut status = self.report.status.lock();
        status.caught_up = caught_up;
        status.trouble = None;
    }
}

/// Says that no rebuild is under way any more, however it ended.
struct SaysRebuilding<'a>(&'a WorkerReport);

impl Drop for SaysRebuilding<'_> {
    fn drop(&mut self) {
        self.0.status.lock().rebuilding = None;
    }
}

/// One side, and the events that are brought to it.
struct Fold {
    side: Side,
    log_id: LogId,
    follower: Follower,
    /// The side's checkpoint.
    position: Position,
    /// The latest clock by which something may have been dropped from the side.
    latest_clock: Option<Timestamp>,
}

impl Fold {
    /// From the side's checkpoint on, which must be of this log.
    async fn resume(worker: &Worker, side: Side) -> Result<Self, WorkerError> {
        let log_id = worker.journal.log_id().await?;
        let state = worker.store.state(side).await?;
        if side == Side::Live && state.checkpoint.is_none() && !worker.store.has(side).await? {
            // It was given up since it was looked whether it is lost: begun here, it would answer with a part.
            return Err(WindowStoreError::Moved(Position::START).into());
        }
        let checkpoint = state.checkpoint.unwrap_or_else(|| Checkpoint::start(log_id));
        worker.journal.verify(&checkpoint).await?;
        if let Some(seen) = state.event_hash
            && worker.journal.is_altered(checkpoint.position, seen).await?
        {
            tracing::error!(
                %side, position = checkpoint.position.0,
                "the event at this position of the log is not what the metric windows have counted: it was altered since"
            );
        }
        let latest_clock = state.latest_clock;
        if side == Side::Live {
            worker.report.resumed(state);
        }
        let follower = worker.journal.follow(checkpoint.position);
        Ok(Self { side, log_id, follower, position: checkpoint.position, latest_clock })
    }

    /// Looks whether the side is where it was left, and the clock too: if not, begin again with what is there.
    async fn look(&self, worker: &Worker) -> Result<(), WorkerError> {
        if self.side == Side::Live && worker.was_set_back(self.latest_clock) {
            return Err(WindowStoreError::Moved(self.position).into());
        }
        if let Some(damage) = worker.store.damage() {
            return Err(WindowStoreError::Damaged(damage).into());
        }
        if worker.store.looked_at_every().is_none() {
            return Ok(());
        }
        let stored = worker.store.state(self.side).await?.checkpoint;
        let position = stored.map_or(Position::START, |checkpoint| checkpoint.position);
        if position != self.position {
            return Err(WindowStoreError::Moved(position).into());
        }
        Ok(())
    }

    /// Counts these events and moves the checkpoint.
    async fn store(&mut self, worker: &Worker, events: Vec<Delivery>) -> Result<(), WorkerError> {
        let reached = self.reached(worker, &events).await?;
        if self.side == Side::Live && worker.was_set_back(self.latest_clock) {
            return Err(WindowStoreError::Moved(self.position).into());
        }
        let horizon = Horizon::at((worker.clock)());
        let Some(batch) = Batch::fold(self.log_id, self.position, &events, &reached, horizon) else {
            return Ok(());
        };
        let (position, skipped) = (batch.checkpoint.position, batch.skipped.clone());
        worker.store.apply(self.side, batch).await?;
        self.position = position;
        self.latest_clock = self.latest_clock.max(Some(horizon.clock));
        if self.side == Side::Live {
            let mut dropped_by = worker.dropped_by.lock();
            *dropped_by = (*dropped_by).max(Some(horizon.clock));
            drop(dropped_by);
            report(worker, position, &events, skipped);
        }
        Ok(())
    }

    /// Up to where the events of these stores were counted before.
    async fn reached(&self, worker: &Worker, events: &[Delivery]) -> Result<HashMap<StoreId, Position>, WorkerError> {
        let stores: BTreeSet<StoreId> = events
            .iter()
            .filter_map(|event| match event {
                Delivery::Event(envelope) => Some(envelope.metadata.store_id),
                Delivery::Unreadable(_) => None,
            })
            .collect();
        let stores: Vec<StoreId> = stores.into_iter().collect();
        let reached = worker.store.reached(self.side, &stores, self.position).await?;
        Ok(stores.into_iter().zip(reached).collect())
    }
}

/// Tells how far the live side is, now that it is stored.
fn report(worker: &Worker, position: Position, events: &[Delivery], skipped: Vec<Skipped>) {
    metrics::counter!("cartlog_windows_events_total").increment(events.len() as u64);
    for event in &skipped {
        tracing::warn!(position = event.position.0, stream = %event.stream, event_type = %event.event_type,
            reason = %event.reason, "an event can't be read and does not count in the metric windows");
    }
    let mut status = worker.report.status.lock();
    status.skipped += skipped.len() as u64;
    status.latest_skipped.extend(skipped);
    let surplus = status.latest_skipped.len().saturating_sub(SKIPPED_KEPT);
    status.latest_skipped.drain(..surplus);
    metrics::gauge!("cartlog_windows_skipped_events").set(status.skipped as f64);
    drop(status);
    worker.report.position.send_replace(position);
}
