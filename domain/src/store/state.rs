//! The fold of a store's stream.

use super::Role;
use super::events::CreditOrder;
use crate::GivenUp;
use crate::ids::*;
use crate::numbers::SettingsHistory;
use crate::{Cents, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Store {
    /// Not created; claims may have been given up.
    #[default]
    None,
    /// Not created, and these claims must not be named by whoever creates it.
    Awaited {
        given_up: GivenUp,
    },
    Live(Box<LiveStore>),
    Deleted {
        store_id: StoreId,
        app_id: String,
        claim_id: ClaimId,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiveStore {
    pub store_id: StoreId,
    pub name: String,
    pub tagline: Option<String>,
    pub app_id: String,
    pub claim_id: ClaimId,
    pub credential_id: CredentialId,
    pub credit_order_preference: CreditOrder,
    pub tax_rate_in_basis_points: u32,
    pub timezone: String,
    pub cart_expires_after_minutes: u32,
    pub numbering: SettingsHistory,
    /// The latest tokens that are not revoked, oldest first, at most [`MAX_TOKENS`](crate::limits::MAX_TOKENS). Which of them have
    /// expired says the clock of whoever asks.
    pub tokens: Vec<LiveToken>,
    /// The batch credits that are not complete.
    pub jobs: BTreeMap<JobId, Cents>,
    pub given_up: GivenUp,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LiveToken {
    pub token_id: TokenId,
    pub expires_at: Timestamp,
    pub role: Role,
}

impl LiveToken {
    /// Whether the token is good at `now`: `expires_at` is the first moment at which it is not.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

impl LiveStore {
    /// The tokens that are good at `now`, oldest first.
    pub fn live_tokens(&self, now: Timestamp) -> impl Iterator<Item = &LiveToken> {
        self.tokens.iter().filter(move |token| token.is_live(now))
    }
}

impl Store {
    /// The store, while it lives.
    pub fn live(&self) -> Option<&LiveStore> {
        match self {
            Store::Live(store) => Some(store),
            Store::None | Store::Awaited { .. } | Store::Deleted { .. } => None,
        }
    }

    /// The claim that the store names, also once deleted: its `app_id` stays taken.
    pub fn names_claim(&self, claim_id: ClaimId) -> bool {
        match self {
            Store::Live(store) => store.claim_id == claim_id,
            Store::Deleted { claim_id: named, .. } => *named == claim_id,
            Store::None | Store::Awaited { .. } => false,
        }
    }

    /// Whether the claim must not be named any more.
    pub fn has_given_up(&self, claim_id: ClaimId) -> bool {
        match self {
            Store::Awaited { given_up } => given_up.contains(&claim_id),
            Store::Live(store) => store.given_up.contains(&claim_id),
            Store::None | Store::Deleted { .. } => false,
        }
    }
}
