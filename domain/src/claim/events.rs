//! What is stored of a unique name. The name itself never is: the stream's name is a keyed hash of it.

use crate::ids::ClaimId;
use crate::macros::events;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The name belongs to the owner's stream from now on, once that stream names the claim too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NameClaimed {
    pub claim_id: ClaimId,
    /// The stream of the owner: `customer-…`, `store-…`, `coupon-…`.
    pub owner: String,
}

/// The name is free again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NameReleased {
    pub claim_id: ClaimId,
    pub owner: String,
}

events! {
    /// The events of a claim's stream.
    pub enum ClaimEvent { NameClaimed = 1, NameReleased = 1 }
}
