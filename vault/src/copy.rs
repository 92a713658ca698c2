//! Copies one vault into another, whichever adapters the two are.
//!
//! What lives here: [`copy`]. What doesn't: which vaults these are, and that nobody else uses them. The guarantee: nothing is
//! written before all that both hold was compared; an entry that the target has is never replaced by another. A repeat goes on
//! where it was stopped, and brings what has changed in the source since: keys that were destroyed, most of all, tokens that were revoked, and
//! heads that were signed.
//!
//! No error holds a secret: entries are named by whose they are.

use super::inventory::{Entry, Inventory, Kind};
use super::{ConfirmationEntry, CredentialOwner, IncarnationId, OperatorToken, SignedHead, StoredKey, VaultError};
use domain::{ActorId, CustomerId, StoreId, Timestamp, TokenId};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt;

/// Entries that are read, and written, at once.
const PAGE: usize = 500;

/// What the source holds, and since the copy the target too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub credentials: u64,
    /// Of stores.
    pub tokens: u64,
    pub confirmations: u64,
    /// Of stores, with the one for all of the log.
    pub hmac_keys: u64,
    /// Of customers, with those that were destroyed.
    pub customer_keys: u64,
    /// Of stores' tokens, also of those that are gone.
    pub token_names: u64,
    pub customer_tokens: u64,
    pub operator_tokens: u64,
    /// People at stores' desks, with those who were forgotten.
    pub actors: u64,
    /// Of incarnations of the log.
    pub signing_keys: u64,
    /// The last of each incarnation.
    pub signed_heads: u64,
}

impl Counts {
    pub fn all(&self) -> u64 {
        let mut counts = *self;
        Kind::ALL.into_iter().map(|kind| *counts.of(kind)).sum()
    }

    fn of(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::Credential => &mut self.credentials,
            Kind::Token => &mut self.tokens,
            Kind::Confirmation => &mut self.confirmations,
            Kind::HmacKey => &mut self.hmac_keys,
            Kind::CustomerKey => &mut self.customer_keys,
            Kind::TokenName => &mut self.token_names,
            Kind::CustomerToken => &mut self.customer_tokens,
            Kind::OperatorToken => &mut self.operator_tokens,
            Kind::Actor => &mut self.actors,
            Kind::SigningKey => &mut self.signing_keys,
            Kind::SignedHead => &mut self.signed_heads,
        }
    }
}

/// Why a vault can't be copied.
#[derive(Debug, thiserror::Error)]
pub enum VaultCopyError {
    #[error("reading the source's vault")]
    Source(#[source] VaultError),
    #[error("the target's vault")]
    Target(#[source] VaultError),
    /// The target has something that is not the source's. Nothing was changed.
    #[error(
        "nothing was copied, as the target's vault is none of the source's: {0}; a node has run on it, or it is another \
         store's: choose an empty one"
    )]
    Differs(EntryDifference),
    /// Somebody else uses one of them.
    #[error("the target's vault is not as it was just written: somebody else uses it, or the source's")]
    Disturbed,
}

/// Where the two differ for good, in what is whose: never what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryDifference {
    #[error("it has another {0}")]
    Another(EntryName),
    #[error("it has {0}, which the source has not")]
    Foreign(EntryName),
}

