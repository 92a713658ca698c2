//! The runner of one stream: lives while something waits on it.

use super::cost::Moment;
use super::index;
use super::loaded::{Loaded, failed};
use super::memory::{Recall, Remembered};
use super::past::Past;
use super::queue::{Inspection, Job, Queues, Then};
use super::states;
use super::{Ask, Executed, ExecutorContext, Origin, Outcome, Refused, StreamFailure};
use crate::keys::Keyed;
use crate::streams::stream_of;
use chrono::TimeDelta;
use domain::{Context, Decider, Event, RequestRemembered, StoreId, Timestamp};
use eventlog::{AppendError, Position, StreamName};
use journal::{Idempotency, JournalError, Metadata, ToAppend, Written};
use std::sync::Arc;
use tokio::sync::oneshot;

/// How often a batch is decided again because others wrote to the stream in between.
const ATTEMPTS: usize = 100;
/// How far ahead of the clock a stream's last event may be for the next to take place no earlier than it.
const AHEAD: TimeDelta = TimeDelta::hours(24);

/// One command of a batch.
struct BatchedCommand<A: Decider> {
    ask: Box<Ask<A::Command>>,
    then: Option<Then<A>>,
    answer: oneshot::Sender<Outcome<A>>,
}

/// Serves the stream until nothing waits on it.
pub(super) async fn run<A: Decider>(
    shared: Arc<ExecutorContext>,
    queues: Arc<Queues<A>>,
    id: A::Id,
    loaded: Option<Box<Loaded<A>>>,
) {
    let stream = stream_of::<A>(&id);
    let guard = Guard { queues: &queues, id: &id };
    let mut runner = Runner { shared: &shared, id: &id, stream, loaded, is_fresh: false };
    let left = loop {
        let jobs = match queues.take(&id, &runner.stream, &mut runner.loaded) {
            Ok(jobs) => jobs,
            Err(left) => break left,
        };
        runner.is_fresh = shared.sole_writer;
        let mut asked = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                Job::Read { look } => runner.look(look).await,
                Job::Execute { ask, then, answer } => asked.push(BatchedCommand { ask, then, answer }),
            }
        }
        if !asked.is_empty() {
            runner.execute(asked).await;
        }
    };
    std::mem::forget(guard);
    states::let_go(&shared, left).await;
}

/// Frees the stream if the runner panics, so that nobody waits for ever.
struct Guard<'a, A: Decider> {
    queues: &'a Queues<A>,
    id: &'a A::Id,
}

impl<A: Decider> Drop for Guard<'_, A> {
    fn drop(&mut self) {
        self.queues.abandon(self.id);
    }
}

struct Runner<'a, A: Decider> {
    shared: &'a ExecutorContext,
    id: &'a A::Id,
    stream: StreamName,
    /// The stream's state as appended; `None`: not read yet, or not to be trusted any more.
    loaded: Option<Box<Loaded<A>>>,
    /// Whether the state has all that any node had appended when the jobs at hand were taken.
    is_fresh: bool,
}

/// What a batch decided, before it is appended.
struct Decided<A: Decider> {
    /// One per command, in their order.
    verdicts: Vec<Verdict<A>>,
    events: Vec<ToAppend>,
}

enum Verdict<A: Decider> {
    /// Answered with these events once they are appended.
    Accepted(Vec<A::Event>),
    Replayed(Remembered),
    Refused(Refused<A::Rejection>),
}

