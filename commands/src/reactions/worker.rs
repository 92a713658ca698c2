//! The worker that finds on the log what a crash left undone: reactions, holds without a cart, jobs.
//!
//! The request that decided an event does what follows from it at once; the worker looks a little later, and mostly finds it
//! done. Its checkpoint stays before the oldest event that is not settled, but for streams that can't go on: these are parked,
//! saved apart, and tried again by themselves, ever more rarely, while all others go on. Safe on several nodes.

use super::holds::UnmatchedHolds;
use super::lane::Lane;
use super::lanes::{LaneItem, Lanes, Room};
use super::pace::{LONGEST, Outage, pause};
use super::parked::{self, Parked, ReactionsStatus, WorkerProgress};
use super::pending::{Cause, Pending, Reaction, reaction};
use super::work::{Failed, carry_out};
use crate::node::Node;
use crate::{Class, CommandError, Commands};
use domain::StoreId;
use eventlog::{Checkpoint, Position};
use journal::{Delivery, Envelope, Follower};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the request that decided an event has to do itself what follows from it.
const GRACE: Duration = Duration::from_secs(5);
/// How long a command may be under way between holding stock and saying so on its cart.
const HOLD_GRACE: Duration = Duration::from_secs(30);
/// Events that are taken at once.
const BATCH: usize = 1_000;
/// How often time is looked at while something waits for its time, and how often the checkpoint is saved.
const TICK: Duration = Duration::from_millis(500);
/// What may be under way at once in a server; in a test's step one thing.
const ROOM: Room = Room { reactions: 16, of_a_store: 4, jobs: 16 };
const ONE: Room = Room { reactions: 1, of_a_store: 1, jobs: 1 };
/// Reactions and holds that may wait in memory. Beyond, the store that has the most is read again later.
const MOST_PENDING: usize = 20_000;
/// Streams, holds and jobs that are remembered one by one as parked. Beyond, the checkpoint stays before them.
const MOST_PARKED: usize = 1_000;

/// The worker. Step it in tests, run it in a server.
pub struct Reactions {
    node: Arc<Node>,
    follower: Follower,
    /// Up to the last event taken.
    taken: Checkpoint,
    /// Everything up to here was written before this process started, when it is the only one that writes: no other command can be
    /// under way, so nothing needs to wait.
    settled_past: Position,
    lanes: Lanes,
    holds: UnmatchedHolds,
    in_flight: JoinSet<(Lane, LaneItem, Result<u64, Failed>)>,
    outage: Outage,
    /// Stores with too much to remember: what comes after these checkpoints is read again, once there is room.
    behind: BTreeMap<StoreId, Checkpoint>,
    /// Before the first that can't go on and is not remembered.
    overflow: Option<Checkpoint>,
    most_pending: usize,
    most_parked: usize,
    /// What was saved last: how far, and how often what is parked had changed.
    saved: Option<(Position, u64)>,
    /// How often what is parked had changed when `status` has.
    reported: u64,
    status: Arc<Mutex<ReactionsStatus>>,
}

impl Commands {
    /// The worker, from its checkpoint. `alone`: no other process writes to this log, so what was begun before is over.
    pub async fn reactions(&self, alone: bool) -> Result<Reactions, CommandError> {
        let node = Arc::clone(&self.node);
        let journal = &node.parts.journal;
        let log_id = journal.log_id().await?;
        let WorkerProgress { checkpoint, parked } = parked::load(journal, node.parts.progress.as_ref(), log_id).await?;
        let settled_past = if alone { journal.head().await? } else { Position::START };
        let (mut lanes, now) = (Lanes::default(), node.parts.clock.running());
        parked.into_iter().for_each(|parked| lanes.restore(parked, now));
        let status = ReactionsStatus { position: checkpoint.position, parked: lanes.parked(), ..Default::default() };
        Ok(Reactions {
            follower: journal.follow(checkpoint.position),
            taken: checkpoint,
            settled_past,
            lanes,
            holds: UnmatchedHolds::default(),
            in_flight: JoinSet::new(),
            outage: Outage::default(),
            behind: BTreeMap::new(),
            overflow: None,
            most_pending: MOST_PENDING,
            most_parked: MOST_PARKED,
            saved: None,
            reported: 0,
            status: Arc::new(Mutex::new(status)),
            node,
        })
    }
}

