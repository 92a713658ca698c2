//! The vault: what must not stand in an immutable log.
//!
//! Argon2id hashes of app secrets and passwords, SHA-256 of tokens and confirmation tokens, customers' keys, HMAC keys.
//! Entries are immutable; the event names the one in force. The vault is written first, then the event; entries that no
//! event names are swept after 24 h.

use async_trait::async_trait;
use domain::{ConfirmationId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};
use journal::Keys;

/// The vault can't be reached now.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct VaultError(pub String);

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenEntry {
    pub store_id: StoreId,
    pub token_id: TokenId,
    pub expires_at: Timestamp,
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

/// The vault's port. Every write is durable once answered; a repeat of a write with the same content changes nothing.
#[async_trait]
pub trait Vault: Keys {
    /// Stores the Argon2id hash (PHC string) of a secret or password.
    async fn put_credential(
        &self,
        id: CredentialId,
        store: StoreId,
        hash: &str,
        at: Timestamp,
    ) -> Result<(), VaultError>;

    async fn credential(&self, id: CredentialId) -> Result<Option<String>, VaultError>;

    /// Stores a token by its SHA-256.
    async fn put_token(&self, sha256: [u8; 32], entry: TokenEntry, at: Timestamp) -> Result<(), VaultError>;

    async fn token(&self, sha256: [u8; 32]) -> Result<Option<TokenEntry>, VaultError>;

    /// Stores a confirmation link's token by its SHA-256.
    async fn put_confirmation(
        &self,
        sha256: [u8; 32],
        entry: ConfirmationEntry,
        at: Timestamp,
    ) -> Result<(), VaultError>;

    async fn confirmation(&self, sha256: [u8; 32]) -> Result<Option<ConfirmationEntry>, VaultError>;

    /// The store's key for HMACs; made on the first call, the same ever after. The nil store's key is for names that are
    /// unique in the whole log.
    async fn hmac_key(&self, store: StoreId) -> Result<HmacKey, VaultError>;

    /// Destroys the customer's key: what was sealed with it can't be opened any more, here or in any copy.
    async fn destroy_key(&self, customer: CustomerId) -> Result<(), VaultError>;

    /// Removes tokens and confirmations that expired before `before`, and credentials older than that for which
    /// `in_force` says no.
    async fn sweep(&self, before: Timestamp, unnamed: &[CredentialId]) -> Result<(), VaultError>;

    /// Up to `limit` credentials stored before `before`, after `after`, with their stores: candidates for sweeping.
    async fn credentials_before(
        &self,
        before: Timestamp,
        after: Option<CredentialId>,
        limit: usize,
    ) -> Result<Vec<(CredentialId, StoreId)>, VaultError>;
}