/// Whose an entry is, without anything secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryName {
    Secret(StoreId),
    Password(CustomerId),
    Token(TokenId, StoreId),
    Confirmation(CustomerId),
    /// To the names that are unique in the log.
    KeyOfNames,
    StoreKey(StoreId),
    CustomerKey(CustomerId),
    /// Not the name itself.
    NameOfToken(TokenId, StoreId),
    CustomerToken(TokenId, CustomerId),
    OperatorToken(TokenId),
    Actor(ActorId, StoreId),
    SigningKey(IncarnationId),
    SignedHead(IncarnationId),
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryName::Secret(store) => write!(f, "secret of store {}", store.0),
            EntryName::Password(customer) => write!(f, "password of customer {}", customer.0),
            EntryName::Token(token, store) => write!(f, "token {} of store {}", token.0, store.0),
            EntryName::Confirmation(customer) => write!(f, "confirmation of customer {}", customer.0),
            EntryName::KeyOfNames => f.write_str("key for the names that are unique in the log"),
            EntryName::StoreKey(store) => write!(f, "key of store {}", store.0),
            EntryName::CustomerKey(customer) => write!(f, "key of customer {}", customer.0),
            EntryName::NameOfToken(token, store) => write!(f, "name of token {} of store {}", token.0, store.0),
            EntryName::CustomerToken(token, customer) => write!(f, "token {} of customer {}", token.0, customer.0),
            EntryName::OperatorToken(token) => write!(f, "token {} of an operator", token.0),
            EntryName::Actor(actor, store) => write!(f, "key of actor {} of store {}", actor.0, store.0),
            EntryName::SigningKey(of) => write!(f, "key that signs log {of}"),
            EntryName::SignedHead(of) => write!(f, "last head that was signed of log {of}"),
        }
    }
}

impl EntryName {
    fn of(entry: &Entry) -> Self {
        match entry {
            Entry::Credential { owner: CredentialOwner::Store(store), .. } => EntryName::Secret(*store),
            Entry::Credential { owner: CredentialOwner::Customer(customer), .. } => EntryName::Password(*customer),
            Entry::Token { entry, .. } => EntryName::Token(entry.token_id, entry.store_id),
            Entry::Confirmation { entry: ConfirmationEntry { customer_id, .. }, .. } => {
                EntryName::Confirmation(*customer_id)
            }
            Entry::HmacKey { store, .. } if store.0.is_nil() => EntryName::KeyOfNames,
            Entry::HmacKey { store, .. } => EntryName::StoreKey(*store),
            Entry::CustomerKey { customer, .. } => EntryName::CustomerKey(*customer),
            Entry::TokenName { token, store, .. } => EntryName::NameOfToken(*token, *store),
            Entry::CustomerToken { entry, .. } => EntryName::CustomerToken(entry.token_id, entry.customer_id),
            Entry::OperatorToken { token, .. } => EntryName::OperatorToken(token.token_id),
            Entry::Actor { actor_id, store, .. } => EntryName::Actor(*actor_id, *store),
            Entry::SigningKey { of, .. } => EntryName::SigningKey(*of),
            Entry::SignedHead { of, .. } => EntryName::SignedHead(*of),
        }
    }
}

/// Puts into the target what it lacks of the source, and reads both once more. `now`: what has expired by then, and was removed
/// from the source, may stay in the target until that removes it as well.
///
/// # Errors
/// See [`VaultCopyError`].
pub async fn copy(source: &dyn Inventory, target: &dyn Inventory, now: Timestamp) -> Result<Counts, VaultCopyError> {
    for kind in Kind::ALL {
        let mut pairs = Pairs::of(source, target, kind);
        while let Some(pair) = pairs.next().await? {
            pair.step(now).map_err(VaultCopyError::Differs)?;
        }
    }
    for kind in Kind::ALL {
        if kind == Kind::Actor {
            put_due(source, target, kind, now, Entry::is_forgotten_actor).await?;
        }
        put_due(source, target, kind, now, |_| true).await?;
    }
    let mut counts = Counts::default();
    for kind in Kind::ALL {
        let mut pairs = Pairs::of(source, target, kind);
        while let Some(pair) = pairs.next().await? {
            match pair.step(now) {
                Ok(EntryAction::Same) => *counts.of(kind) += 1,
                Ok(EntryAction::Leave) => {}
                Ok(EntryAction::Put(_)) | Err(_) => return Err(VaultCopyError::Disturbed),
            }
        }
    }
    Ok(counts)
}

