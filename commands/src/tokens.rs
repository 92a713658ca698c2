//! What this node remembers of tokens and secrets, so that a request is authenticated from memory.
//!
//! What a token stands for never changes. Whether it is live is read from its store's stream once a second at most, and at once
//! after anything on this node touched the store's tokens: so what another node revoked is noticed within a second, without
//! anybody having to tell, and without asking the log for each request.

use crate::CommandError;
use crate::names::normalized;
use crate::randomness;
use chrono::TimeDelta;
use domain::store::{LiveToken, Role};
use domain::{CredentialId, StoreId, Timestamp, TokenId};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use quick_cache::{OptionsBuilder, Weighter};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use subtle::ConstantTimeEq;
use vault::{CustomerTokenEntry, TokenEntry};

/// What a token or a secret takes with its place in the cache, about, in bytes.
const ENTRY: u64 = 192;
/// What a store takes beside its tokens, and what each of these does.
const STORE: u64 = 512;
const TOKEN: u64 = 32;
/// Parts of the cache of stores that are locked by themselves: few, so that a store with many tokens has room in one.
const SHARDS: usize = 2;
/// From this age on, one request reads the store again while the others still take what is known.
const FRESH: TimeDelta = TimeDelta::milliseconds(500);
/// From this age on, every request reads the store.
const STALE: TimeDelta = TimeDelta::seconds(1);
/// How long what is known will do while the log is away, and how long a verified secret is remembered.
const REMEMBERED: TimeDelta = TimeDelta::minutes(5);

/// Who a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated {
    pub store_id: StoreId,
    pub token_id: TokenId,
    pub role: Role,
    pub expires_at: Timestamp,
}

/// Tokens and stores seen lately, and secrets verified lately (as keyed hashes). Bounded.
pub(crate) struct TokenCache {
    entries: Cache<[u8; 32], TokenEntry>,
    /// What customers' tokens stand for. Whether one is good is read from the customer's stream.
    customers: Cache<[u8; 32], CustomerTokenEntry>,
    stores: Cache<StoreId, Arc<LiveTokens>, ByTokens>,
    /// Rises whenever a store is forgotten: what was being read then may be what was known before.
    forgotten: Mutex<u64>,
    secrets: Cache<CredentialId, Verified>,
    /// Of this process alone; without randomness no secret is remembered.
    secrets_key: Option<zeroize::Zeroizing<[u8; 32]>>,
}

#[derive(Clone)]
struct Verified {
    hash: [u8; 32],
    at: Timestamp,
}

/// A moment before a read of a store's stream.
#[derive(Clone, Copy)]
pub(crate) struct Moment(u64);

/// What a store's stream said of its tokens.
pub(crate) struct LiveTokens {
    /// `None`: there is no such store, or not any more.
    app_id: Option<String>,
    tokens: HashMap<TokenId, Role>,
    read_at: Timestamp,
    /// Somebody reads it again.
    being_read: AtomicBool,
}

/// What is known of a request's token.
pub(crate) enum TokenStanding {
    Live(Role),
    Expired,
    /// Of another app, or of a store that is gone.
    Foreign,
    /// Revoked; or issued since the store was read.
    Unknown,
}

/// Weighs a store by its tokens, in bytes.
#[derive(Clone)]
struct ByTokens;

impl Weighter<StoreId, Arc<LiveTokens>> for ByTokens {
    fn weight(&self, _: &StoreId, tokens: &Arc<LiveTokens>) -> u64 {
        STORE + TOKEN * tokens.tokens.capacity() as u64
    }
}

fn stores(bytes: u64) -> Cache<StoreId, Arc<LiveTokens>, ByTokens> {
    let options = OptionsBuilder::new()
        .weight_capacity(bytes)
        .estimated_items_capacity(usize::try_from(bytes / STORE).unwrap_or(usize::MAX))
        .shards(SHARDS)
        .build();
    // Both capacities are given.
    Cache::with_options(options.expect("options of a cache"), ByTokens, Default::default(), Default::default())
}

fn entries(bytes: u64) -> usize {
    usize::try_from(bytes / ENTRY).unwrap_or(usize::MAX).max(1)
}

