//! All commands in one handle, and what it is made of.

use crate::deadline::Deadline;
use crate::executor::{Executor, Origin, Shared, States};
use crate::guard::Tries;
use crate::hashing::Hasher;
use crate::ids::Ids;
use crate::keys;
use crate::locks::Locks;
use crate::session::{Has, Session};
use crate::snapshots::{SnapshotWriter, Snapshots};
use crate::use_cases::authenticate::TokenCache;
use crate::{Class, Clock, CommandError, Done, Held, IdempotencyKey, Lookups, Mailer, Request, Service, Watermark};
use domain::{
    ClaimId, CustomerId, StoreId,
    cart::Cart,
    claim::{Claim, ClaimKey},
    coupon::Coupon,
    credit::Credit,
    customer::Customer,
    gift_card::GiftCard,
    invoice::Invoice,
    order::Order,
    product::Product,
    store::Store,
};
use journal::{Actor, Journal};
use quick_cache::sync::Cache;
use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;
use vault::{HmacKey, Vault, VaultError};

/// What commands are wired to.
#[derive(Clone)]
pub struct Parts {
    pub journal: Journal,
    pub vault: Arc<dyn Vault>,
    /// Of long streams.
    pub snapshots: Arc<dyn Snapshots>,
    /// Of the work that one node does for all, and another goes on with: how far it is. Where nodes share anything, they share this.
    pub progress: Arc<dyn Snapshots>,
    pub lookups: Arc<dyn Lookups>,
    pub mailer: Arc<dyn Mailer>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
}

/// Bounds, all configurable.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Streams whose state is kept in memory, of all categories together; also bounded by [`Memory::states`].
    pub cached_streams: usize,
    pub memory: Memory,
    /// Commands that may wait on one stream; one more is [`CommandError::Busy`].
    pub queue_length: usize,
    /// Events after which a long stream's state is saved again.
    pub snapshot_every: u64,
    /// No other process writes to the log, as on one machine: what this one has in memory is the truth. Otherwise streams are
    /// read again before anything is said of them.
    pub sole_writer: bool,
    /// Wrong secrets or passwords of one account from one address that are answered in a minute; more are
    /// [`CommandError::RateLimited`]. 0: no limit.
    pub wrong_tries: u32,
    /// How long anybody waits for a command, the time counted that its request has taken before. The work goes on.
    pub deadline: Duration,
}

/// What may be held in memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// States of streams that nothing waits on.
    pub states: u64,
    /// Snapshots that wait to be written.
    pub snapshots: usize,
    /// Tokens, credentials and keys that were seen lately, and the like; half of it by commands, the rest is for whoever keeps
    /// customers' keys.
    pub known: u64,
}

/// With the 2 s that an answer waits for the views, ten seconds.
const DEADLINE: Duration = Duration::from_secs(8);

impl Default for Settings {
    fn default() -> Self {
        Self {
            cached_streams: 32_768,
            memory: Memory::default(),
            queue_length: 1_024,
            snapshot_every: 1_000,
            sole_writer: false,
            wrong_tries: 10,
            deadline: DEADLINE,
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self { states: 64 * MIB as u64, snapshots: 16 * MIB, known: 16 * MIB as u64 }
    }
}

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
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(crate) hasher: Hasher,
    /// For what time alone destroys.
    pub(crate) even_clock: crate::EvenClock,
    pub(crate) tries: Tries,
    /// Secrets that are being verified: the same one, asked for many times at once, is hashed once.
    pub(crate) verifying: Locks<[u8; 32]>,
    pub(crate) tokens: TokenCache,
    /// One command at a time on a customer's carts, on this node: fewer conflicts, nothing more.
    pub(crate) cart_locks: Locks<CustomerId>,
    /// One attempt at a unique name at a time, on this node: who loses learns from whom, nothing more.
    pub(crate) name_locks: Locks<ClaimKey>,
    /// When this process first met a claim that nobody named yet, by [`crate::Clock::running`].
    pub(crate) unnamed_claims: Cache<ClaimId, Duration>,
    hmac_keys: Cache<StoreId, HmacKey>,
    /// Where the log was when this was first asked: what older versions wrote is before it.
    pub(crate) begun_at: tokio::sync::OnceCell<eventlog::Position>,
    /// Keys whose requests are under way: a second request waits for the first, and then finds what it did.
    in_flight: Locks<(StoreId, String)>,
    /// Where commands write; not set: they are not held up.
    space: std::sync::OnceLock<sqlite::Space>,
    pub(crate) tasks: TaskTracker,
    snapshots: SnapshotWriter,
    states: Arc<States>,
    stores: Executor<Store>,
    products: Executor<Product>,
    customers: Executor<Customer>,
    carts: Executor<Cart>,
    invoices: Executor<Invoice>,
    orders: Executor<Order>,
    gift_cards: Executor<GiftCard>,
    credits: Executor<Credit>,
    coupons: Executor<Coupon>,
    claims: Executor<Claim>,
}

