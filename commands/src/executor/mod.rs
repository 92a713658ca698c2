//! The executor: the one loop that loads a stream, decides and appends.
//!
//! One queue per stream. Whoever finds a stream idle starts its runner; the runner takes all that waits, decides one command
//! after another against the running state, appends all accepted events at the expected revision in one append, and
//! answers each. A conflict (another node wrote) drops the state, reads what is new and decides again. What appends nothing
//! meets no conflict, so a look, a refusal and a change of nothing read what is new before they are answered; where no other
//! process writes, what is in memory is the truth and nothing needs to be read. The guarantee: an answer is given only once
//! the append that it rests on is durable, and says nothing that was true only before it was asked for.

mod cost;
mod index;
mod loaded;
mod memory;
mod past;
mod queue;
mod run;
mod states;

pub use loaded::Loaded;
pub(crate) use states::States;

use crate::ids::Ids;
use crate::keys::Keyed;
use crate::snapshots::SnapshotWriter;
use crate::stream_failure::{Corruption, StreamFailure};
use crate::streams::stream_of;
use crate::{Clock, CommandError, IfMatch, Lookups, Watermark};
use domain::{Decider, StoreId};
use eventlog::{EventId, Position};
use journal::{Actor, By, Journal};
use memory::Recall;
use queue::{Job, Push, Queues};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What every executor of a process shares.
#[derive(Clone)]
pub struct ExecutorContext {
    pub journal: Journal,
    pub snapshots: SnapshotWriter,
    /// For what states don't keep of the past, and for keys of creations that they are too small to hold.
    pub lookups: Arc<dyn Lookups>,
    pub clock: Arc<dyn Clock>,
    /// The states of all executors' streams that nothing waits on.
    pub states: Arc<States>,
    /// Commands that may wait on one stream.
    pub queue_length: usize,
    /// Events after which a stream's state is saved again.
    pub snapshot_every: u64,
    /// No other process writes to the log.
    pub sole_writer: bool,
}

/// Runs the commands of one kind of aggregate. Cheap to clone.
pub struct Executor<A: Decider> {
    shared: Arc<ExecutorContext>,
    queues: Arc<Queues<A>>,
    /// Pointers, so that what they point to is compiled here, once, and not in every crate that runs a command.
    start: Start<A>,
    replay: Replay<A>,
}

type Start<A> = fn(Arc<ExecutorContext>, Arc<Queues<A>>, <A as Decider>::Id, Option<Box<Loaded<A>>>);
type Replay<A> = fn(Arc<ExecutorContext>, <A as Decider>::Id, memory::Remembered) -> Replaying<<A as Decider>::Event>;
type Replaying<E> = Pin<Box<dyn Future<Output = Result<Executed<E>, StreamFailure>> + Send>>;

impl<A: Decider> Clone for Executor<A> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            queues: Arc::clone(&self.queues),
            start: self.start,
            replay: self.replay,
        }
    }
}

/// Where a command comes from: what stands in its events' metadata.
#[derive(Clone)]
pub struct Origin {
    /// The stream must be this store's, or not exist yet.
    pub store_id: StoreId,
    pub actor: Actor,
    /// Whom it is done for, as far as `actor` does not say so.
    pub by: Option<By>,
    pub request_id: Option<String>,
    pub correlation_id: EventId,
    pub causation_id: Option<EventId>,
    pub ids: Ids,
    /// Raised by what is done for the request, and by what it rests on.
    pub watermark: Watermark,
}

/// A command and what it insists on.
pub struct Ask<C> {
    pub command: C,
    pub origin: Origin,
    /// The number of events that the stream must have; another number is [`Refused::Moved`].
    pub length: Option<u64>,
    /// What revision the resource must have for the client.
    pub if_match: Option<IfMatch>,
    /// This command decides the request that carried this key.
    pub idempotency: Option<Keyed>,
}

impl<C> Ask<C> {
    /// A command that insists on nothing.
    pub fn of(command: C, origin: &Origin) -> Self {
        Self { command, origin: origin.clone(), length: None, if_match: None, idempotency: None }
    }

    pub fn at_length(self, length: u64) -> Self {
        Self { length: Some(length), ..self }
    }

    pub fn if_match(self, if_match: Option<IfMatch>) -> Self {
        Self { if_match, ..self }
    }

    pub fn idempotent(self, idempotency: Option<Keyed>) -> Self {
        Self { idempotency, ..self }
    }
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Executed<E> {
    /// What it decided; nothing, where the state was so already.
    pub events: Vec<E>,
    /// Of the stream's last event, with these.
    pub position: Position,
    /// The key had been used for this request: `events` are the ones of then.
    pub replayed: bool,
}

/// How a command ended.
pub type Outcome<A> = Result<Executed<<A as Decider>::Event>, Refused<<A as Decider>::Rejection>>;

/// Why a command was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused<R: std::error::Error + 'static> {
    #[error(transparent)]
    Rejected(R),
    /// The stream belongs to another store: for this one it does not exist.
    #[error("the stream is another store's")]
    OtherStore,
    /// The stream has another number of events than insisted on.
    #[error("the stream has {length} events")]
    Moved { length: u64 },
    #[error("the resource is at revision {current}")]
    RevisionMismatch { current: u64 },
    #[error("the idempotency key was used with another request")]
    KeyReused,
    #[error("too many commands wait on the stream")]
    Busy,
    #[error(transparent)]
    Failed(Arc<StreamFailure>),
}

