//! The vault: what must not stand in an immutable log.
//!
//! Argon2id hashes of app secrets and passwords; SHA-256 of the tokens of stores, of customers and of whoever operates the server, and of
//! confirmation tokens; what stores call their tokens; the keys of customers and of the people at stores' desks; HMAC keys; what the log's
//! heads are signed with, and the last head that was.
//! Entries are immutable; the event names the one in force. The vault is written first, then the event; hashes of secrets and passwords
//! that no event names are swept after 24 h, by whoever knows the events, and tokens of stores and customers go when they have long
//! expired. What stays for ever: names, which outlive their tokens; operators' tokens, whose list tells who had access; and of a key that
//! was destroyed, that it was there.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod behind;
pub mod binding;
#[cfg(feature = "testing")]
pub mod conformance;
pub mod copy;
mod error;
mod inventory;
mod key_cache;
#[cfg(feature = "testing")]
mod memory;
mod operators;
#[cfg(feature = "postgres")]
mod postgres;
mod signing;
mod sqlite;

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresVault;
pub use error::VaultError;
pub use inventory::{Entry, Inventory, Kind};
#[cfg(feature = "testing")]
pub use memory::MemoryVault;
pub use operators::{OperatorRole, OperatorToken};
pub use signing::{IncarnationId, SignedHead, SigningKey};
pub use sqlite::{SqliteKeys, SqliteVault};

use async_trait::async_trait;
use binding::Binding;
use domain::{ActorId, ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
use eventlog::CausedBy;
use journal::{Keys, SealingKey};

/// Whose secret or password it is: whose stream says which one is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialOwner {
    Store(StoreId),
    Customer(CustomerId),
}

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenEntry {
    pub store_id: StoreId,
    pub token_id: TokenId,
    pub expires_at: Timestamp,
}

/// What a token of a shop window's customer stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerTokenEntry {
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub token_id: TokenId,
    pub expires_at: Timestamp,
}

/// Somebody at a store's desk, with the key that who they are is sealed with. Has no `Debug`.
#[derive(Clone)]
pub struct ActorEntry {
    pub actor_id: ActorId,
    pub key: SealingKey,
}

/// What a confirmation link's token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfirmationEntry {
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub confirmation_id: ConfirmationId,
}

/// A key for HMACs. Never printed, never stored outside the vault.
#[derive(Clone, zeroize::ZeroizeOnDrop)]
pub struct HmacKey(pub [u8; 32]);

/// The vault's port. Every write is durable once answered. An entry is never overwritten: writing it again changes nothing.
#[async_trait]
pub trait Vault: Keys + Inventory {
    /// Damage that it has met, and that stays until a backup is restored.
    fn damage(&self) -> Option<String> {
        None
    }

    /// Stores the Argon2id hash (PHC string) of a secret or password. It is looked at by the sweep after `at` + 24 h.
    async fn put_credential(
        &self,
        id: CredentialId,
        owner: CredentialOwner,
        hash: &str,
        at: Timestamp,
    ) -> Result<(), VaultError>;

    async fn credential(&self, id: CredentialId) -> Result<Option<String>, VaultError>;

    /// What is in force for the owner is about to change: the sweep looks at all that the vault has of it again after
    /// `at` + 24 h.
    async fn review_credentials(&self, owner: CredentialOwner, at: Timestamp) -> Result<(), VaultError>;

    /// Up to `limit` credentials that were stored, or marked for review, before `before` and not settled since, in the
    /// order of their ids, after `after`.
    async fn credentials_to_review(
        &self,
        before: Timestamp,
        after: Option<CredentialId>,
        limit: usize,
    ) -> Result<Vec<(CredentialId, CredentialOwner)>, VaultError>;

    /// Ends a review: those in force stay, and are not looked at again until they are marked; the others are destroyed.
    async fn settle_credentials(&self, in_force: &[CredentialId], others: &[CredentialId]) -> Result<(), VaultError>;

    /// Stores a token by its SHA-256.
    async fn put_token(&self, sha256: [u8; 32], entry: TokenEntry) -> Result<(), VaultError>;

    async fn token(&self, sha256: [u8; 32]) -> Result<Option<TokenEntry>, VaultError>;

    /// Stores what a store calls its token. The name outlives the token, as what was done with it a year ago names it still.
    async fn put_token_name(&self, store: StoreId, token: TokenId, name: &str) -> Result<(), VaultError>;

    /// What the store calls these tokens, in their order; `None` where it was not said, and where it is another store's.
    async fn token_names(&self, store: StoreId, tokens: &[TokenId]) -> Result<Vec<Option<String>>, VaultError>;

    /// Stores a customer's token by its SHA-256.
    async fn put_customer_token(&self, sha256: [u8; 32], entry: CustomerTokenEntry) -> Result<(), VaultError>;

