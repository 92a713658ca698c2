//! Brings the log's events to the tree: from where it stands on, in batches, for as long as the process lives.
//!
//! What lives here: beginning ([`start`]), following, trying again, building anew. What doesn't: what an event adds (`builder`), and who
//! leads where several nodes share a tree. The guarantee: the tree is the fold of the log up to where it says that it stands,
//! whatever stops the follower and wherever; what is taken away is told.

mod error;
mod gather;
mod start;
mod status;
mod telling;

pub use error::FollowError;
pub use status::{Anew, CatchUp, TreeStatus, WhyAnew};

use crate::builder::Builder;
use crate::rules::{Rules, RulesInForce, UnknownRules};
use crate::store::TreeStore;
use eventlog::{EventLog, RecordedEvent};
use gather::Gatherer;
use start::{Start, start};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio_util::sync::CancellationToken;

/// How long the follower waits before it tries again; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How a tree follows its log.
#[derive(Clone, Copy, Debug)]
pub struct FollowSettings {
    /// How long an event waits for others to be written with: what a busy log costs goes down with it, how soon an event is in the tree
    /// goes up.
    pub linger: Duration,
    /// A tree of another log is taken away and built anew from this one, instead of being left alone.
    pub accept_log: bool,
}

impl Default for FollowSettings {
    fn default() -> Self {
        Self { linger: Duration::from_millis(100), accept_log: false }
    }
}

/// Keeps a tree up with its log. One runs; a second one on the same tree does no harm, as a batch goes only where it belongs. Cheap to
/// clone.
#[derive(Clone)]
pub struct Follower {
    log: Arc<dyn EventLog>,
    store: Arc<dyn TreeStore>,
    rules: Arc<RulesInForce>,
    settings: FollowSettings,
    status: Arc<watch::Sender<TreeStatus>>,
    /// Whoever writes. One that builds anew has it from the first event to the last.
    turn: Arc<Mutex<()>>,
    rebuilding: Arc<Mutex<()>>,
}

/// Is told how far catching up is.
type Progress<'p> = &'p mut (dyn FnMut(CatchUp) + Send);

/// When a run is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Stopped,
    CaughtUp,
    /// As well; whoever asked has the turn.
    Rebuilt,
}

impl Follower {
    /// # Errors
    /// The rules are not known here: nothing is built.
    pub fn new(
        log: Arc<dyn EventLog>,
        store: Arc<dyn TreeStore>,
        rules: Rules,
        settings: FollowSettings,
    ) -> Result<Self, UnknownRules> {
        let (rules, status) = (Arc::new(rules.in_force()?), Arc::new(watch::Sender::default()));
        let (turn, rebuilding) = Default::default();
        Ok(Self { log, store, rules, settings, status, turn, rebuilding })
    }

    /// The same, which writes to another store: with another lead.
    #[must_use]
    pub fn writing_to(&self, store: Arc<dyn TreeStore>) -> Self {
        Self { store, ..self.clone() }
    }

    /// How it stands, now and from now on.
    pub fn status(&self) -> watch::Receiver<TreeStatus> {
        self.status.subscribe()
    }

    /// Follows the log until told to stop; what is being written is finished first. `progress` is told how far catching up is, until it
    /// has caught up. Passing troubles are waited out.
    ///
    /// # Errors
    /// Whatever trying again doesn't mend.
    pub async fn run(
        &self,
        stop: CancellationToken,
        mut progress: impl FnMut(CatchUp) + Send,
    ) -> Result<(), FollowError> {
        self.drive(Until::Stopped, &stop, &mut progress).await
    }

    /// Builds up to the head of the log, as it is met, and returns.
    ///
    /// # Errors
    /// As of [`Self::run`].
    pub async fn catch_up(&self, mut progress: impl FnMut(CatchUp) + Send) -> Result<(), FollowError> {
        self.drive(Until::CaughtUp, &CancellationToken::new(), &mut progress).await
    }

