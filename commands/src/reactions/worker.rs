//! The worker that finds on the log what a crash left undone: reactions, holds without a cart, jobs.
//!
//! The request that decided an event does what follows from it at once; the worker looks a little later, and mostly finds it
//! done. Its checkpoint stays before the oldest event that it has not settled. Safe on several nodes.

use super::pending::{Cause, Pending, Reaction, UnmatchedHold, UnmatchedHolds, reaction};
use super::{settle_invoice, settle_order, shut_carts};
use crate::facade::Inner;
use crate::session::Session;
use crate::snapshots::Snapshot;
use crate::use_cases::{batch_credit, billing, cart_steps, emails, holds, wallet};
use crate::{CommandError, Commands};
use chrono::TimeDelta;
use domain::Timestamp;
use domain::cart::CartEvent;
use eventlog::{Checkpoint, LogError, Position, StreamName};
use journal::{Delivery, Envelope, Follower};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the request that decided an event has to do itself what follows from it.
const GRACE: TimeDelta = TimeDelta::seconds(5);
/// How long a command may be under way between holding stock and saying so on its cart.
const HOLD_GRACE: TimeDelta = TimeDelta::seconds(30);
/// Events that are taken at once.
const BATCH: usize = 1_000;
/// Reactions and holds that may wait; beyond, the worker reads no further.
const MOST_PENDING: usize = 20_000;
/// How often time is looked at while something waits for its time, and how often the checkpoint is saved.
const TICK: Duration = Duration::from_millis(500);
/// The shape of what is saved.
const FORMAT: u32 = 2;
/// Where the checkpoint is saved.
const PLACE: &str = "$reactions";

/// The worker. Step it in tests, run it in a server.
pub struct Reactions {
    inner: Arc<Inner>,
    follower: Follower,
    /// Up to the last event taken.
    taken: Checkpoint,
    /// Everything up to here was written before this process started, when it is the only one that writes: no other command can be
    /// under way, so nothing needs to wait.
    settled_past: Position,
    /// In the order of their time.
    pending: VecDeque<Pending>,
    holds: UnmatchedHolds,
    jobs: JoinSet<(Pending, Result<(), CommandError>)>,
    /// Before each job that has not come to its end, whether it runs or waits to be tried again.
    jobs_from: Vec<Checkpoint>,
    parked: Vec<Parked>,
    saved: Option<Position>,
    status: Arc<Mutex<ReactionsStatus>>,
}

/// A stream whose reactions can't be done until somebody has looked at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    pub stream: StreamName,
    /// Before the event that asks for the reaction.
    pub before: Checkpoint,
    pub reason: String,
}

/// How far the worker is.
#[derive(Clone, Debug, Default)]
pub struct ReactionsStatus {
    /// Up to where the log was read; what was read and waits is in `pending`.
    pub position: Position,
    /// Reactions and holds that wait for their time.
    pub pending: usize,
    pub parked: Vec<Parked>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    checkpoint: Checkpoint,
    /// The log's head then: what settled the events up to the checkpoint stands before it.
    reached: Checkpoint,
    parked: Vec<Parked>,
}

impl Commands {
    /// The worker, from its checkpoint. `alone`: no other process writes to this log, so what was begun before is over.
    pub async fn reactions(&self, alone: bool) -> Result<Reactions, CommandError> {
        let inner = Arc::clone(&self.inner);
        let journal = &inner.parts.journal;
        let away = |error: eventlog::LogError| crate::error::log_away(error.into());
        let log_id = journal.log_id().await.map_err(away)?;
        let saved = inner.parts.progress.load(&StreamName::new(PLACE)).await.ok().flatten();
        let saved = saved
            .filter(|saved| saved.log_id == log_id && saved.format == FORMAT)
            .and_then(|saved| serde_json::from_slice::<Saved>(&saved.state).ok());
        let checkpoint = match saved {
            Some(saved) => match journal.verify(&saved.reached).await {
                // A restart tries again what was parked: reactions are idempotent, so going back costs only time.
                Ok(()) => {
                    saved.parked.iter().map(|parked| parked.before).chain([saved.checkpoint]).min_by_key(position)
                }
                // The log was restored from an earlier day: what was settled may be so no more.
                Err(error @ LogError::ForeignCheckpoint { .. }) => {
                    tracing::warn!(%error, "what follows from events is looked at from the start of the log");
                    None
                }
                Err(error) => return Err(away(error)),
            },
            None => None,
        };
        let checkpoint = checkpoint.unwrap_or(Checkpoint::start(log_id));
        let settled_past = if alone { journal.head().await.map_err(away)? } else { Position::START };
        Ok(Reactions {
            follower: journal.follow(checkpoint.position),
            taken: checkpoint,
            settled_past,
            pending: VecDeque::new(),
            holds: UnmatchedHolds::default(),
            jobs: JoinSet::new(),
            jobs_from: Vec::new(),
            parked: Vec::new(),
            saved: None,
            status: Arc::default(),
            inner,
        })
    }
}

