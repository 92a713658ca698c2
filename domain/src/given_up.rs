//! Claims that a stream must not name any more.
//!
//! Claim ids rise with the time at which they were made (UUIDv7), and one is named within seconds or never. So the smallest need not be
//! kept one by one: whatever is as small as one that was let go counts as given up, too. Who wants to name such a claim, because a
//! clock is behind, is refused as any other whose claim was given up, and comes again with a new one.

use crate::ClaimId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many are kept: far more than can be under way at one time.
const KEPT: usize = 500;

/// The claims that were given up, the largest of them one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    claims: BTreeSet<ClaimId>,
    /// The largest that is not kept any more.
    up_to: Option<ClaimId>,
}

impl GivenUp {
    /// Whether the claim must not be named by anything that is decided.
    pub fn contains(&self, claim: &ClaimId) -> bool {
        self.forbids(claim) || self.up_to.is_some_and(|up_to| *claim <= up_to)
    }

    /// Whether no event can name the claim: it was given up, and not only because it is as small as others.
    pub(crate) fn forbids(&self, claim: &ClaimId) -> bool {
        self.claims.contains(claim)
    }

    /// False: it was given up before.
    pub(crate) fn insert(&mut self, claim: ClaimId) -> bool {
        let is_new = self.claims.insert(claim);
        while self.claims.len() > KEPT {
            self.up_to = self.up_to.max(self.claims.pop_first());
        }
        is_new
    }
}

impl From<ClaimId> for GivenUp {
    fn from(claim: ClaimId) -> Self {
        Self { claims: BTreeSet::from([claim]), up_to: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn of_many_the_newest_are_kept_and_the_oldest_stay_given_up() {
        let claim = |number: usize| ClaimId(Uuid::from_u128(2 * number as u128));
        let mut given_up = GivenUp::default();
        assert!((0..10 * KEPT).all(|number| given_up.insert(claim(number))));
        assert!((0..10 * KEPT).all(|number| given_up.contains(&claim(number))));
        assert_eq!(given_up.claims.len(), KEPT);
        assert!(!given_up.contains(&claim(10 * KEPT)), "a new one may be named");
        let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2 * (9 * KEPT) as u128 + 1));
        assert!(given_up.contains(&ClaimId(old)), "nobody knows any more whether it was given up");
        assert!(!given_up.forbids(&ClaimId(old)), "a history may have named it");
        assert!(!given_up.contains(&ClaimId(new)));
    }
}