    async fn customer_token(&self, sha256: [u8; 32]) -> Result<Option<CustomerTokenEntry>, VaultError>;

    /// Stores an operator's token by its SHA-256.
    async fn put_operator_token(&self, sha256: [u8; 32], token: &OperatorToken) -> Result<(), VaultError>;

    async fn operator_token(&self, sha256: [u8; 32]) -> Result<Option<OperatorToken>, VaultError>;

    /// All that there ever were, in the order in which they were made, and of their ids where that is the same.
    async fn operator_tokens(&self) -> Result<Vec<OperatorToken>, VaultError>;

    /// Says that the token is good no longer, since `at`; once it was said, that moment stays. `false`: there is none such.
    async fn revoke_operator_token(&self, token: TokenId, at: Timestamp) -> Result<bool, VaultError>;

    /// Stores a confirmation link's token by its SHA-256.
    async fn put_confirmation(
        &self,
        sha256: [u8; 32],
        entry: ConfirmationEntry,
        expires_at: Timestamp,
    ) -> Result<(), VaultError>;

    async fn confirmation(&self, sha256: [u8; 32]) -> Result<Option<ConfirmationEntry>, VaultError>;

    /// Removes tokens of stores and of customers, and confirmations, that expired before `before`.
    async fn remove_expired(&self, before: Timestamp) -> Result<(), VaultError>;

    /// The store's key for HMACs; made on the first call, the same ever after. The nil store's key is for names that are
    /// unique in the whole log.
    async fn hmac_key(&self, store: StoreId) -> Result<HmacKey, VaultError>;

    /// Whoever is known at the store's desk by `tag`, a keyed hash of a name, which is computed by whoever asks. They are made on the
    /// first call, with `fresh` as their id and a key of their own, and are the same ever after, also for all who ask at once, until
    /// they are forgotten.
    ///
    /// # Errors
    /// [`VaultError::Away`] also where `fresh` is somebody's already, or they were forgotten meanwhile: try again with another id.
    async fn actor(&self, store: StoreId, tag: [u8; 32], fresh: ActorId) -> Result<ActorEntry, VaultError>;

    /// Destroys the key of somebody at the store's desk, so that what was sealed with it can't be opened any more, and the tag, so
    /// that the next call of [`Self::actor`] with it makes somebody new. That there was somebody of this id stays. `true` also where
    /// they were forgotten before; `false`: the store never had them.
    async fn forget_actor(&self, store: StoreId, actor: ActorId) -> Result<bool, VaultError>;

    /// Stores what an incarnation's heads are signed with, and gives what is kept: the first one, whoever put it, ever after.
    async fn put_signing_key(&self, of: IncarnationId, key: SigningKey) -> Result<SigningKey, VaultError>;

    async fn signing_key(&self, of: IncarnationId) -> Result<Option<SigningKey>, VaultError>;

    /// The last head that was signed for the incarnation, or is about to be published.
    async fn signed_head(&self, of: IncarnationId) -> Result<Option<SignedHead>, VaultError>;

    /// Puts `new` in the place of `expected`, the last one; `None`: there is none yet. `true`: it is the last one now, also where it
    /// was already. `false`: another is, and nothing was changed. Durable once answered, so that what is published only afterwards
    /// is never forgotten. That `new` extends the last one is for whoever signs.
    async fn sign_head(
        &self,
        of: IncarnationId,
        expected: Option<&SignedHead>,
        new: &SignedHead,
    ) -> Result<bool, VaultError>;

    /// Which log the vault belongs to; `None`: it was made before that was written down, or just now.
    async fn binding(&self) -> Result<Option<Binding>, VaultError>;

    /// Writes down which log it belongs to, whatever stood there.
    async fn bind(&self, binding: Binding) -> Result<(), VaultError>;

    /// Those of the customers that no key was ever made for: a destroyed one was made.
    async fn never_had(&self, customers: &[CustomerId]) -> Result<Vec<CustomerId>, VaultError>;

    /// Destroys the customer's key: what was sealed with it can't be opened any more, here or in any copy, and no key is ever
    /// made for the customer again.
    async fn destroy_key(&self, customer: CustomerId) -> Result<(), VaultError>;
}

/// 32 bytes that nobody can guess.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where keys come from; a test that could repeat them could guess them"
)]
fn random_bytes() -> Result<[u8; 32], VaultError> {
    let mut bytes = [0; 32];
    let none = |error: getrandom::Error| VaultError::Away(CausedBy::of("no randomness to be had", error));
    getrandom::fill(&mut bytes).map_err(none)?;
    Ok(bytes)
}

/// Nobody has the tag after somebody was made for it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("an actor was forgotten as soon as they were made, or the id for them was taken")]
struct NobodyMade;

/// A person's key as stored, where `None` is a destroyed one.
type StoredKey = Option<SealingKey>;