impl Reactions {
    /// With other bounds of what is remembered: reactions and holds that wait, and streams that are parked.
    #[must_use]
    pub fn bounded(self, most_pending: usize, most_parked: usize) -> Self {
        Self { most_pending, most_parked, ..self }
    }

    /// A handle to how far the worker is.
    pub fn status(&self) -> Arc<Mutex<ReactionsStatus>> {
        Arc::clone(&self.status)
    }

    /// Takes what stands in the log now and does what is due by the clock; jobs are carried through. For tests: after it, nothing that
    /// is due is undone, but for what can't be done: that is parked.
    pub async fn step(&mut self) -> Result<(), CommandError> {
        loop {
            let head = self.node.parts.journal.head().await?;
            let is_behind = self.follower.position() < head;
            if is_behind {
                let batch = self.follower.next(BATCH).await?;
                self.take(&batch.events);
            }
            self.work_off().await;
            self.go_back();
            if !self.catch_up().await? && !is_behind && self.follower.position() >= head {
                break;
            }
        }
        self.report();
        tell(&self.status.lock());
        self.save().await;
        Ok(())
    }

    async fn work_off(&mut self) {
        loop {
            self.begin(ONE);
            let Some(finished) = self.in_flight.join_next().await else { return };
            self.finish(finished);
        }
    }

    /// Works until stopped.
    pub async fn run(mut self, stop: CancellationToken) {
        let (mut unread, mut reads_at, mut saves_at) = (0, Duration::ZERO, Duration::ZERO);
        loop {
            self.begin(ROOM);
            let now = self.now();
            tokio::select! {
                () = stop.cancelled() => break,
                batch = self.follower.next(BATCH), if now >= reads_at => match batch {
                    Ok(batch) => {
                        unread = 0;
                        self.take(&batch.events);
                    }
                    Err(error) => {
                        unread += 1;
                        reads_at = now + pause(unread, TICK * 20);
                        tracing::warn!(%error, "reactions can't read the log");
                    }
                },
                Some(finished) = self.in_flight.join_next() => self.finish(finished),
                () = tokio::time::sleep(TICK) => {}
            }
            self.go_back();
            if !self.behind.is_empty()
                && now >= reads_at
                && let Err(error) = self.catch_up().await
            {
                reads_at = now + TICK;
                tracing::warn!(%error, "reactions can't read the log");
            }
            self.report();
            if now >= saves_at {
                saves_at = now + TICK;
                tell(&self.status.lock());
                self.save().await;
            }
        }
        self.in_flight.shutdown().await;
        self.saved = None;
        self.save().await;
        // Whoever leads from now on says how it is.
        *self.status.lock() = ReactionsStatus { position: self.taken.position, ..Default::default() };
        tell(&ReactionsStatus::default());
    }

    fn now(&self) -> Duration {
        self.node.parts.clock.running()
    }
}

/// Reading.
impl Reactions {
    fn take(&mut self, events: &[Delivery]) {
        for delivery in events {
            let before = self.taken;
            self.taken = Checkpoint { position: delivery.position(), event_id: delivery.id(), ..before };
            match delivery {
                Delivery::Event(envelope) if self.behind.contains_key(&envelope.metadata.store_id) => {}
                Delivery::Event(envelope) => self.take_event(envelope, before),
                Delivery::Unreadable(unreadable) => {
                    let reaction = Reaction::Unreadable(Arc::clone(unreadable));
                    let origin = Cause::unreadable(unreadable, before);
                    self.lanes.push(Pending { reaction, origin, due_at: Duration::ZERO });
                }
            }
            self.make_room();
        }
    }