impl<A: Decider> Runner<'_, A> {
    /// The stream's state, read if need be; what other nodes appended since may be missing.
    async fn load(&mut self) -> Result<Box<Loaded<A>>, StreamFailure> {
        if let Some(loaded) = self.loaded.take() {
            return Ok(loaded);
        }
        let mut loaded = Loaded::load(self.shared, &self.stream, self.id).await?;
        self.save(&mut loaded, Moment::Loaded).await;
        self.is_fresh = true;
        Ok(loaded)
    }

    /// As [`Self::load`], with what other nodes appended.
    async fn load_fresh(&mut self) -> Result<Box<Loaded<A>>, StreamFailure> {
        let mut loaded = self.load().await?;
        if !self.is_fresh {
            loaded.catch_up(self.shared, &self.stream).await?;
            self.is_fresh = true;
        }
        Ok(loaded)
    }

    async fn look(&mut self, look: Inspection<A>) {
        match self.load_fresh().await {
            Ok(loaded) => {
                look(Ok(&loaded));
                self.loaded = Some(loaded);
            }
            Err(failure) => look(Err(Arc::new(failure))),
        }
    }

    /// Decides and appends a batch; again from the start when another node wrote in between.
    async fn execute(&mut self, mut asked: Vec<BatchedCommand<A>>) {
        for _ in 0..ATTEMPTS {
            let mut loaded = match self.load().await {
                Ok(loaded) => loaded,
                Err(failure) => return answer_failure(asked, failure),
            };
            let earlier = self.earlier(loaded.position, unknown_keys(&loaded, &asked)).await;
            let asks = asked.iter().map(|asked| asked.ask.as_ref()).collect::<Vec<_>>();
            let decided = match self.decide(&mut loaded, &asks, earlier).await {
                Ok(decided) => decided,
                Err(failure) => return answer_failure(asked, failure),
            };
            if decided.events.is_empty() && self.is_fresh {
                return self.answer(loaded, asked, decided).await;
            }
            if decided.events.is_empty() {
                // No append tells whether another node wrote.
                self.loaded = Some(loaded);
                match self.load_fresh().await {
                    Ok(fresh) => self.loaded = Some(fresh),
                    Err(failure) => return answer_failure(asked, failure),
                }
                continue;
            }
            match self.append(&loaded, &decided.events).await {
                Ok(written) => {
                    loaded.appended(decided.events.len(), &written);
                    return self.answer(loaded, asked, decided).await;
                }
                // The state has run ahead of a log that said no: it is dropped, and read again.
                Err(JournalError::Append(AppendError::Conflict { .. })) => {}
                // Each half may fit; the state is read again.
                Err(JournalError::Append(AppendError::TooLarge { .. })) if asked.len() > 1 => {
                    let rest = asked.split_off(asked.len() / 2);
                    Box::pin(self.execute(asked)).await;
                    return Box::pin(self.execute(rest)).await;
                }
                Err(error) => return answer_failure(asked, failed(&self.stream, error)),
            }
        }
        answer_failure(asked, StreamFailure::Contended { stream: self.stream.to_string() });
    }

    async fn append(&self, loaded: &Loaded<A>, events: &[ToAppend]) -> Result<Written, JournalError> {
        let started = std::time::Instant::now();
        let appended = self.shared.journal.append(&self.stream, loaded.tail, events).await;
        metrics::histogram!("cartlog_append_seconds").record(started.elapsed().as_secs_f64());
        match appended {
            Err(error @ JournalError::Append(AppendError::Unavailable { .. } | AppendError::OutcomeUnknown { .. })) => {
                self.read_back(loaded, events, error).await
            }
            settled => settled,
        }
    }

    /// An append whose answer is not known: the log itself tells whether it was done. If that can't be had either, or it is not
    /// there yet, the command ends with the error, and whoever decides next on the stream finds out.
    async fn read_back(
        &self,
        loaded: &Loaded<A>,
        events: &[ToAppend],
        error: JournalError,
    ) -> Result<Written, JournalError> {
        let Ok(slice) = self.shared.journal.read_stream(&self.stream, loaded.tail, events.len()).await else {
            return Err(error);
        };
        let done = slice.events.len() == events.len()
            && slice.events.iter().zip(events).all(|(stored, ours)| stored.id == ours.id);
        match slice.events.last() {
            Some(last) if done => Ok(Written { position: last.position, tail: slice.tail, bytes: slice.bytes }),
            Some(last) => Err(JournalError::Append(AppendError::Conflict {
                stream: self.stream.clone(),
                expected: eventlog::ExpectedRevision::of_length(loaded.tail.length),
                actual: Some(last.revision),
            })),
            None => Err(error),
        }
    }

    /// What the index remembers of these keys, where it is to be asked.
    async fn earlier(
        &self,
        position: Position,
        keys: Vec<Option<(StoreId, Keyed)>>,
    ) -> Vec<Result<Recall, StreamFailure>> {
        let mut earlier = Vec::with_capacity(keys.len());
        for key in keys {
            earlier.push(match key {
                Some((store, key)) => index::recall(self.shared, &self.stream, position, store, &key).await,
                None => Ok(Recall::Unknown),
            });
        }
        earlier
    }

    /// Decides one command after another against the running state. `loaded` runs ahead of the log meanwhile.
    async fn decide(
        &self,
        loaded: &mut Loaded<A>,
        asks: &[&Ask<A::Command>],
        earlier: Vec<Result<Recall, StreamFailure>>,
    ) -> Result<Decided<A>, StreamFailure> {
        let mut decided = Decided { verdicts: Vec::with_capacity(asks.len()), events: Vec::new() };
        let mut past = Past::default();
        loaded.state.forget_told();
        for (ask, earlier) in asks.iter().zip(earlier) {
            let verdict = match self.precondition(loaded, ask, earlier, decided.events.len() as u64) {
                Some(verdict) => verdict,
                None => match past.tell(self.shared, &self.stream, loaded, &ask.command).await {
                    Ok(()) => self.decide_one(loaded, ask, &mut decided.events)?,
                    Err(failure) => Verdict::Refused(Refused::Failed(failure)),
                },
            };
            decided.verdicts.push(verdict);
        }
        Ok(decided)
    }

    /// What settles a command before its rule is asked.
    fn precondition(
        &self,
        loaded: &Loaded<A>,
        ask: &Ask<A::Command>,
        earlier: Result<Recall, StreamFailure>,
        new_events: u64,
    ) -> Option<Verdict<A>> {
        if loaded.state.store_id().is_some_and(|store| store != ask.origin.store_id) {
            return Some(Verdict::Refused(Refused::OtherStore));
        }
        if let Some(asked) = &ask.idempotency {
            let recalled = match loaded.memory.recall(asked) {
                Recall::Unknown => earlier,
                known => Ok(known),
            };
            match recalled {
                Ok(Recall::Unknown) => {}
                Ok(Recall::Done(remembered)) => return Some(Verdict::Replayed(remembered)),
                Ok(Recall::OtherRequest) => return Some(Verdict::Refused(Refused::KeyReused)),
                Err(failure) => return Some(Verdict::Refused(Refused::Failed(Arc::new(failure)))),
            }
        }
        let length = loaded.tail.length + new_events;
        if ask.length.is_some_and(|expected| expected != length) {
            return Some(Verdict::Refused(Refused::Moved { length }));
        }
        if ask.if_match.as_ref().is_some_and(|wanted| !wanted.allows(loaded.revision)) {
            return Some(Verdict::Refused(Refused::RevisionMismatch { current: loaded.revision }));
        }
        None
    }

    fn decide_one(
        &self,
        loaded: &mut Loaded<A>,
        ask: &Ask<A::Command>,
        events: &mut Vec<ToAppend>,
    ) -> Result<Verdict<A>, StreamFailure> {
        let clock = self.shared.clock.now();
        let now = moment(clock, loaded.last_at);
        let idempotency = ask.idempotency.as_ref().map(|key| key.read_at(clock, now));
        let ids = ask.origin.ids.source(A::CATEGORY.as_str());
        let new = match loaded.state.decide(&ask.command, &Context { now, ids: &ids }) {
            Ok(new) => new,
            Err(rejection) => return Ok(Verdict::Refused(Refused::Rejected(rejection))),
        };
        for event in &new {
            let revision = loaded.tail.length + events.len() as u64;
            loaded.fold(event, revision, now, idempotency.as_ref()).map_err(|impossible| StreamFailure::Corrupt {
                stream: self.stream.to_string(),
                revision,
                source: impossible.into(),
            })?;
            events.push(to_append(event.clone().into(), &ask.origin, idempotency.clone(), now));
        }
        // Nothing is to change, now or ever again under this key: what changes later must not be found by a repeat.
        if new.is_empty() && idempotency.is_some() && loaded.state.store_id() == Some(ask.origin.store_id) {
            loaded.remember(loaded.tail.length + events.len() as u64, now, idempotency.as_ref());
            events.push(to_append(RequestRemembered::of(A::CATEGORY).into(), &ask.origin, idempotency, now));
        }
        Ok(Verdict::Accepted(new))
    }

    /// Answers a batch whose events are durable, and saves the state when it is time.
    async fn answer(&mut self, mut loaded: Box<Loaded<A>>, asked: Vec<BatchedCommand<A>>, decided: Decided<A>) {
        let position = loaded.position;
        for (BatchedCommand { then, answer, ask }, verdict) in asked.into_iter().zip(decided.verdicts) {
            if !matches!(verdict, Verdict::Refused(Refused::OtherStore)) {
                ask.origin.watermark.see(position);
            }
            let outcome = match verdict {
                Verdict::Accepted(events) => Ok(Executed { events, position, replayed: false }),
                Verdict::Replayed(remembered) => replay::<A>(self.shared, &self.stream, &remembered)
                    .await
                    .map_err(|failure| Refused::Failed(Arc::new(failure))),
                Verdict::Refused(refused) => Err(refused),
            };
            if let (Ok(_), Some(then)) = (&outcome, then) {
                then(&loaded);
            }
            // The asker may have gone; what was decided stands all the same.
            let _ = answer.send(outcome);
        }
        self.save(&mut loaded, Moment::Appended).await;
        self.loaded = Some(loaded);
    }

    async fn save(&self, loaded: &mut Loaded<A>, moment: Moment) {
        let Ok(log_id) = self.shared.journal.log_id().await else { return };
        if let Some((snapshot, person)) = loaded.snapshot_due(moment, self.shared.snapshot_every, log_id) {
            self.shared.snapshots.save(&self.stream, snapshot, person);
        }
    }
}