impl<A: Decider> Executor<A> {
    pub fn new(shared: Arc<ExecutorContext>) -> Self {
        let queues = Arc::new(Queues::new(Arc::clone(&shared.states), shared.queue_length));
        Self {
            shared,
            queues,
            start: |shared, queues, id, loaded| {
                tokio::spawn(run::run(shared, queues, id, loaded));
            },
            replay: |shared, id, remembered| {
                Box::pin(async move { run::replay::<A>(&shared, &stream_of::<A>(&id), &remembered).await })
            },
        }
    }

    /// Decides and appends. Waits behind what already waits on the stream.
    pub async fn execute(&self, id: &A::Id, ask: Ask<A::Command>) -> Result<Executed<A::Event>, Refused<A::Rejection>> {
        self.submit(id, ask, None).await
    }

    /// As [`Self::execute`], and looks at the state that it left, in the same turn.
    pub async fn execute_then<T: Send + 'static>(
        &self,
        id: &A::Id,
        ask: Ask<A::Command>,
        look: impl FnOnce(&Loaded<A>) -> T + Send + 'static,
    ) -> Result<(Executed<A::Event>, T), Refused<A::Rejection>> {
        let (seen, looked) = oneshot::channel();
        let then = Box::new(move |loaded: &Loaded<A>| {
            // The asker may have gone; then nobody wants the answer.
            let _ = seen.send(look(loaded));
        });
        let executed = self.submit(id, ask, Some(then)).await?;
        let seen = looked.await.map_err(|_| Refused::Failed(Arc::new(StreamFailure::Stopped)))?;
        Ok((executed, seen))
    }

    async fn submit(
        &self,
        id: &A::Id,
        ask: Ask<A::Command>,
        then: Option<queue::Then<A>>,
    ) -> Result<Executed<A::Event>, Refused<A::Rejection>> {
        let (answer, answered) = oneshot::channel();
        self.push(id, Job::Execute { ask: Box::new(ask), then, answer }).map_err(|Full| Refused::Busy)?;
        answered.await.unwrap_or_else(|_| Err(Refused::Failed(Arc::new(StreamFailure::Stopped))))
    }

    /// What the key's first request did on this stream of the store's; `None` when the key is new to it.
    pub async fn recall(
        &self,
        id: &A::Id,
        store: StoreId,
        key: &Keyed,
    ) -> Result<Option<Executed<A::Event>>, CommandError> {
        let asked = key.clone();
        let look = move |loaded: &Loaded<A>| {
            (loaded.memory.recall(&asked), loaded.memory.has_dropped().then_some(loaded.position))
        };
        let mut recall = self.read(id, look).await?;
        if let (Recall::Unknown, Some(position)) = recall {
            let recalled = index::recall(&self.shared, &stream_of::<A>(id), position, store, key).await;
            recall.0 = recalled.map_err(|failure| CommandError::from(Arc::new(failure)))?;
        }
        let remembered = match recall.0 {
            Recall::Unknown => return Ok(None),
            Recall::OtherRequest => return Err(CommandError::KeyReused),
            Recall::Done(remembered) => remembered,
        };
        let replayed = (self.replay)(Arc::clone(&self.shared), id.clone(), remembered).await;
        replayed.map(Some).map_err(|failure| Arc::new(failure).into())
    }

    /// Looks at the stream's state, with all that any node had appended when this was called.
    pub async fn read<T: Send + 'static>(
        &self,
        id: &A::Id,
        look: impl FnOnce(&Loaded<A>) -> T + Send + 'static,
    ) -> Result<T, CommandError> {
        let (answer, answered) = oneshot::channel();
        let look = Box::new(move |loaded: Result<&Loaded<A>, Arc<StreamFailure>>| {
            // The asker may have gone; then nobody wants the answer.
            let _ = answer.send(loaded.map(look));
        });
        self.push(id, Job::Read { look }).map_err(|Full| CommandError::Busy)?;
        match answered.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failure)) => Err(failure.into()),
            Err(_) => Err(Arc::new(StreamFailure::Stopped).into()),
        }
    }

    fn push(&self, id: &A::Id, job: Job<A>) -> Result<(), Full> {
        match self.queues.push(id, &stream_of::<A>(id), job) {
            Push::Queued => Ok(()),
            Push::Full => Err(Full),
            Push::Idle(loaded) => {
                (self.start)(Arc::clone(&self.shared), Arc::clone(&self.queues), id.clone(), loaded);
                Ok(())
            }
        }
    }
}

/// The stream's queue is full.
struct Full;

#[cfg(test)]
mod tests;
