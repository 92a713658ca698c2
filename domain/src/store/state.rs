//! The fold of a store's stream.

use super::events::CreditOrder;
use crate::ids::*;
use crate::{Cents, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Store {
    /// Not created; claims may have been given up.
    #[default]
    None,
    /// Not created, and these claims must not be named by whoever creates it.
    Awaited { given_up: BTreeSet<ClaimId> },
    Live(Box<LiveStore>),
    Deleted { store_id: StoreId, app_id: String, claim_id: ClaimId },
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
    /// The live tokens, oldest first.
    pub tokens: Vec<LiveToken>,
    /// The batch credits that are not complete.
    pub jobs: BTreeMap<JobId, Cents>,
    pub given_up: BTreeSet<ClaimId>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LiveToken {
    pub token_id: TokenId,
    pub expires_at: Timestamp,
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
}
