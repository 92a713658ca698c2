//! What may be asked of a unique name.

use crate::ids::ClaimId;

#[derive(Clone, Debug)]
pub enum ClaimCommand {
    /// Take the name, free or held by `instead_of`, whose owner was seen not to name it and gave it up. Held by this very
    /// claim of this owner: no event.
    Claim { claim_id: ClaimId, owner: String, instead_of: Option<ClaimId> },
    /// Free the name, if exactly this claim of this owner holds it; else nothing happens.
    Release { claim_id: ClaimId, owner: String },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimRejection {
    #[error("the name is held by claim {claim_id} of {owner}")]
    Held { claim_id: ClaimId, owner: String },
}