    /// Takes the tree away and builds it from the log's first event, whatever it was of. Meanwhile it answers as far as it has come, and
    /// one that runs waits. Broken off half-way, it is gone on from there.
    ///
    /// # Errors
    /// [`FollowError::Rebuilding`] while another one does so; else as of [`Self::run`].
    pub async fn rebuild(&self, mut progress: impl FnMut(CatchUp) + Send) -> Result<(), FollowError> {
        let _only_one = self.rebuilding.try_lock().map_err(|_| FollowError::Rebuilding)?;
        let _turn = self.turn.lock().await;
        self.take_away(WhyAnew::Asked).await?;
        self.drive(Until::Rebuilt, &CancellationToken::new(), &mut progress).await
    }

    /// Follows, and after a passing trouble follows again from where the tree stands.
    async fn drive(&self, until: Until, stop: &CancellationToken, progress: Progress<'_>) -> Result<(), FollowError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let outcome = self.follow(until, stop, &mut pause, &mut *progress).await;
            let Err(error) = outcome else { return Ok(()) };
            let outcome = match error.is_damage() {
                true => self.take_away(WhyAnew::Damaged(error.said())).await,
                false => Err(error),
            };
            if let Err(error) = outcome {
                self.tell(&error, pause);
                if !error.retry().helps() {
                    return Err(error);
                }
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
        until: Until,
        stop: &CancellationToken,
        pause: &mut Duration,
        progress: Progress<'_>,
    ) -> Result<(), FollowError> {
        let mut builder = self.begin(until).await?;
        let from = builder.state().checkpoint.position;
        // What stands in the log now must be in the tree before it is said to be up with it: the subscription may not have heard of the
        // latest events yet.
        let target = self.log.head().await?;
        let mut gatherer = Gatherer::new(self.log.subscribe(from), self.settings.linger);
        let mut catching_up = true;
        loop {
            let gathered = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                gathered = gatherer.next() => gathered?,
            };
            self.write(until, &mut builder, &gathered.events).await?;
            *pause = FIRST_PAUSE;
            let position = builder.state().checkpoint.position;
            let caught_up = gathered.caught_up && position >= target;
            if catching_up {
                let head = if caught_up { position } else { target.max(position) };
                progress(CatchUp { done: position.0 - from.0, total: head.0 - from.0 });
            }
            catching_up &= !caught_up;
            self.say(&builder, !catching_up);
            if caught_up && until != Until::Stopped {
                return Ok(());
            }
        }
    }

    /// From where the tree stands. What is to be taken away is, first.
    async fn begin(&self, until: Until) -> Result<Builder, FollowError> {
        let _turn = self.turn(until).await;
        let accept_log = self.settings.accept_log;
        let builder = match start(&*self.store, &*self.log, &self.rules, accept_log).await? {
            Start::From(builder) => *builder,
            Start::Anew(why) => {
                self.take_away(why).await?;
                Builder::new((*self.rules).clone(), self.log.log_id().await?)
            }
        };
        self.say(&builder, false);
        Ok(builder)
    }

    async fn write(&self, until: Until, builder: &mut Builder, events: &[RecordedEvent]) -> Result<(), FollowError> {
        let _turn = self.turn(until).await;
        let stretch = builder.read(events);
        let unknown = builder.unknown(&stretch);
        let kept = match unknown.is_empty() {
            true => Vec::new(),
            false => self.store.stores(unknown.clone()).await?,
        };
        unknown.into_iter().zip(kept).try_for_each(|(store, kept)| builder.tell(store, kept))?;
        match builder.fold(stretch)? {
            Some(batch) => Ok(self.store.write(batch).await?),
            None => Ok(()),
        }
    }

    async fn turn(&self, until: Until) -> Option<MutexGuard<'_, ()>> {
        match until {
            Until::Rebuilt => None,
            Until::Stopped | Until::CaughtUp => Some(self.turn.lock().await),
        }
    }
}
