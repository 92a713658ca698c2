//! What is stored of a store.

use super::Role;
use crate::ids::*;
use crate::macros::events;
use crate::numbers::NumberSettings;
use crate::{Cents, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which kind of balance is spent first on an invoice (api.md §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CreditOrder {
    #[default]
    GiftCard,
    Credit,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreCreated {
    pub store_id: StoreId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tagline: Option<String>,
    pub app_id: String,
    /// The claim on `app_id`.
    pub claim_id: ClaimId,
    /// The vault's entry of the app secret in force.
    pub credential_id: CredentialId,
    pub credit_order_preference: CreditOrder,
    pub tax_rate_in_basis_points: u32,
    /// IANA name: where the store's days begin.
    pub timezone: String,
    /// 0: open carts never expire.
    pub cart_expires_after_minutes: u32,
    /// How its documents are numbered, where it begins with other settings than the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbering: Option<NumberSettings>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreRenamed {
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreTaglineChanged {
    #[schema(required)]
    pub tagline: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreCreditOrderChanged {
    pub credit_order_preference: CreditOrder,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreTaxRateChanged {
    pub tax_rate_in_basis_points: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreTimezoneChanged {
    pub timezone: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreCartExpiryChanged {
    pub cart_expires_after_minutes: u32,
}

/// Documents are numbered so from now on. What was issued before keeps its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreNumberingChanged {
    pub numbering: NumberSettings,
}

/// A new app secret is in force; tokens stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreSecretChanged {
    pub credential_id: CredentialId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreTokenIssued {
    pub token_id: TokenId,
    pub expires_at: Timestamp,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenRevocation {
    Requested,
    /// The store had its most live tokens; the oldest went.
    Evicted,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreTokenRevoked {
    pub token_id: TokenId,
    pub reason: TokenRevocation,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreTokensAllRevoked {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreDeleted {}

/// A credit for every customer that exists at this event's position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchCreditStarted {
    pub job_id: JobId,
    pub amount_in_cents: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchCreditCompleted {
    pub job_id: JobId,
    /// How many customers got one.
    pub issued: u64,
}

/// The name of a person at the store's desk was forgotten: events go on to say that it was one and the same, and nobody can tell who.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreActorForgotten {
    pub actor_id: ActorId,
}

events! {
    /// The events of a store's stream.
    pub enum StoreEvent {
        StoreCreated = 1, StoreRenamed = 1, StoreTaglineChanged = 1, StoreCreditOrderChanged = 1,
        StoreTaxRateChanged = 1, StoreTimezoneChanged = 1, StoreCartExpiryChanged = 1, StoreSecretChanged = 1,
        StoreTokenIssued = 2, StoreTokenRevoked = 1, StoreTokensAllRevoked = 1, StoreDeleted = 1,
        BatchCreditStarted = 1, BatchCreditCompleted = 1, StoreClaimGivenUp = 1,
        StoreActorForgotten = 1, StoreNumberingChanged = 1,
    }
}

/// The claim is given up: this stream must not name it any more, so that a slow creator conflicts and starts again
/// with a new one. May be the stream's first event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreClaimGivenUp {
    pub claim_id: ClaimId,
}

impl StoreEvent {
    /// The vault's entry of the app secret that the request came with, where it came with one.
    pub fn credential_id(&self) -> Option<CredentialId> {
        match self {
            Self::StoreCreated(event) => Some(event.credential_id),
            Self::StoreSecretChanged(event) => Some(event.credential_id),
            Self::StoreRenamed(_)
            | Self::StoreTaglineChanged(_)
            | Self::StoreCreditOrderChanged(_)
            | Self::StoreTaxRateChanged(_)
            | Self::StoreTimezoneChanged(_)
            | Self::StoreCartExpiryChanged(_)
            | Self::StoreTokenIssued(_)
            | Self::StoreTokenRevoked(_)
            | Self::StoreTokensAllRevoked(_)
            | Self::StoreDeleted(_)
            | Self::BatchCreditStarted(_)
            | Self::BatchCreditCompleted(_)
            | Self::StoreClaimGivenUp(_)
            | Self::StoreActorForgotten(_)
            | Self::StoreNumberingChanged(_) => None,
        }
    }
}
