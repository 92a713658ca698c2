//! The forwarder: every event of the log to Apache Kafka, exactly once and in order for whoever reads committed records.
//!
//! What lives here: [`Forwarder`], which follows the log and hands batches ([`gathered`]) to a producer of its own ([`producer`]);
//! what a record looks like ([`message`]); the topics ([`topics`]); how far it has come ([`checkpoint`]); and the comparison of log
//! and topics ([`check`]). What doesn't: what an event means. Personal data stays sealed, as it is stored.
//!
//! **Exactly once.** A batch is one transaction, and the log's position stands in it, in a compacted topic. Whoever starts
//! fences all before it (`transactional.id`), and only then reads how far the log was forwarded. A forwarder that was fenced
//! stands by, and takes over when the one that fenced it no longer moves.

mod check;
mod checkpoint;
mod client;
mod deliveries;
mod error;
mod failure;
mod fault;
mod gathered;
mod message;
mod producer;
mod refill;
mod refusals;
mod security;
mod topic_trouble;
mod topics;

pub use check::{CheckPart, CheckReport, Difference, DifferenceKind, check};
pub use error::ForwardError;
pub use fault::{KafkaFault, Unreachable};
pub use refill::{refill, resume};
pub use security::{ClientCertificate, Mechanism, Sasl, Security, SecurityError, Tls};
pub use topic_trouble::{Loss, TopicTrouble};

use crate::windows::CatchUp;
use checkpoint::{ForwardedUpTo, Watch};
use eventlog::{Checkpoint, EventLog, LogError, LogId, Mismatch, Position};
use gathered::Gathered;
use health::{Failing, Outcomes};
use parking_lot::Mutex;
use producer::{Began, Committed, Producing};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use topics::Topics;

/// How long it waits before it tries again; doubled up to the longest, and up to a half more by chance.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long one that was fenced waits at most for the other to move. Longer than any transaction lives.
const LONGEST_STAND_BY: Duration = Duration::from_secs(150);
/// How often it is looked whether what is there to forward moves.
const LOOKED_EVERY: Duration = Duration::from_secs(1);
/// Brokers that take nothing for so long, or say nothing at the beginning, are in trouble, whatever the library still hopes for.
const MOVES_WITHIN: Duration = Duration::from_secs(5);
/// The most events of one transaction. A transaction takes some 50 ms, however small it is: catching up lives of large ones.
const BATCH_EVENTS: usize = 5_000;
/// The most bytes of one transaction, unless one event has more.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Where and how to forward.
#[derive(Clone, Debug)]
pub struct ForwarderOptions {
    /// `host:port`, with commas between.
    pub brokers: String,
    pub security: Security,
    /// Before the names of all topics, and of the transactional id: `cartlog` gives `cartlog.cart`.
    pub prefix: String,
    /// Of each topic that has to be made. Never changed afterwards: the order of a stream's events hangs on it.
    pub partitions: i32,
    /// Copies of each partition of topics that have to be made; -1: as the brokers are set.
    pub replication: i32,
    /// How long a forwarder that was fenced waits for the other one to move before it takes over.
    pub stand_by_for: Duration,
    /// How long the brokers may take to make the topics, to tell where the position is, or to say anything at all while topics are read.
    pub patience: Duration,
}

impl ForwarderOptions {
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            security: Security::default(),
            prefix: "cartlog".to_owned(),
            partitions: crate::record::PARTITIONS,
            replication: -1,
            stand_by_for: Duration::from_secs(10),
            patience: Duration::from_secs(30),
        }
    }
}

/// How the forwarder is.
#[derive(Clone, Debug, Default)]
pub struct ForwarderStatus {
    /// Up to where committed.
    pub position: Position,
    /// Another one is at work; this one waits.
    pub standing_by: bool,
    /// Everything in the log was forwarded when it last looked.
    pub caught_up: bool,
    /// What keeps it from going on; it tries again.
    pub trouble: Option<String>,
}

