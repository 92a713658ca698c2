//! What one process has for all commands: what they are wired to, what they remember, and an executor a kind of stream.
//!
//! What doesn't live here: requests, and what any of them does.

use crate::executor::{Executor, ExecutorContext, Loaded, States};
use crate::guard::Tries;
use crate::hashing::Hasher;
use crate::ids::Ids;
use crate::keys;
use crate::locks::Locks;
use crate::snapshots::SnapshotWriter;
use crate::tokens::TokenCache;
use crate::{CommandDependencies, CommandError, CommandSettings, EvenClock};
use domain::{
    ActorId, ClaimId, CustomerId, Decider, StoreId, Timestamp,
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
use eventlog::CausedBy;
use journal::NamedPerson;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use vault::HmacKey;

/// How long a person is known without a look into the vault, where another node may have forgotten them.
const PERSON_KNOWN: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct KnownPerson {
    person: NamedPerson,
    read_at: Duration,
}

pub(crate) struct Node {
    pub(crate) parts: CommandDependencies,
    pub(crate) hasher: Hasher,
    /// For what time alone destroys.
    pub(crate) even_clock: EvenClock,
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
    /// People at stores' desks, by a keyed hash of their names.
    people: Cache<[u8; 32], KnownPerson>,
    /// Where the log was when this was first asked: what older versions wrote is before it.
    pub(crate) begun_at: tokio::sync::OnceCell<eventlog::Position>,
    /// Keys whose requests are under way: a second request waits for the first, and then finds what it did.
    pub(crate) in_flight: Locks<(StoreId, String)>,
    /// Where commands write; not set: they are not held up.
    pub(crate) space: std::sync::OnceLock<sqlite::Space>,
    pub(crate) tasks: TaskTracker,
    pub(crate) snapshots: SnapshotWriter,
    pub(crate) states: Arc<States>,
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
        $(impl Has<$aggregate> for Node {
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

/// The executor of one kind of aggregate.
pub(crate) trait Has<A: Decider> {
    fn executor(&self) -> &Executor<A>;
}

impl Node {
    pub(crate) fn new(parts: CommandDependencies) -> Self {
        let CommandSettings { memory, cached_streams, .. } = parts.settings;
        let snapshots = SnapshotWriter::new(Arc::clone(&parts.snapshots), parts.journal.clone(), memory.snapshots);
        let shared = Arc::new(ExecutorContext {
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
            hasher: Hasher::default(),
            even_clock: EvenClock::new(Arc::clone(&parts.clock)),
            tries: Tries::new(parts.settings.wrong_tries),
            verifying: Locks::default(),
            tokens: TokenCache::new(memory.known / 2),
            cart_locks: Locks::default(),
            name_locks: Locks::default(),
            unnamed_claims: Cache::new(4_096),
            hmac_keys: Cache::new(4_096),
            people: Cache::new(4_096),
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
        }
    }

    /// Whether as much of the disk is free as is to stay free.
    pub(crate) fn has_room(&self) -> Result<(), CommandError> {
        match self.space.get().and_then(sqlite::Space::short) {
            Some(short) => Err(CommandError::DiskFull { source: short }),
            None => Ok(()),
        }
    }

    /// Whether even what is kept free to bring to an end what was begun is used up by half.
    pub(crate) fn has_no_room(&self) -> bool {
        self.space.get().is_some_and(|space| space.very_short().is_some())
    }

    pub(crate) fn carts(&self) -> &Executor<Cart> {
        &self.carts
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Looks at a state of any store.
    pub(crate) async fn look_at<A: Decider, T: Send + 'static>(
        &self,
        id: &A::Id,
        look: impl FnOnce(&A) -> T + Send + 'static,
    ) -> Result<T, CommandError>
    where
        Self: Has<A>,
    {
        Has::<A>::executor(self).read(id, move |loaded: &Loaded<A>| look(&loaded.state)).await
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
        let key = self.parts.vault.hmac_key(store).await?;
        self.hmac_keys.insert(store, key.clone());
        Ok(key)
    }

    /// Somebody was forgotten, by whatever name.
    pub(crate) fn forget_people(&self) {
        self.people.clear();
    }

    /// The person of this name at the store's desk, as events say it. Whoever was forgotten, and named again, is somebody new: within
    /// [`PERSON_KNOWN`] on every node.
    pub(crate) async fn person(&self, store: StoreId, name: &str) -> Result<NamedPerson, CommandError> {
        let tag = keys::hash(&self.hmac_key(store).await?, "person at the desk", &[name.as_bytes()]);
        let now = self.parts.clock.running();
        let is_fresh = |known: &KnownPerson| now.saturating_sub(known.read_at) < PERSON_KNOWN;
        if let Some(known) = self.people.get(&tag).filter(is_fresh) {
            return Ok(known.person);
        }
        let entry = self.parts.vault.actor(store, tag, ActorId(self.fresh_id())).await?;
        let sealed = journal::seal_name(&entry.key, entry.actor_id, name);
        let name =
            sealed.map_err(|error| CommandError::Damaged { source: CausedBy::of("a name can't be sealed", error) })?;
        let person = NamedPerson { id: entry.actor_id, name: name.into() };
        self.people.insert(tag, KnownPerson { person: person.clone(), read_at: now });
        Ok(person)
    }
}