/// The keys that the state can't tell of: one for each command, where the index may know more.
fn unknown_keys<A: Decider>(loaded: &Loaded<A>, asked: &[BatchedCommand<A>]) -> Vec<Option<(StoreId, Keyed)>> {
    let unknown = |key: &&Keyed| loaded.memory.has_dropped() && matches!(loaded.memory.recall(key), Recall::Unknown);
    let key = |ask: &Ask<A::Command>| {
        let key = ask.idempotency.as_ref().filter(unknown)?;
        Some((ask.origin.store_id, key.clone()))
    };
    asked.iter().map(|asked| key(&asked.ask)).collect()
}

/// The events that a key's first request decided, read back.
pub(super) async fn replay<A: Decider>(
    shared: &ExecutorContext,
    stream: &StreamName,
    remembered: &Remembered,
) -> Result<Executed<A::Event>, StreamFailure> {
    let from = journal::Tail { length: remembered.revision, last_hash: None };
    let slice = shared
        .journal
        .read_stream(stream, from, remembered.events as usize)
        .await
        .map_err(|error| failed(stream, error))?;
    let position = slice.events.last().map_or(eventlog::Position::START, |last| last.position);
    let events = slice.events.into_iter().filter_map(|envelope| A::event(envelope.event)).collect();
    Ok(Executed { events, position, replayed: true })
}

/// When what is decided now happens: not before what happened before it. A clock that was ahead by more than a day was wrong: what it
/// has stamped must not stamp all that comes after it.
fn moment(now: Timestamp, last_at: Timestamp) -> Timestamp {
    if last_at <= now.plus(AHEAD) { now.max(last_at) } else { now }
}

fn to_append(event: Event, origin: &Origin, idempotency: Option<Idempotency>, now: Timestamp) -> ToAppend {
    ToAppend {
        id: origin.ids.fresh_id(),
        event,
        metadata: Metadata {
            schema_version: 0,
            store_id: origin.store_id,
            occurred_at: now,
            actor: origin.actor,
            by: origin.by.clone(),
            request_id: origin.request_id.clone(),
            idempotency,
            causation_id: origin.causation_id,
            correlation_id: origin.correlation_id,
            prev: None,
        },
    }
}

fn answer_failure<A: Decider>(asked: Vec<BatchedCommand<A>>, failure: StreamFailure) {
    let failure = Arc::new(failure);
    for BatchedCommand { answer, .. } in asked {
        let _ = answer.send(Err(Refused::Failed(Arc::clone(&failure))));
    }
}