/// Forwards the log. Cheap to clone.
#[derive(Clone)]
pub struct Forwarder {
    log: Arc<dyn EventLog>,
    options: Arc<ForwarderOptions>,
    status: Arc<Mutex<ForwarderStatus>>,
}

impl Forwarder {
    pub fn new(log: Arc<dyn EventLog>, options: ForwarderOptions) -> Self {
        Self { log, options: Arc::new(options), status: Arc::default() }
    }

    pub fn status(&self) -> ForwarderStatus {
        self.status.lock().clone()
    }

    /// Forwards until told to stop; a transaction under way is finished first. Passing troubles are waited out. `progress` is
    /// told how far catching up is.
    ///
    /// # Errors
    /// What trying again doesn't mend: most of all a position in Kafka that is not of this log.
    pub async fn run(
        &self,
        stop: CancellationToken,
        mut progress: impl FnMut(CatchUp) + Send,
    ) -> Result<(), ForwardError> {
        let (mut pause, mut patience) = (FIRST_PAUSE, self.options.stand_by_for / 2);
        loop {
            let position = self.status.lock().position;
            let outcome = self.forward(&stop, &mut pause, &mut progress).await;
            let Err(error) = outcome else { return Ok(()) };
            if !error.retry().helps() {
                tracing::error!(%error, "the log is no longer forwarded to Kafka");
                self.status.lock().trouble = Some(error.to_string());
                return Err(error);
            }
            let stood_by = match error {
                ForwardError::Fenced => {
                    // One whose transactions take as long as that was not gone: the next time it gets longer.
                    patience = if self.status.lock().position > position {
                        self.options.stand_by_for
                    } else {
                        (patience * 2).min(LONGEST_STAND_BY)
                    };
                    self.stand_by(&stop, patience).await
                }
                error => {
                    tracing::warn!(%error, pause_ms = pause.as_millis() as u64, "forwarding to Kafka waits");
                    self.status.lock().trouble = Some(error.to_string());
                    Ok(())
                }
            };
            if let Err(error) = stood_by {
                self.status.lock().trouble = Some(error.to_string());
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(jittered(pause)) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One producer's life.
    async fn forward(
        &self,
        stop: &CancellationToken,
        pause: &mut Duration,
        progress: &mut (impl FnMut(CatchUp) + Send),
    ) -> Result<(), ForwardError> {
        let log_id = self.log.log_id().await?;
        let beginning = self.begin(log_id);
        tokio::pin!(beginning);
        let (mut producing, from) = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            begun = &mut beginning => begun?,
            () = tokio::time::sleep(MOVES_WITHIN) => {
                self.say_first("Kafka does not answer yet");
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    begun = beginning => begun?,
                }
            }
        };
        {
            let mut status = self.status.lock();
            (status.position, status.standing_by, status.trouble) = (from, false, None);
        }
        let mut events = Gathered::new(self.log.subscribe(from));
        let queue = producing.queue();
        let mut commits = producing.commits();
        // What stood in the log when it began must be forwarded before it is said to be up with it.
        let mut target = self.log.head().await?.max(from);
        let watching = self.watch(commits.clone(), producing.reaches(), from);
        tokio::pin!(watching);
        // No branch waits for the log: what another has begun there, and holds for it, goes on only here.
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                ended = producing.failed() => return Err(ended.into()),
                Ok(()) = commits.changed() => {
                    let position = commits.borrow_and_update().0;
                    self.committed(position.unwrap_or(from), from, target, progress);
                    *pause = FIRST_PAUSE;
                }
                never = &mut watching => match never {},
                room = queue.room(events.waiting_since()), if events.is_some() => {
                    let Some(room) = room? else { return Err(producing.failed().await.into()) };
                    let batch = events.take();
                    target = batch.last().map_or(target, |last| last.position.max(target));
                    room.send(batch);
                }
                // While the producer is busy, the next transaction grows.
                gathered = events.gather(), if events.has_room() => gathered?,
            }
        }
        drop(queue);
        producing.end().await?;
        let position = commits.borrow().0;
        self.committed(position.unwrap_or(from), from, target, progress);
        Ok(())
    }

    /// Looks at the topics, fences whoever was before, and finds where to go on: nowhere, while a topic would lose or double something.
    async fn begin(&self, log_id: LogId) -> Result<(Producing, Position), ForwardError> {
        let topics = Topics::look(&self.options).await?;
        topics.check(&self.options)?;
        topics::make_position(&self.options, &topics).await?;
        let of_events = topics.of_events(&self.options);
        // First without fencing anybody: it may be an operator who is filling a topic.
        let options = Arc::clone(&self.options);
        let here = of_events.clone();
        let (stored, ends) = client::blocking(move || topics::standing(&options, &here)).await?;
        self.check_whole(&topics, stored.as_ref(), &ends).await?;
        let starting = Producing::start(Arc::clone(&self.options), log_id, of_events);
        let (producing, Began { stored, ends }) = starting.await?;
        self.check_whole(&topics, stored.as_ref(), &ends).await?;
        let from = place_of(self.log.as_ref(), stored.map(|stored| stored.checkpoint()), log_id).await?;
        topics::make_of_events(&self.options, &topics.missing(&self.options)).await?;
        Ok((producing, from))
    }

    async fn check_whole(
        &self,
        topics: &Topics,
        stored: Option<&ForwardedUpTo>,
        ends: &BTreeMap<String, u64>,
    ) -> Result<(), ForwardError> {
        match stored {
            Some(stored) => topics::check_whole(self.log.as_ref(), &self.options, topics, stored, ends).await,
            None => {
                let (options, of_events) = (Arc::clone(&self.options), topics.of_events(&self.options));
                client::blocking(move || topics::check_empty(&options, &of_events)).await
            }
        }
    }

    /// What nobody has said before.
    fn say_first(&self, trouble: &str) {
        self.status.lock().trouble.get_or_insert_with(|| trouble.to_owned());
    }

    /// Says whether what is there to forward moves, and, where there is nothing, whether the brokers are there. A log that is away is
    /// waited for by whoever reads it, not here.
    async fn watch(&self, commits: watch::Receiver<Committed>, reaches: Arc<Outcomes>, from: Position) -> Infallible {
        let mut looks = tokio::time::interval(LOOKED_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut still: Option<(Position, Instant)> = None;
        loop {
            looks.tick().await;
            let at = commits.borrow().0.unwrap_or(from);
            let head = self.log.head().await.unwrap_or(at);
            still = (head > self.log.scanned(at)).then(|| match still {
                Some((position, since)) if position == at => (position, since),
                Some(_) | None => (at, Instant::now()),
            });
            let waits = still.map(|(_, since)| since.elapsed()).filter(|waits| *waits >= MOVES_WITHIN);
            self.status.lock().trouble = match (waits, reaches.failing()) {
                (_, Some(Failing { reason, .. })) => Some(format!("Kafka: {reason}")),
                (Some(waits), None) => {
                    Some(format!("Kafka has taken nothing for {} s, and there is more", waits.as_secs()))
                }
                (None, None) => None,
            };
        }
    }

    fn committed(&self, position: Position, from: Position, target: Position, progress: &mut impl FnMut(CatchUp)) {
        {
            let mut status = self.status.lock();
            status.position = position.max(status.position);
            status.caught_up = position >= target;
        }
        progress(CatchUp { done: position.0.saturating_sub(from.0), total: target.0.saturating_sub(from.0) });
    }

    /// Waits until the forwarder that took over no longer moves though there is something to forward.
    async fn stand_by(&self, stop: &CancellationToken, patience: Duration) -> Result<(), ForwardError> {
        {
            let mut status = self.status.lock();
            if !status.standing_by {
                tracing::info!("another forwarder is at work; standing by");
            }
            (status.standing_by, status.trouble) = (true, None);
        }
        let starting = Watch::start(Arc::clone(&self.options), stop.clone());
        let mut watch = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            watch = starting => watch?,
        };
        loop {
            let waited = tokio::time::sleep(jittered(patience));
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = waited => {}
            }
            let (moved, forwarded) = watch.look().await?;
            if stop.is_cancelled() {
                return Ok(());
            }
            if let Some(forwarded) = &forwarded {
                self.status.lock().position = forwarded.position;
            }
            let (log_id, head) = (self.log.log_id().await?, self.log.head().await?);
            let all_is_forwarded = |last: &Checkpoint| last.log_id == log_id && last.position >= head;
            if !moved && !forwarded.as_ref().is_some_and(all_is_forwarded) {
                tracing::info!("the other forwarder does not move; taking over");
                return Ok(());
            }
        }
    }
}