impl TokenCache {
    /// With room for about so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let mut key = zeroize::Zeroizing::new([0; 32]);
        Self {
            entries: Cache::new(entries(bytes / 4)),
            customers: Cache::new(entries(bytes / 4)),
            stores: stores(bytes / 4),
            forgotten: Mutex::default(),
            secrets: Cache::new(entries(bytes / 4)),
            secrets_key: randomness::fill(key.as_mut()).ok().map(|()| key),
        }
    }

    pub(crate) fn entry(&self, sha256: &[u8; 32]) -> Option<TokenEntry> {
        self.entries.get(sha256)
    }

    pub(crate) fn remember(&self, sha256: [u8; 32], entry: TokenEntry) {
        self.entries.insert(sha256, entry);
    }

    pub(crate) fn customer_entry(&self, sha256: &[u8; 32]) -> Option<CustomerTokenEntry> {
        self.customers.get(sha256)
    }

    pub(crate) fn remember_customer(&self, sha256: [u8; 32], entry: CustomerTokenEntry) {
        self.customers.insert(sha256, entry);
    }

    pub(crate) fn live(&self, store: StoreId) -> Option<Arc<LiveTokens>> {
        self.stores.get(&store)
    }

    /// Taken before the store is read for what [`Self::keep`] is then given.
    pub(crate) fn moment(&self) -> Moment {
        Moment(*self.forgotten.lock())
    }

    pub(crate) fn keep(&self, read_from: Moment, store: StoreId, tokens: &Arc<LiveTokens>) {
        let forgotten = self.forgotten.lock();
        if *forgotten == read_from.0 {
            self.stores.insert(store, Arc::clone(tokens));
        }
    }

    /// This node changed the store's tokens: the next request reads them.
    pub(crate) fn forget(&self, store: StoreId) {
        let mut forgotten = self.forgotten.lock();
        *forgotten += 1;
        self.stores.remove(&store);
    }

    /// Whether the secret was verified against this credential in the last minutes.
    pub(crate) fn was_verified(&self, credential: CredentialId, secret: &str, now: Timestamp) -> bool {
        let Some(known) = self.secrets.get(&credential) else { return false };
        let same = self.hash(secret).is_some_and(|hash| bool::from(hash.ct_eq(&known.hash)));
        same && is_younger(known.at, now, REMEMBERED)
    }

    pub(crate) fn verified(&self, credential: CredentialId, secret: &str, at: Timestamp) {
        if let Some(hash) = self.hash(secret) {
            self.secrets.insert(credential, Verified { hash, at });
        }
    }

    /// What stands for an attempt with this secret while it is under way. Without randomness all attempts are one.
    pub(crate) fn name_of(&self, app_id: &str, secret: &str) -> [u8; 32] {
        self.hash(&format!("{}:{app_id}{secret}", app_id.len())).unwrap_or_default()
    }

    fn hash(&self, secret: &str) -> Option<[u8; 32]> {
        self.secrets_key.as_ref().map(|key| *blake3::keyed_hash(key, secret.as_bytes()).as_bytes())
    }
}

impl LiveTokens {
    pub(crate) fn of(app_id: String, tokens: &[LiveToken], read_at: Timestamp) -> Self {
        let tokens = tokens.iter().map(|token| (token.token_id, token.role)).collect();
        Self { app_id: Some(app_id), tokens, read_at, being_read: AtomicBool::new(false) }
    }

    /// Of a store that does not exist, or not any more.
    pub(crate) fn of_none(read_at: Timestamp) -> Self {
        Self { app_id: None, tokens: HashMap::new(), read_at, being_read: AtomicBool::new(false) }
    }

    pub(crate) fn check(&self, app_id: &str, entry: &TokenEntry, now: Timestamp) -> TokenStanding {
        let of_app = |known: &String| known == app_id || *known == normalized(app_id);
        if !self.app_id.as_ref().is_some_and(of_app) {
            TokenStanding::Foreign
        } else if now >= entry.expires_at {
            TokenStanding::Expired
        } else {
            self.tokens.get(&entry.token_id).map_or(TokenStanding::Unknown, |role| TokenStanding::Live(*role))
        }
    }

    /// Whether it is young enough. When it is about to be too old, `false` for one request, which is to read it again.
    pub(crate) fn will_do(&self, now: Timestamp) -> bool {
        is_younger(self.read_at, now, FRESH)
            || (is_younger(self.read_at, now, STALE) && self.being_read.swap(true, Ordering::Relaxed))
    }

    /// Whether it is young enough for when it can't be read again.
    pub(crate) fn may_do(&self, now: Timestamp) -> bool {
        is_younger(self.read_at, now, REMEMBERED)
    }
}

impl TokenStanding {
    pub(crate) fn into_result(self, entry: &TokenEntry) -> Result<Authenticated, CommandError> {
        let TokenEntry { store_id, token_id, expires_at } = *entry;
        match self {
            TokenStanding::Live(role) => Ok(Authenticated { store_id, token_id, role, expires_at }),
            TokenStanding::Expired => Err(CommandError::TokenExpired),
            TokenStanding::Foreign | TokenStanding::Unknown => Err(CommandError::Unauthorized),
        }
    }
}

/// Whether `then` is less than `age` ago. A clock that was set back makes everything old.
fn is_younger(then: Timestamp, now: Timestamp, age: TimeDelta) -> bool {
    then <= now && now < then.plus(age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_store_that_was_being_read_when_it_was_forgotten_is_not_kept() {
        let (cache, store) = (TokenCache::new(1 << 20), StoreId(Uuid::now_v7()));
        let read = || Arc::new(LiveTokens::of_none(Timestamp::from_millis(1)));
        let moment = cache.moment();
        cache.forget(store);
        cache.keep(moment, store, &read());
        assert!(cache.live(store).is_none());
        cache.keep(cache.moment(), store, &read());
        assert!(cache.live(store).is_some());
    }

    #[test]
    fn one_request_reads_a_store_again_before_all_have_to() {
        let tokens = LiveTokens::of_none(Timestamp::from_millis(1_000));
        let at = |millis| tokens.will_do(Timestamp::from_millis(millis));
        assert_eq!([1_000, 1_499].map(at), [true, true]);
        assert_eq!([1_500, 1_501, 1_999].map(at), [false, true, true]);
        assert_eq!([2_000, 2_001].map(at), [false, false]);
        // A clock that was set back says nothing about age.
        assert!(!at(999));
    }
}