/// Puts what the target lacks of the kind, and is wanted.
async fn put_due(
    source: &dyn Inventory,
    target: &dyn Inventory,
    kind: Kind,
    now: Timestamp,
    is_wanted: fn(&Entry) -> bool,
) -> Result<(), VaultCopyError> {
    let (mut pairs, mut due) = (Pairs::of(source, target, kind), Vec::new());
    while let Some(pair) = pairs.next().await? {
        match pair.step(now).map_err(VaultCopyError::Differs)? {
            EntryAction::Put(entry) if is_wanted(&entry) => due.push(entry),
            EntryAction::Put(_) | EntryAction::Same | EntryAction::Leave => {}
        }
        if due.len() >= PAGE {
            target.put_entries(std::mem::take(&mut due)).await.map_err(VaultCopyError::Target)?;
        }
    }
    if !due.is_empty() {
        target.put_entries(due).await.map_err(VaultCopyError::Target)?;
    }
    Ok(())
}

/// What is to be done about an id.
enum EntryAction {
    Same,
    Put(Entry),
    /// It is only in the target, which will remove it by itself.
    Leave,
}

/// What both have under one id.
struct Pair {
    source: Option<Entry>,
    target: Option<Entry>,
}

impl Pair {
    /// # Errors
    /// How they differ for good.
    fn step(self, now: Timestamp) -> Result<EntryAction, EntryDifference> {
        match (self.source, self.target) {
            (Some(source), Some(target)) => held_against(source, &target),
            (Some(source), None) => Ok(EntryAction::Put(source)),
            (None, Some(target)) => only_in_target(target, now),
            (None, None) => Ok(EntryAction::Leave),
        }
    }
}

fn held_against(source: Entry, target: &Entry) -> Result<EntryAction, EntryDifference> {
    let (same, current) = match (&source, target) {
        (
            Entry::Credential { owner, hash, review_at, .. },
            Entry::Credential { owner: their_owner, hash: their_hash, review_at: their_review, .. },
        ) => (owner == their_owner && hash == their_hash, review_at == their_review),
        (Entry::Token { entry, .. }, Entry::Token { entry: theirs, .. }) => (entry == theirs, true),
        (Entry::CustomerToken { entry, .. }, Entry::CustomerToken { entry: theirs, .. }) => (entry == theirs, true),
        (Entry::TokenName { store, name, .. }, Entry::TokenName { store: their_store, name: their_name, .. }) => {
            (store == their_store && name == their_name, true)
        }
        (
            Entry::Confirmation { entry, expires_at, .. },
            Entry::Confirmation { entry: theirs, expires_at: their_expiry, .. },
        ) => (entry == theirs && expires_at == their_expiry, true),
        (Entry::OperatorToken { token, .. }, Entry::OperatorToken { token: theirs, .. }) => operators(token, theirs),
        (Entry::HmacKey { key, .. }, Entry::HmacKey { key: theirs, .. }) => (key.0 == theirs.0, true),
        (Entry::CustomerKey { key, .. }, Entry::CustomerKey { key: theirs, .. }) => keys(key, theirs),
        (
            Entry::Actor { store, tag, key, .. },
            Entry::Actor { store: their_store, tag: their_tag, key: their_key, .. },
        ) => match keys(key, their_key) {
            _ if store != their_store => (false, true),
            // The tag goes with the key.
            (same, true) => (same && tag == their_tag, true),
            destroyed_since => destroyed_since,
        },
        (Entry::SigningKey { key, .. }, Entry::SigningKey { key: theirs, .. }) => (key.0 == theirs.0, true),
        (Entry::SignedHead { head, .. }, Entry::SignedHead { head: theirs, .. }) => heads(head, theirs),
        _ => (false, true),
    };
    match (same, current) {
        (true, true) => Ok(EntryAction::Same),
        (true, false) => Ok(EntryAction::Put(source)),
        (false, _) => Err(EntryDifference::Another(EntryName::of(target))),
    }
}

/// Whether the two are the same, and whether what may change of them is.
fn keys(key: &StoredKey, theirs: &StoredKey) -> (bool, bool) {
    match (key, theirs) {
        (Some(key), Some(theirs)) => (key.0 == theirs.0, true),
        (None, None) => (true, true),
        // What was destroyed in the source since must not live on in a copy.
        (None, Some(_)) => (true, false),
        // And what was destroyed comes back nowhere.
        (Some(_), None) => (false, true),
    }
}

