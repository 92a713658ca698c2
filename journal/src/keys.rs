//! The port to the keys of people, customers and those at a store's desk; the vault of `commands` is behind it.

use async_trait::async_trait;
use domain::{ActorId, CustomerId, StoreId};
use eventlog::{CausedBy, Retry};

/// The key that one person's data is sealed with (XChaCha20-Poly1305).
#[derive(Clone, zeroize::ZeroizeOnDrop)]
pub struct SealingKey(pub [u8; 32]);

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// Why the keys can't be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeysError {
    /// They can't be reached now.
    #[error("the vault is away: {0}")]
    Away(#[source] CausedBy),
    /// Trying again does not help, a backup of the vault does.
    #[error("the vault is damaged: {0}")]
    Damaged(#[source] CausedBy),
}

impl KeysError {
    /// Whether trying again helps.
    pub fn retry(&self) -> Retry {
        match self {
            KeysError::Away(_) => Retry::Later,
            KeysError::Damaged(_) => Retry::Never,
        }
    }
}

/// The keys of people.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    /// The customer's key; made when there is none yet and none was destroyed. `None`: it was destroyed.
    async fn key_or_new(&self, customer: CustomerId) -> Result<Option<SealingKey>, KeysError>;

    /// The keys of these customers, in their order; `None` where there is none.
    async fn keys(&self, customers: &[CustomerId]) -> Result<Vec<Option<SealingKey>>, KeysError>;

    /// The keys of these people at the store's desk, in their order; `None` where there is none, where it was destroyed, and where
    /// it is another store's.
    async fn actor_keys(&self, store: StoreId, actors: &[ActorId]) -> Result<Vec<Option<SealingKey>>, KeysError>;
}