macro_rules! has {
    ($($aggregate:ident in $field:ident),+ $(,)?) => {
        $(impl Has<$aggregate> for Inner {
            fn executor(&self) -> &Executor<$aggregate> { &self.$field }
        })+
    };
}

has!(
    Store in stores,
    Product in products,
    Customer in customers,
    Cart in carts,
    Invoice in invoices,
    Order in orders,
    GiftCard in gift_cards,
    Credit in credits,
    Coupon in coupons,
    Claim in claims,
);

impl Commands {
    pub fn new(parts: Parts) -> Self {
        let Settings { memory, cached_streams, .. } = parts.settings;
        let snapshots = SnapshotWriter::new(Arc::clone(&parts.snapshots), parts.journal.clone(), memory.snapshots);
        let shared = Arc::new(Shared {
            journal: parts.journal.clone(),
            snapshots: snapshots.clone(),
            lookups: Arc::clone(&parts.lookups),
            clock: Arc::clone(&parts.clock),
            states: Arc::new(States::new(memory.states, cached_streams)),
            queue_length: parts.settings.queue_length,
            snapshot_every: parts.settings.snapshot_every,
            sole_writer: parts.settings.sole_writer,
        });
        Self {
            inner: Arc::new(Inner {
                hasher: Hasher::default(),
                even_clock: crate::EvenClock::new(Arc::clone(&parts.clock)),
                tries: Tries::new(parts.settings.wrong_tries),
                verifying: Locks::default(),
                tokens: TokenCache::new(memory.known / 2),
                cart_locks: Locks::default(),
                name_locks: Locks::default(),
                unnamed_claims: Cache::new(4_096),
                hmac_keys: Cache::new(4_096),
                begun_at: tokio::sync::OnceCell::new(),
                in_flight: Locks::default(),
                space: std::sync::OnceLock::new(),
                tasks: TaskTracker::new(),
                stores: Executor::new(Arc::clone(&shared)),
                products: Executor::new(Arc::clone(&shared)),
                customers: Executor::new(Arc::clone(&shared)),
                carts: Executor::new(Arc::clone(&shared)),
                invoices: Executor::new(Arc::clone(&shared)),
                orders: Executor::new(Arc::clone(&shared)),
                gift_cards: Executor::new(Arc::clone(&shared)),
                credits: Executor::new(Arc::clone(&shared)),
                coupons: Executor::new(Arc::clone(&shared)),
                states: Arc::clone(&shared.states),
                claims: Executor::new(shared),
                snapshots,
                parts,
            }),
        }
    }

    /// Refuses new commands ([`CommandError::DiskFull`]) while the disk has less room than this wants, and what follows from events
    /// waits. To be called once, before the first command.
    pub fn within(&self, space: sqlite::Space) {
        // Called once.
        let _ = self.inner.space.set(space);
    }

    /// Refuses new commands from now on ([`CommandError::Busy`]) and waits for those under way, then for the snapshot that is
    /// being written.
    pub async fn close(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.inner.snapshots.close().await;
    }

    /// What is held in memory now.
    pub fn remembered(&self) -> Remembered {
        Remembered { states: self.inner.states.bytes(), snapshots: self.inner.snapshots.bytes() as u64 }
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
        let spawned = Self::spawn(Arc::clone(&self.inner), kind, request.clone(), Box::new(use_case));
        Box::pin(async move {
            let Done { outcome, position, replayed, late } = spawned.await?;
            // It is this very use case's.
            let outcome =
                outcome.downcast::<T>().map_err(|_| CommandError::damaged("a command gave what is not its own"))?;
            Ok(Done { outcome: Arc::unwrap_or_clone(outcome), position, replayed, late })
        })
    }

