//! What may be asked of a store.

use super::events::CreditOrder;
use crate::ids::*;
use crate::{Cents, Timestamp};

#[derive(Clone, Debug)]
pub enum StoreCommand {
    Create(CreateStore),
    Change(ChangeStore),
    /// The vault's new entry is there already.
    ChangeSecret { credential_id: CredentialId },
    /// The vault's entry of the token is there already.
    IssueToken { token_id: TokenId, expires_at: Timestamp },
    RevokeToken { token_id: TokenId },
    RevokeAllTokens,
    Delete,
    StartBatchCredit { job_id: JobId, amount_in_cents: Cents },
    CompleteBatchCredit { job_id: JobId, issued: u64 },
    /// Also before the store exists.
    GiveUpClaim { claim_id: ClaimId },
}

#[derive(Clone, Debug)]
pub struct CreateStore {
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
}

/// `None` leaves a field as it is. A field set to what it already is gives no event.
#[derive(Clone, Debug, Default)]
pub struct ChangeStore {
    pub name: Option<String>,
    pub tagline: Option<Option<String>>,
    pub credit_order_preference: Option<CreditOrder>,
    pub tax_rate_in_basis_points: Option<u32>,
    pub timezone: Option<String>,
    pub cart_expires_after_minutes: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreRejection {
    #[error("there is no such store")]
    StoreNotFound,
    #[error("the store exists already")]
    StoreExists,
    #[error("claim {claim_id} was given up")]
    ClaimGivenUp { claim_id: ClaimId },
    #[error("there is no such token")]
    TokenNotFound,
    #[error("there is no such job")]
    JobNotFound,
}