impl Reactions {
    /// A handle to how far the worker is.
    pub fn status(&self) -> Arc<Mutex<ReactionsStatus>> {
        Arc::clone(&self.status)
    }

    /// Takes what stands in the log now and does what is due at the clock's time; jobs are carried through. For tests: after it,
    /// nothing that is due is undone.
    pub async fn step(&mut self) -> Result<(), CommandError> {
        loop {
            let head = self.inner.parts.journal.head().await.map_err(|error| crate::error::log_away(error.into()))?;
            if self.follower.position() >= head {
                break;
            }
            let batch = self.follower.next(BATCH).await.map_err(crate::error::log_away)?;
            self.take(&batch.events);
            self.do_due().await?;
        }
        self.do_due().await?;
        while let Some(finished) = self.jobs.join_next().await {
            self.job_finished(finished);
        }
        self.save().await;
        Ok(())
    }

    /// Works until stopped.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut pause = TICK;
        loop {
            let room = self.pending.len() + self.holds.len() < MOST_PENDING;
            tokio::select! {
                () = stop.cancelled() => break,
                batch = self.follower.next(BATCH), if room => match batch {
                    Ok(batch) => self.take(&batch.events),
                    Err(error) => {
                        tracing::warn!(%error, "reactions can't read the log");
                        tokio::time::sleep(pause).await;
                    }
                },
                Some(finished) = self.jobs.join_next() => self.job_finished(finished),
                () = tokio::time::sleep(pause) => {}
            }
            pause = match self.do_due().await {
                Ok(()) => TICK,
                Err(error) => {
                    tracing::warn!(%error, "a reaction can't be done now; trying again");
                    (pause * 2).min(TICK * 20)
                }
            };
            self.save().await;
        }
        self.jobs.shutdown().await;
        self.saved = None;
        self.save().await;
    }

    fn take(&mut self, events: &[Delivery]) {
        for delivery in events {
            let before = self.taken;
            self.taken = Checkpoint { position: delivery.position(), event_id: delivery.id(), ..before };
            match delivery {
                Delivery::Event(envelope) => self.take_event(envelope, before),
                Delivery::Unreadable(unreadable) => self.park(&unreadable.stream, before, unreadable.to_string()),
            }
        }
    }

    fn take_event(&mut self, envelope: &Envelope, before: Checkpoint) {
        let at = self.taken;
        let cause = || Cause {
            stream: envelope.stream.clone(),
            store_id: envelope.metadata.store_id,
            event_id: envelope.id,
            correlation_id: envelope.metadata.correlation_id,
            recorded_at: envelope.recorded_at,
            before,
            at,
        };
        self.holds.note(envelope, cause);
        let Some(reaction) = reaction(envelope) else { return };
        let origin = cause();
        let due_at = if at.position <= self.settled_past { at_once() } else { origin.recorded_at.plus(GRACE) };
        let pending = Pending { reaction, origin, due_at };
        match pending.reaction {
            // Nobody else does a job: there is nothing to wait for.
            Reaction::Job { .. } => {
                self.jobs_from.push(before);
                self.start_job(pending);
            }
            _ => self.pending.push_back(pending),
        }
    }

    fn start_job(&mut self, pending: Pending) {
        let Reaction::Job { job_id, amount } = pending.reaction else { return };
        let session = self.session(&pending.origin);
        self.jobs.spawn(async move {
            let outcome = batch_credit::run_job(&session, job_id, amount, pending.origin.at.position).await;
            (pending, outcome)
        });
    }

    fn job_finished(&mut self, finished: Result<(Pending, Result<(), CommandError>), tokio::task::JoinError>) {
        match finished {
            Ok((pending, outcome)) => match self.settled(outcome, &pending.origin) {
                Ok(()) => self.jobs_from.retain(|before| *before != pending.origin.before),
                Err(error) => {
                    tracing::warn!(%error, stream = %pending.origin.stream, "a job goes on later");
                    self.pending.push_back(Pending { due_at: self.now().plus(GRACE), ..pending });
                }
            },
            // Its place in `jobs_from` stays: the checkpoint does not pass it, and a restart runs it again.
            Err(error) => tracing::error!(%error, "a job broke off"),
        }
    }

    /// Does what is due, oldest first; stops at what can't be done now.
    async fn do_due(&mut self) -> Result<(), CommandError> {
        while let Some(pending) = self.pending.front().filter(|pending| self.now() >= pending.due_at).cloned() {
            let outcome = match &pending.reaction {
                Reaction::Job { .. } => {
                    self.start_job(pending.clone());
                    Ok(())
                }
                reaction => react(&self.session(&pending.origin), reaction).await,
            };
            self.settled(outcome, &pending.origin)?;
            self.pending.pop_front();
        }
        while let Some(hold) = self.holds.oldest().filter(|hold| self.is_over(&hold.origin)).cloned() {
            let outcome = recover(&self.session(&hold.origin), &hold).await;
            self.settled(outcome, &hold.origin)?;
            self.holds.remove(hold.cart_id, hold.product);
        }
        Ok(())
    }

    /// Whether the command that held stock can't be under way any more.
    fn is_over(&self, cause: &Cause) -> bool {
        cause.at.position <= self.settled_past || self.now() >= cause.recorded_at.plus(HOLD_GRACE)
    }

    fn now(&self) -> Timestamp {
        self.inner.parts.clock.now()
    }

    /// Passes on what only time can mend; parks what it can't.
    fn settled(&mut self, outcome: Result<(), CommandError>, cause: &Cause) -> Result<(), CommandError> {
        match outcome {
            Ok(()) => Ok(()),
            Err(
                error @ (CommandError::Unavailable { .. } | CommandError::OutcomeUnknown { .. } | CommandError::Busy),
            ) => Err(error),
            Err(error) => {
                tracing::error!(%error, stream = %cause.stream, "the reactions of a stream are parked");
                self.park(&cause.stream, cause.before, error.to_string());
                Ok(())
            }
        }
    }

    /// Where a stream is parked already, the first reason stands.
    fn park(&mut self, stream: &StreamName, before: Checkpoint, reason: String) {
        if !self.parked.iter().any(|parked| parked.stream == *stream) {
            self.parked.push(Parked { stream: stream.clone(), before, reason });
        }
    }

    fn session(&self, cause: &Cause) -> Session {
        Session::system(Arc::clone(&self.inner), cause.store_id, Some((cause.event_id, cause.correlation_id)))
    }

    /// Up to where everything is settled.
    fn checkpoint(&self) -> Checkpoint {
        let pending = self.pending.front().map(|pending| pending.origin.before);
        let hold = self.holds.oldest().map(|hold| hold.origin.before);
        let jobs = self.jobs_from.iter().copied();
        pending.into_iter().chain(hold).chain(jobs).min_by_key(position).unwrap_or(self.taken)
    }

    async fn save(&mut self) {
        let checkpoint = self.checkpoint();
        let pending = self.pending.len() + self.holds.len();
        *self.status.lock() = ReactionsStatus { position: self.taken.position, pending, parked: self.parked.clone() };
        if self.saved == Some(checkpoint.position) {
            return;
        }
        let journal = &self.inner.parts.journal;
        let Ok(head) = journal.head().await else { return };
        let Ok(reached) = journal.checkpoint(head).await else { return };
        let saved = Saved { checkpoint, reached, parked: self.parked.clone() };
        let Ok(state) = serde_json::to_vec(&saved) else { return };
        let snapshot = Snapshot { log_id: checkpoint.log_id, format: FORMAT, state };
        match self.inner.parts.progress.save(&StreamName::new(PLACE), snapshot).await {
            Ok(()) => self.saved = Some(checkpoint.position),
            Err(error) => tracing::warn!(%error, "the reactions' checkpoint can't be saved"),
        }
    }
}