    /// Runs a command in a task that nobody but itself ends.
    async fn spawn(
        inner: Arc<Inner>,
        kind: &'static str,
        request: Request,
        use_case: UseCase,
    ) -> Result<Done<Outcome>, CommandError> {
        let (tasks, watermark) = (inner.tasks.clone(), request.watermark.clone());
        if tasks.is_closed() {
            return Err(CommandError::Busy);
        }
        // Before anything is begun: what is under way is brought to its end in the room that is kept for it.
        inner.has_room()?;
        let deadline = Arc::new(Deadline::after(inner.parts.settings.deadline.saturating_sub(request.spent)));
        let begun = Arc::clone(&deadline);
        // Counted in its own task: whoever asked may be gone by then.
        let counted = async move {
            let outcome = inner.begin(request, use_case, begun).await;
            let label = outcome.as_ref().map_or_else(label_of, |_| "done");
            metrics::counter!("cartlog_commands_total", "command" => kind, "outcome" => label).increment(1);
            outcome
        };
        // A panic in a command is a defect of ours; the client learns that its outcome is unknown, others go on.
        let outcome = tokio::select! {
            biased;
            done = tasks.spawn(counted.in_current_span()) => {
                done.unwrap_or_else(|error| Err(CommandError::BrokeOff { reason: error.to_string() }))
            }
            over = deadline.over() => Err(over),
        };
        outcome.inspect_err(|error| watermark.note(error))
    }
}

impl Inner {
    /// Whether as much of the disk is free as is to stay free.
    pub(crate) fn has_room(&self) -> Result<(), CommandError> {
        match self.space.get().and_then(sqlite::Space::short) {
            Some(short) => Err(CommandError::DiskFull { reason: short.to_string() }),
            None => Ok(()),
        }
    }

    /// Makes the session of a request and runs its use case, after the one that is under way with the same key.
    async fn begin(
        self: Arc<Self>,
        request: Request,
        use_case: UseCase,
        deadline: Arc<Deadline>,
    ) -> Result<Done<Outcome>, CommandError> {
        let Request { store_id, actor, request_id, idempotency, if_match, watermark, held: _held, spent: _ } = request;
        let clock = Arc::clone(&self.parts.clock);
        let origin = |ids: Ids| {
            let (correlation_id, causation_id) = (Uuid::now_v7(), None);
            Origin { store_id, actor, request_id, correlation_id, causation_id, ids, watermark }
        };
        let Some(key) = idempotency else {
            let session = Session::new(self, origin(Ids::fresh(clock)), None, if_match).until(deadline);
            return done_or_not_known(session, use_case).await;
        };
        let hmac = self.hmac_key(store_id).await?;
        let (keyed, ids) = (keys::keyed(&hmac, &key), keys::ids(&hmac, &key, clock));
        let _alone = self.in_flight.lock((store_id, keyed.idempotency.key.clone())).await;
        if deadline.is_over() {
            return Err(CommandError::KeyInUse);
        }
        let session = Session::new(Arc::clone(&self), origin(ids), Some(keyed), if_match).until(deadline);
        done_or_not_known(session, use_case).await
    }

    /// Whether even what is kept free to bring to an end what was begun is used up by half.
    pub(crate) fn has_no_room(&self) -> bool {
        self.space.get().is_some_and(|space| space.very_short().is_some())
    }

    pub(crate) fn carts(&self) -> &Executor<Cart> {
        &self.carts
    }

    /// An id that follows from nothing, also in a request with an `Idempotency-Key`: for what must differ from attempt to
    /// attempt.
    pub(crate) fn fresh_id(&self) -> Uuid {
        Ids::fresh(Arc::clone(&self.parts.clock)).named("fresh")
    }

    /// The store's key for HMACs; the nil store's for names that are unique in the whole log.
    pub(crate) async fn hmac_key(&self, store: StoreId) -> Result<HmacKey, CommandError> {
        if let Some(key) = self.hmac_keys.get(&store) {
            return Ok(key);
        }
        let key = self.parts.vault.hmac_key(store).await.map_err(vault_away)?;
        self.hmac_keys.insert(store, key.clone());
        Ok(key)
    }
}

/// What became of a command that was not done, for the metrics: a rule refused it, or the server could not do it.
fn label_of(error: &CommandError) -> &'static str {
    match error {
        CommandError::OutcomeUnknown { .. } | CommandError::BrokeOff { .. } => "unknown",
        CommandError::KeyInUse | CommandError::RateLimited { .. } => "refused",
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

pub(crate) fn vault_away(error: VaultError) -> CommandError {
    match error {
        VaultError::Away(reason) => CommandError::Unavailable { service: Service::Vault, reason },
        VaultError::Damaged(reason) => CommandError::Damaged { reason: format!("the vault: {reason}") },
    }
}

pub(crate) fn views_away(error: crate::LookupsError) -> CommandError {
    CommandError::Unavailable { service: Service::Views, reason: error.0 }
}

/// A request without a store: it creates one, asks for a token, or opens a confirmation link.
pub(crate) fn anonymous(store_id: StoreId, request_id: Option<String>, idempotency: Option<IdempotencyKey>) -> Request {
    Request {
        store_id,
        actor: Actor::Anonymous,
        request_id,
        idempotency,
        if_match: None,
        watermark: Watermark::default(),
        held: Held::default(),
        spent: Duration::ZERO,
    }
}
