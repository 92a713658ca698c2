//! All commands in one handle: each runs in a task of its own, one at a time for one `Idempotency-Key`.
//!
//! What doesn't live here: what a command does, which stands in a file of its own for each group (`use_cases`).

use crate::deadline::Deadline;
use crate::error::Defect;
use crate::executor::Origin;
use crate::ids::Ids;
use crate::node::Node;
use crate::session::Session;
use crate::{Class, CommandDependencies, CommandError, Done, Request, keys};
use journal::By;
use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tracing::Instrument;

/// What commands have in memory now, about, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub states: u64,
    pub snapshots: u64,
}

/// What a use case came to, of whatever type: all that commands have in common is compiled once, not once for each of them.
type Outcome = Arc<dyn Any + Send + Sync>;
/// A command that was asked for: nothing happens until it is polled, and once it has begun it goes on though nobody waits for it.
/// Behind a pointer, so that what it does is compiled with this crate and not again with each that asks.
pub type UnderWay<T> = Pin<Box<dyn Future<Output = Result<Done<T>, CommandError>> + Send>>;

type Running = Pin<Box<dyn Future<Output = Result<Done<Outcome>, CommandError>> + Send>>;
type UseCase = Box<dyn FnOnce(Session) -> Running + Send>;

/// All commands. Cheap to clone. Each command runs in a task of its own: dropping the future ends the waiting, never the
/// command.
#[derive(Clone)]
pub struct Commands {
    pub(crate) node: Arc<Node>,
}

impl Commands {
    pub fn new(parts: CommandDependencies) -> Self {
        Self { node: Arc::new(Node::new(parts)) }
    }

    /// Refuses new commands ([`CommandError::DiskFull`]) while the disk has less room than this wants, and what follows from events
    /// waits. To be called once, before the first command.
    pub fn within(&self, space: sqlite::Space) {
        // Called once.
        let _ = self.node.space.set(space);
    }

    /// Refuses new commands from now on ([`CommandError::Busy`]) and waits for those under way, then for the snapshot that is
    /// being written.
    pub async fn close(&self) {
        self.node.tasks.close();
        self.node.tasks.wait().await;
        self.node.snapshots.close().await;
    }

    /// What is held in memory now.
    pub fn remembered(&self) -> Remembered {
        Remembered { states: self.node.states.bytes(), snapshots: self.node.snapshots.bytes() as u64 }
    }

    /// Runs a use case in a task of its own, one at a time for one `Idempotency-Key`.
    ///
    /// `kind` names the command in metrics.
    pub(crate) fn run<T, F, Fut>(&self, kind: &'static str, request: &Request, use_case: F) -> UnderWay<T>
    where
        T: Clone + Send + Sync + 'static,
        F: FnOnce(Session) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Done<T>, CommandError>> + Send + 'static,
    {
        let use_case = |session| -> Running {
            let running = use_case(session);
            Box::pin(async move { Ok(running.await?.map(|outcome| Arc::new(outcome) as Outcome)) })
        };
        let spawned = Self::spawn(Arc::clone(&self.node), kind, request.clone(), Box::new(use_case));
        Box::pin(async move {
            let Done { outcome, position, replayed, late } = spawned.await?;
            // It is this very use case's.
            let outcome = outcome.downcast::<T>().map_err(|_| CommandError::from(Defect::OutcomeOfAnother))?;
            Ok(Done { outcome: Arc::unwrap_or_clone(outcome), position, replayed, late })
        })
    }

    /// Runs a command in a task that nobody but itself ends.
    async fn spawn(
        node: Arc<Node>,
        kind: &'static str,
        request: Request,
        use_case: UseCase,
    ) -> Result<Done<Outcome>, CommandError> {
        let (tasks, watermark) = (node.tasks.clone(), request.watermark.clone());
        if tasks.is_closed() {
            return Err(CommandError::Busy);
        }
        // Before anything is begun: what is under way is brought to its end in the room that is kept for it.
        node.has_room()?;
        let deadline = Arc::new(Deadline::after(node.parts.settings.deadline.saturating_sub(request.spent)));
        let begun = Arc::clone(&deadline);
        // Counted in its own task: whoever asked may be gone by then.
        let counted = async move {
            let outcome = begin(node, request, use_case, begun).await;
            let label = outcome.as_ref().map_or_else(label_of, |_| "done");
            metrics::counter!("cartlog_commands_total", "command" => kind, "outcome" => label).increment(1);
            outcome
        };
        // A panic in a command is a defect of ours; the client learns that its outcome is unknown, others go on.
        let outcome = tokio::select! {
            biased;
            done = tasks.spawn(counted.in_current_span()) => {
                done.unwrap_or_else(|error| Err(CommandError::BrokeOff { source: error.into() }))
            }
            over = deadline.over() => Err(over),
        };
        outcome.inspect_err(|error| watermark.note(error))
    }
}

/// Makes the session of a request and runs its use case, after the one that is under way with the same key.
async fn begin(
    node: Arc<Node>,
    request: Request,
    use_case: UseCase,
    deadline: Arc<Deadline>,
) -> Result<Done<Outcome>, CommandError> {
    let Request { store_id, actor, person, request_id, idempotency, if_match, watermark, held: _held, spent: _ } =
        request;
    let clock = Arc::clone(&node.parts.clock);
    let by = match person {
        Some(name) => Some(By::person(node.person(store_id, &name).await?)),
        None => None,
    };
    let origin = |ids: Ids| {
        let (correlation_id, causation_id) = (ids.fresh_id(), None);
        Origin { store_id, actor, by, request_id, correlation_id, causation_id, ids, watermark }
    };
    let Some(key) = idempotency else {
        let session = Session::new(node, origin(Ids::fresh(clock)), None, if_match).until(deadline);
        return done_or_not_known(session, use_case).await;
    };
    let hmac = node.hmac_key(store_id).await?;
    let (keyed, ids) = (keys::keyed(&hmac, &key), keys::ids(&hmac, &key, clock));
    let _alone = node.in_flight.lock((store_id, keyed.idempotency.key.clone())).await;
    if deadline.is_over() {
        // Whoever asked was told so by the deadline.
        return Err(CommandError::Busy);
    }
    let session = Session::new(Arc::clone(&node), origin(ids), Some(keyed), if_match).until(deadline);
    done_or_not_known(session, use_case).await
}

/// What became of a command that was not done, for the metrics: a rule refused it, or the server could not do it.
fn label_of(error: &CommandError) -> &'static str {
    match error {
        CommandError::OutcomeUnknown { .. } | CommandError::BrokeOff { .. } => "unknown",
        CommandError::RateLimited { .. } => "refused",
        error => match error.class() {
            Class::Never => "refused",
            Class::NotNow | Class::Busy | Class::Damaged => "failed",
        },
    }
}

/// Runs the use case. Once it is decided, no failure means that nothing was done.
async fn done_or_not_known(session: Session, use_case: UseCase) -> Result<Done<Outcome>, CommandError> {
    let has_decided = session.decision();
    use_case(session).await.map_err(|error| match has_decided.load(Ordering::Relaxed) {
        true => error.once_decided(),
        false => error,
    })
}
