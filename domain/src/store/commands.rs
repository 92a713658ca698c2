//! What may be asked of a store.

use super::Role;
use super::events::{CreditOrder, StoreCreated};
use crate::ids::*;
use crate::numbers::{NumberFormat, NumberRestart, NumbersCouldRepeat};
use crate::{Cents, Timestamp};

#[derive(Clone, Debug)]
pub enum StoreCommand {
    Create(StoreCreated),
    Change(ChangeStore),
    /// The vault's new entry is there already. In force already: no event.
    ChangeSecret {
        credential_id: CredentialId,
    },
    /// The vault's entry of the token is there already. With the most live tokens there may be, the oldest is evicted.
    /// Issued already: no event.
    IssueToken {
        token_id: TokenId,
        expires_at: Timestamp,
        role: Role,
    },
    /// Revoked or expired already: not found.
    RevokeToken {
        token_id: TokenId,
    },
    /// None is live: no event.
    RevokeAllTokens,
    /// For ever: its `app_id` stays taken. Deleted already: not found.
    Delete,
    /// The vault has destroyed the key already. An event each time.
    ForgetActor {
        actor_id: ActorId,
    },
    /// Under way already: no event.
    StartBatchCredit {
        job_id: JobId,
        amount_in_cents: Cents,
    },
    /// Complete already: not found.
    CompleteBatchCredit {
        job_id: JobId,
        issued: u64,
    },
    /// Also before the store exists. Given up already, or named by the store (a claim in force is never given up): no
    /// event. Whoever wants the name looks at [`Store::names_claim`](super::Store::names_claim) afterwards.
    GiveUpClaim {
        claim_id: ClaimId,
    },
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
    pub invoice_number_format: Option<NumberFormat>,
    /// `Some(None)`: as invoices.
    pub credit_note_number_format: Option<Option<NumberFormat>>,
    pub number_restart: Option<NumberRestart>,
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
    #[error(transparent)]
    NumbersCouldRepeat(#[from] NumbersCouldRepeat),
}
