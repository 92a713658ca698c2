//! Everything that a vault holds, entry by entry: for copying it, and for nothing else.

use super::{
    ConfirmationEntry, CredentialOwner, CustomerTokenEntry, HmacKey, IncarnationId, OperatorToken, SignedHead,
    SigningKey, StoredKey, TokenEntry, VaultError,
};
use async_trait::async_trait;
use domain::{ActorId, CredentialId, CustomerId, StoreId, Timestamp, TokenId};

/// What kinds of entries there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Credential,
    Token,
    Confirmation,
    HmacKey,
    CustomerKey,
    TokenName,
    CustomerToken,
    OperatorToken,
    Actor,
    SigningKey,
    SignedHead,
}

impl Kind {
    pub const ALL: [Kind; 11] = [
        Kind::HmacKey,
        Kind::CustomerKey,
        Kind::Credential,
        Kind::Token,
        Kind::TokenName,
        Kind::CustomerToken,
        Kind::OperatorToken,
        Kind::Actor,
        Kind::Confirmation,
        Kind::SigningKey,
        Kind::SignedHead,
    ];
}

/// One entry, with all that is kept of it. Has no `Debug`: most of it is secret.
#[derive(Clone)]
pub enum Entry {
    Credential {
        id: CredentialId,
        owner: CredentialOwner,
        hash: String,
        /// When the sweep is to look at it; `None`: known to be in force.
        review_at: Option<Timestamp>,
    },
    Token {
        sha256: [u8; 32],
        entry: TokenEntry,
    },
    Confirmation {
        sha256: [u8; 32],
        entry: ConfirmationEntry,
        expires_at: Timestamp,
    },
    HmacKey {
        store: StoreId,
        key: HmacKey,
    },
    CustomerKey {
        customer: CustomerId,
        /// `None`: it was destroyed.
        key: StoredKey,
    },
    TokenName {
        token: TokenId,
        store: StoreId,
        name: String,
    },
    CustomerToken {
        sha256: [u8; 32],
        entry: CustomerTokenEntry,
    },
    OperatorToken {
        sha256: [u8; 32],
        token: OperatorToken,
    },
    Actor {
        actor_id: ActorId,
        store: StoreId,
        /// `None`: they were forgotten.
        tag: Option<[u8; 32]>,
        /// `None`: it was destroyed.
        key: StoredKey,
    },
    SigningKey {
        of: IncarnationId,
        key: SigningKey,
    },
    SignedHead {
        of: IncarnationId,
        head: SignedHead,
    },
}

impl Entry {
    /// What it is found by, within its kind.
    pub fn id(&self) -> &[u8] {
        match self {
            Entry::Credential { id, .. } => id.0.as_bytes(),
            Entry::Token { sha256, .. }
            | Entry::Confirmation { sha256, .. }
            | Entry::CustomerToken { sha256, .. }
            | Entry::OperatorToken { sha256, .. } => sha256,
            Entry::HmacKey { store, .. } => store.0.as_bytes(),
            Entry::CustomerKey { customer, .. } => customer.0.as_bytes(),
            Entry::TokenName { token, .. } => token.0.as_bytes(),
            Entry::Actor { actor_id, .. } => actor_id.0.as_bytes(),
            Entry::SigningKey { of, .. } | Entry::SignedHead { of, .. } => of.as_bytes(),
        }
    }

    /// Whether it is all that is left of somebody who was at a store's desk. Such entries are put first: their tags may be others' by
    /// now.
    pub(super) fn is_forgotten_actor(&self) -> bool {
        matches!(self, Entry::Actor { key: None, .. })
    }
}

/// A vault that can be gone through.
#[async_trait]
pub trait Inventory: Send + Sync + 'static {
    /// Up to `limit` entries of the kind with ids beyond `after`, in the order of the ids' bytes; all ids are beyond the empty one.
    async fn entries(&self, kind: Kind, after: &[u8], limit: usize) -> Result<Vec<Entry>, VaultError>;

    /// Puts those that are not there, and brings up to date what may change of those that are: when a credential is looked at
    /// again, that a key was destroyed, with an actor's tag, that an operator's token was revoked, and the last head that was signed, of
    /// which the latter three are never taken back. All else of them stays. Durable once answered.
    async fn put_entries(&self, entries: Vec<Entry>) -> Result<(), VaultError>;
}