fn position(checkpoint: &Checkpoint) -> Position {
    checkpoint.position
}

/// Before any time that a clock shows.
fn at_once() -> Timestamp {
    Timestamp::from_millis(i64::MIN)
}

/// Does what follows from an event; done already: nothing happens.
async fn react(session: &Session, reaction: &Reaction) -> Result<(), CommandError> {
    match reaction {
        Reaction::Cart(customer, event) => match event.as_ref() {
            CartEvent::CartBillingStarted(_) => billing::finish_under_way(session, *customer).await,
            CartEvent::CartBilled(billed) => wallet::issue_invoice(session, billed).await,
            other => cart_steps::released(session, *customer, other).await,
        },
        Reaction::Invoice(invoice) => settle_invoice(session, *invoice).await,
        Reaction::Order(order) => settle_order(session, *order).await,
        Reaction::CustomerDeleted(customer) => {
            shut_carts(session, *customer).await?;
            emails::release_unnamed(session, *customer).await
        }
        Reaction::EmailRemoved(customer) => emails::release_unnamed(session, *customer).await,
        // Jobs run in tasks of their own.
        Reaction::Job { .. } => Ok(()),
    }
}

/// Takes back what is held for a cart that does not have it.
async fn recover(session: &Session, hold: &UnmatchedHold) -> Result<(), CommandError> {
    holds::settle(session, hold.customer, hold.cart_id, hold.product).await
}
