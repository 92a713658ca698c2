//! The fold of a claim's stream.

use crate::ids::ClaimId;
use serde::{Deserialize, Serialize};

/// The keyed hash of scope and name, as names are compared, in hex: what a claim's stream is called. Gives nothing away.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimKey(pub String);

impl std::fmt::Display for ClaimKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    #[default]
    Free,
    Held {
        claim_id: ClaimId,
        owner: String,
        since: crate::Timestamp,
    },
}
