//! What waits on each stream. The states of streams that nothing waits on are in the pool (`states`).

use super::loaded::Loaded;
use super::states::{Left, States};
use super::{Ask, Outcome, StreamFailure};
use domain::Decider;
use eventlog::StreamName;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Independent parts, so that streams rarely wait for one another's lock.
const SHARDS: usize = 16;
/// The most jobs that one append carries.
pub(super) const BATCH: usize = 256;

/// Something to do on a stream.
pub(super) enum Job<A: Decider> {
    Execute {
        ask: Box<Ask<A::Command>>,
        /// Called with the state once the command's events are durable.
        then: Option<Then<A>>,
        answer: oneshot::Sender<Outcome<A>>,
    },
    Read {
        look: Inspection<A>,
    },
}

pub(super) type Then<A> = Box<dyn FnOnce(&Loaded<A>) + Send>;
pub(super) type Inspection<A> = Box<dyn FnOnce(Result<&Loaded<A>, Arc<StreamFailure>>) + Send>;

pub(super) struct Queues<A: Decider> {
    /// Streams with a runner, and what waits on each.
    shards: Vec<Mutex<Busy<A>>>,
    hasher: RandomState,
    queue_length: usize,
    idle: Arc<States>,
}

type Busy<A> = HashMap<<A as Decider>::Id, VecDeque<Job<A>>>;

/// What became of a job.
pub(super) enum Push<A: Decider> {
    /// The stream's runner will take it.
    Queued,
    /// The stream had no runner: start one, with this state if there is one.
    Idle(Option<Box<Loaded<A>>>),
    Full,
}

impl<A: Decider> Queues<A> {
    #[expect(clippy::disallowed_methods, reason = "keys of a table: nobody chooses which streams meet in a shard")]
    pub(super) fn new(idle: Arc<States>, queue_length: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::new(), queue_length, idle }
    }

    fn shard(&self, id: &A::Id) -> &Mutex<Busy<A>> {
        &self.shards[self.hasher.hash_one(id) as usize % SHARDS]
    }

    pub(super) fn push(&self, id: &A::Id, stream: &StreamName, job: Job<A>) -> Push<A> {
        let mut busy = self.shard(id).lock();
        if let Some(queue) = busy.get_mut(id) {
            if queue.len() >= self.queue_length {
                return Push::Full;
            }
            queue.push_back(job);
            return Push::Queued;
        }
        busy.insert(id.clone(), VecDeque::from([job]));
        Push::Idle(self.idle.take(stream))
    }

    /// Takes what waits on the stream. Nothing: the runner's state goes back and the stream is idle from now on; what had to make
    /// room for it is given.
    pub(super) fn take(
        &self,
        id: &A::Id,
        stream: &StreamName,
        loaded: &mut Option<Box<Loaded<A>>>,
    ) -> Result<Vec<Job<A>>, Vec<Left>> {
        let mut busy = self.shard(id).lock();
        match busy.get_mut(id) {
            Some(queue) if !queue.is_empty() => {
                let count = queue.len().min(BATCH);
                Ok(queue.drain(..count).collect())
            }
            Some(_) => {
                busy.remove(id);
                Err(loaded.take().map(|loaded| self.idle.put(stream.clone(), loaded)).unwrap_or_default())
            }
            None => Err(Vec::new()),
        }
    }

    /// The runner broke off: what waits is dropped, which its askers see, and the next one starts a new runner.
    pub(super) fn abandon(&self, id: &A::Id) {
        let dropped = self.shard(id).lock().remove(id);
        drop(dropped);
    }
}