/// As [`keys`].
fn operators(token: &OperatorToken, theirs: &OperatorToken) -> (bool, bool) {
    let made = |token: &OperatorToken| OperatorToken { revoked_at: None, ..token.clone() };
    match (token.revoked_at, theirs.revoked_at) {
        _ if made(token) != made(theirs) => (false, true),
        // It was revoked in the source since.
        (Some(_), None) => (true, false),
        // And what was revoked is good nowhere again.
        (ours, theirs) => (ours == theirs, true),
    }
}

/// As [`keys`]. A smaller head says nothing of a larger one; whether they contradict each other only the log knows.
fn heads(head: &SignedHead, theirs: &SignedHead) -> (bool, bool) {
    match head.size.cmp(&theirs.size) {
        Ordering::Greater => (true, false),
        Ordering::Equal => (head == theirs, true),
        // Whoever used the target has signed further.
        Ordering::Less => (false, true),
    }
}

/// What a vault removes by itself may be gone from the source by now. Keys, names, and tokens of operators stay for ever.
fn only_in_target(entry: Entry, now: Timestamp) -> Result<EntryAction, EntryDifference> {
    match entry {
        Entry::Token { ref entry, .. } if entry.expires_at < now => Ok(EntryAction::Leave),
        Entry::CustomerToken { ref entry, .. } if entry.expires_at < now => Ok(EntryAction::Leave),
        Entry::Confirmation { expires_at, .. } if expires_at < now => Ok(EntryAction::Leave),
        // Swept in the source since, as it was replaced: the target's sweep is to look at it too.
        Entry::Credential { id, owner, hash, review_at: None } => {
            Ok(EntryAction::Put(Entry::Credential { id, owner, hash, review_at: Some(Timestamp::from_millis(0)) }))
        }
        Entry::Credential { review_at: Some(_), .. } => Ok(EntryAction::Leave),
        Entry::Token { .. }
        | Entry::CustomerToken { .. }
        | Entry::TokenName { .. }
        | Entry::OperatorToken { .. }
        | Entry::Actor { .. }
        | Entry::Confirmation { .. }
        | Entry::HmacKey { .. }
        | Entry::SigningKey { .. }
        | Entry::SignedHead { .. }
        | Entry::CustomerKey { .. } => Err(EntryDifference::Foreign(EntryName::of(&entry))),
    }
}

/// Goes through both vaults at once, id by id.
struct Pairs<'a> {
    source: Listing<'a>,
    target: Listing<'a>,
}

impl<'a> Pairs<'a> {
    fn of(source: &'a dyn Inventory, target: &'a dyn Inventory, kind: Kind) -> Self {
        Self { source: Listing::of(source, kind), target: Listing::of(target, kind) }
    }

    async fn next(&mut self) -> Result<Option<Pair>, VaultCopyError> {
        self.source.fill().await.map_err(VaultCopyError::Source)?;
        self.target.fill().await.map_err(VaultCopyError::Target)?;
        let order = match (self.source.page.front(), self.target.page.front()) {
            (None, None) => return Ok(None),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(ours), Some(theirs)) => ours.id().cmp(theirs.id()),
        };
        let source = if order.is_le() { self.source.page.pop_front() } else { None };
        let target = if order.is_ge() { self.target.page.pop_front() } else { None };
        Ok(Some(Pair { source, target }))
    }
}

/// The entries of one kind, a page at a time.
struct Listing<'a> {
    vault: &'a dyn Inventory,
    kind: Kind,
    page: VecDeque<Entry>,
    /// The last id that was read.
    after: Vec<u8>,
    /// The end was reached: what is put there meanwhile is not read any more.
    ended: bool,
}

impl<'a> Listing<'a> {
    fn of(vault: &'a dyn Inventory, kind: Kind) -> Self {
        Self { vault, kind, page: VecDeque::new(), after: Vec::new(), ended: false }
    }

    async fn fill(&mut self) -> Result<(), VaultError> {
        if !self.page.is_empty() || self.ended {
            return Ok(());
        }
        self.page = self.vault.entries(self.kind, &self.after, PAGE).await?.into();
        match self.page.back() {
            Some(last) => self.after = last.id().to_vec(),
            None => self.ended = true,
        }
        Ok(())
    }
}