    fn take_event(&mut self, envelope: &Envelope, before: Checkpoint) {
        let waits = |grace: Duration| match envelope.position <= self.settled_past {
            true => Duration::ZERO,
            false => self.now() + grace,
        };
        let (due_at, hold_due_at) = (waits(GRACE), waits(HOLD_GRACE));
        self.holds.note(envelope, before, hold_due_at);
        let Some(reaction) = reaction(envelope) else { return };
        // Nobody else does a job: there is nothing to wait for.
        let due_at = if matches!(reaction, Reaction::Job { .. }) { Duration::ZERO } else { due_at };
        self.lanes.push(Pending { reaction, origin: Cause::of(envelope, before), due_at });
    }

    fn pending(&self) -> usize {
        self.lanes.waiting() + self.holds.len()
    }

    fn pending_of(&self, store: StoreId) -> usize {
        self.lanes.waiting_of(store) + self.holds.len_of(store)
    }

    /// Where more waits than may be remembered, the newer half of what the store with the most has is forgotten and read again later: no
    /// store keeps the worker from reading on for the others.
    fn make_room(&mut self) {
        if self.pending() <= self.most_pending {
            return;
        }
        let mut counts: BTreeMap<StoreId, usize> = BTreeMap::new();
        for (store, count) in self.lanes.waiting_by_store().chain(self.holds.by_store()) {
            *counts.entry(store).or_default() += count;
        }
        let Some((&store, _)) = counts.iter().max_by_key(|(_, count)| **count) else { return };
        let mut positions: Vec<Position> =
            self.lanes.positions_of(store).chain(self.holds.positions_of(store)).collect();
        positions.sort_unstable();
        let Some(&middle) = positions.get((positions.len() - 1) / 2) else { return };
        let forgotten = [self.lanes.forget_after(store, middle), self.holds.forget(store, middle)];
        let behind = forgotten.into_iter().flatten().chain(self.behind.get(&store).copied()).min_by_key(place);
        if let Some(behind) = behind {
            tracing::warn!(%store, "a store has more to be done than is remembered; it is read again");
            self.behind.insert(store, behind);
        }
    }

    /// Reads on for the stores that were left behind and have room again. Whether there was anything to read.
    async fn catch_up(&mut self) -> Result<bool, CommandError> {
        let has_room = |store: StoreId| {
            self.pending_of(store) <= self.most_pending / 4 && self.pending() <= self.most_pending / 4 * 3
        };
        let reading: BTreeMap<StoreId, Checkpoint> = self
            .behind
            .iter()
            .filter(|(store, _)| has_room(**store))
            .map(|(store, behind)| (*store, *behind))
            .collect();
        let Some(&from) = reading.values().min_by_key(|behind| behind.position) else { return Ok(false) };
        // So many at most may come of it.
        let most = BATCH.min(self.most_pending / 4).max(1);
        let events = self.node.parts.journal.read_all(from.position, most).await?;
        let (mut before, taken) = (from, self.taken.position);
        for delivery in events.iter().filter(|delivery| delivery.position() <= taken) {
            let at = Checkpoint { position: delivery.position(), event_id: delivery.id(), ..before };
            if let Delivery::Event(envelope) = delivery
                && reading.get(&envelope.metadata.store_id).is_some_and(|behind| at.position > behind.position)
            {
                self.take_event(envelope, before);
            }
            before = at;
        }
        for (store, behind) in reading {
            if before.position >= self.taken.position || events.is_empty() {
                self.behind.remove(&store);
            } else if before.position > behind.position {
                self.behind.insert(store, before);
            }
        }
        Ok(true)
    }

    /// Once there is room again among what is parked: reads again from before what was parked and not remembered.
    fn go_back(&mut self) {
        let Some(overflow) = self.overflow.filter(|_| self.lanes.parked_count() <= self.most_parked / 2) else {
            return;
        };
        self.overflow = None;
        if overflow.position < self.taken.position {
            self.behind.retain(|_, behind| behind.position < overflow.position);
            self.follower = self.node.parts.journal.follow(overflow.position);
            self.taken = overflow;
        }
    }
}