/// Where in this log to go on: after the event that was forwarded last. A log that was copied has other positions and the
/// same events.
async fn place_of(log: &dyn EventLog, stored: Option<Checkpoint>, log_id: LogId) -> Result<Position, ForwardError> {
    let Some(stored) = stored else { return Ok(Position::START) };
    let foreign = |reason| LogError::ForeignCheckpoint { log_id: stored.log_id, position: stored.position, reason };
    if stored.log_id == log_id {
        let before = Position(stored.position.0.saturating_sub(1));
        let found = log.read_all(before, 1).await?;
        return match found.first() {
            Some(event) if event.position == stored.position && event.id == stored.event_id => Ok(stored.position),
            Some(_) | None => Err(foreign(Mismatch::NotWhereForwarded).into()),
        };
    }
    tracing::info!(of = %stored.log_id, %log_id, "the log is another one; looking for the event that was forwarded last");
    let mut after = Position::START;
    loop {
        let events = log.read_all(after, BATCH_EVENTS).await?;
        let Some(last) = events.last() else {
            return Err(foreign(Mismatch::NeverForwarded).into());
        };
        if let Some(found) = events.iter().find(|event| event.id == stored.event_id) {
            return Ok(found.position);
        }
        after = last.position;
    }
}

/// Up to a half more, so that two don't try at the same moments.
#[expect(clippy::disallowed_methods, reason = "chance in a pause alone")]
fn jittered(pause: Duration) -> Duration {
    let chance = f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 510.0;
    pause.mul_f64(1.0 + chance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventlog::{ExpectedRevision, MemoryLog, NewEvent, StreamName};
    use uuid::Uuid;

    async fn a_log_with_one_event() -> (Arc<MemoryLog>, Position) {
        let log = Arc::new(MemoryLog::new());
        let event =
            NewEvent { id: Uuid::now_v7(), event_type: "E".to_owned(), data: "{}".into(), metadata: "{}".into() };
        let appended = log.append(&StreamName::new("cart-1"), ExpectedRevision::NoStream, vec![event]).await;
        (log, appended.expect("it is stored").position)
    }

    /// Whatever the library hopes for: it keeps what it can't send for minutes.
    #[tokio::test(start_paused = true)]
    async fn brokers_that_take_nothing_or_are_not_there_are_told_before_anything_fails() {
        let (log, head) = a_log_with_one_event().await;
        let forwarder = Forwarder::new(log, ForwarderOptions::new("nowhere:1"));
        let (commit, commits) = watch::channel(Committed(None));
        let reaches: Arc<Outcomes> = Arc::default();
        let watching = forwarder.watch(commits, Arc::clone(&reaches), Position::START);
        let trouble = async |after: Duration| {
            tokio::time::sleep(after).await;
            forwarder.status().trouble
        };
        let asking = async {
            assert_eq!(trouble(MOVES_WITHIN / 2).await, None);
            let told = trouble(MOVES_WITHIN).await.expect("nothing has moved");
            assert!(told.contains("has taken nothing for"), "{told}");
            commit.send_replace(Committed(Some(head)));
            assert_eq!(trouble(LOOKED_EVERY * 2).await, None);
            // There is nothing to forward, and a look finds nobody.
            reaches.failed("no broker is there");
            assert_eq!(trouble(LOOKED_EVERY * 2).await.as_deref(), Some("Kafka: no broker is there"));
            reaches.succeeded();
            assert_eq!(trouble(LOOKED_EVERY * 2).await, None);
        };
        tokio::select! {
            never = watching => match never {},
            () = asking => {}
        }
    }
}
