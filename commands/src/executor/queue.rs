//! What waits on each stream, and the states of the streams that nothing waits on.

use super::loaded::Loaded;
use super::{Ask, Outcome, StreamFailure};
use domain::Decider;
use parking_lot::Mutex;
use quick_cache::unsync::Cache;
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
        look: Look<A>,
    },
}

pub(super) type Then<A> = Box<dyn FnOnce(&Loaded<A>) + Send>;
pub(super) type Look<A> = Box<dyn FnOnce(Result<&Loaded<A>, Arc<StreamFailure>>) + Send>;

pub(super) struct Queues<A: Decider> {
    shards: Vec<Mutex<Shard<A>>>,
    hasher: RandomState,
    queue_length: usize,
}

struct Shard<A: Decider> {
    /// Streams with a runner, and what waits on each.
    busy: HashMap<A::Id, VecDeque<Job<A>>>,
    /// States of streams without a runner, the least recently used dropped first.
    idle: Cache<A::Id, Box<Loaded<A>>>,
}

/// What became of a job.
pub(super) enum Push<A: Decider> {
    /// The stream's runner will take it.
    Queued,
    /// The stream had no runner: start one, with this state if there is one.
    Idle(Option<Box<Loaded<A>>>),
    Full,
}

impl<A: Decider> Queues<A> {
    pub(super) fn new(cached_streams: usize, queue_length: usize) -> Self {
        let shard = || Mutex::new(Shard { busy: HashMap::new(), idle: Cache::new((cached_streams / SHARDS).max(1)) });
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), hasher: RandomState::new(), queue_length }
    }

    fn shard(&self, id: &A::Id) -> &Mutex<Shard<A>> {
        &self.shards[self.hasher.hash_one(id) as usize % SHARDS]
    }

    pub(super) fn push(&self, id: &A::Id, job: Job<A>) -> Push<A> {
        let mut shard = self.shard(id).lock();
        if let Some(queue) = shard.busy.get_mut(id) {
            if queue.len() >= self.queue_length {
                return Push::Full;
            }
            queue.push_back(job);
            return Push::Queued;
        }
        shard.busy.insert(id.clone(), VecDeque::from([job]));
        Push::Idle(shard.idle.remove(id).map(|(_, loaded)| loaded))
    }

    /// Takes what waits on the stream. Nothing: the runner's state goes back and the stream is idle from now on.
    pub(super) fn take(&self, id: &A::Id, loaded: &mut Option<Box<Loaded<A>>>) -> Option<Vec<Job<A>>> {
        let mut shard = self.shard(id).lock();
        let queue = shard.busy.get_mut(id)?;
        if !queue.is_empty() {
            let count = queue.len().min(BATCH);
            return Some(queue.drain(..count).collect());
        }
        shard.busy.remove(id);
        if let Some(loaded) = loaded.take() {
            shard.idle.insert(id.clone(), loaded);
        }
        None
    }

    /// The runner broke off: what waits is dropped, which its askers see, and the next one starts a new runner.
    pub(super) fn abandon(&self, id: &A::Id) {
        let dropped = self.shard(id).lock().busy.remove(id);
        drop(dropped);
    }
}