/// Doing.
impl Reactions {
    /// Begins what is due, as far as there is room.
    fn begin(&mut self, room: Room) {
        let now = self.now();
        while let Some(pending) = self.holds.next_due(now) {
            self.lanes.push(pending);
        }
        // What was begun may be brought to its end in the room that is kept for it, but for the last of it.
        if self.node.has_no_room() {
            return;
        }
        while self.outage.lets_try(now, self.lanes.under_way()) {
            let Some((lane, work)) = self.lanes.next(now, room) else { return };
            let node = Arc::clone(&self.node);
            self.in_flight.spawn(async move {
                let outcome = Box::pin(carry_out(&node, &work)).await;
                (lane, work, outcome)
            });
        }
    }

    fn finish(&mut self, finished: Result<(Lane, LaneItem, Result<u64, Failed>), tokio::task::JoinError>) {
        // A task ends in no other way than by its outcome, but when the whole process does.
        let Ok((lane, work, outcome)) = finished else { return };
        let now = self.now();
        match outcome {
            Ok(next_revision) => {
                self.outage.is_over();
                self.lanes.done(&lane, next_revision, now);
            }
            Err(failed) => self.failed(&lane, &work, failed, now),
        }
    }

    fn failed(&mut self, lane: &Lane, work: &LaneItem, failed: Failed, now: Duration) {
        let Failed { revision, position, error } = failed;
        let why = error.class();
        match why {
            Class::NotNow => self.outage.failed(now),
            Class::Never => self.outage.is_over(),
            Class::Damaged | Class::Busy => {}
        }
        if why == Class::NotNow && self.outage.is_on() {
            tracing::debug!(%error, "what follows from events waits for a service");
            return self.lanes.put_back(lane, now);
        }
        let (stream, store_id, attempts) = match work {
            LaneItem::First(pending) => (pending.origin.stream.clone(), pending.origin.store_id, 1),
            LaneItem::Again(parked) if parked.revision == revision => {
                (parked.stream.clone(), parked.store_id, parked.attempts.saturating_add(1))
            }
            LaneItem::Again(parked) => (parked.stream.clone(), parked.store_id, 1),
        };
        match (attempts, why) {
            (1, Class::Never | Class::Damaged) => {
                tracing::error!(%error, %stream, "the reactions of a stream are parked")
            }
            (1, Class::NotNow | Class::Busy) => tracing::warn!(%error, %stream, "the reactions of a stream wait"),
            _ => tracing::debug!(%error, %stream, attempts, "the reactions of a stream still wait"),
        }
        let reason = error.to_string();
        let parked = Parked { stream, revision, position, store_id, why, reason, attempts, kind: lane.kind() };
        if let Err(before) = self.lanes.park(lane, parked, now + pause(attempts, LONGEST), self.most_parked) {
            self.overflow = self.overflow.into_iter().chain(before).min_by_key(place);
        }
    }
}

/// Saying and saving.
impl Reactions {
    fn report(&mut self) {
        let mut status = self.status.lock();
        status.position = self.taken.position;
        status.pending = self.pending();
        status.has_more_parked = self.overflow.is_some();
        if self.reported != self.lanes.changes() {
            self.reported = self.lanes.changes();
            status.parked = self.lanes.parked();
        }
    }

    /// Up to where everything is settled, or saved as parked.
    fn checkpoint(&self) -> Checkpoint {
        let oldest = [self.lanes.oldest(), self.holds.oldest(), self.overflow].into_iter().flatten();
        oldest.chain(self.behind.values().copied()).min_by_key(place).unwrap_or(self.taken)
    }

    async fn save(&mut self) {
        let checkpoint = self.checkpoint();
        let state = (checkpoint.position, self.lanes.changes());
        if self.saved == Some(state) {
            return;
        }
        let reached = WorkerProgress { checkpoint, parked: self.lanes.parked() };
        let parts = &self.node.parts;
        if parked::save(&parts.journal, parts.progress.as_ref(), reached).await {
            self.saved = Some(state);
        }
    }
}

/// Tells what the metrics show.
fn tell(status: &ReactionsStatus) {
    metrics::gauge!("cartlog_reactions_pending").set(status.pending as f64);
    for class in Class::ALL {
        let count = status.parked.iter().filter(|parked| parked.why == class).count();
        metrics::gauge!("cartlog_reactions_parked", "reason" => class.as_str()).set(count as f64);
    }
}

fn place(checkpoint: &Checkpoint) -> Position {
    checkpoint.position
}
