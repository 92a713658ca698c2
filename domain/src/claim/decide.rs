//! The rules.

use super::*;
use crate::{Category, ClaimId, Context, Decider, Impossible, StoreId, Timestamp};

type Decision = Result<Vec<ClaimEvent>, ClaimRejection>;

impl Decider for Claim {
    const CATEGORY: Category = Category::Claim;

    type Id = super::ClaimKey;
    type Command = ClaimCommand;
    type Event = ClaimEvent;
    type Rejection = ClaimRejection;

    fn decide(&self, command: &ClaimCommand, _context: &Context<'_>) -> Decision {
        match command {
            ClaimCommand::Claim { claim_id, owner, instead_of } => self.claim(*claim_id, owner, *instead_of),
            ClaimCommand::Release { claim_id, owner } => Ok(self.release(*claim_id, owner)),
        }
    }

    fn evolve(&mut self, event: &ClaimEvent, at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event, at)
    }

    fn event(event: crate::Event) -> Option<ClaimEvent> {
        match event {
            crate::Event::Claim(event) => Some(event),
            _ => None,
        }
    }

    /// A claim's stream is named by a hash that the store's key went into: no store can meet another's.
    fn store_id(&self) -> Option<StoreId> {
        None
    }
}

impl Claim {
    fn claim(&self, claim_id: ClaimId, owner: &str, instead_of: Option<ClaimId>) -> Decision {
        let claimed = NameClaimed { claim_id, owner: owner.to_owned() };
        match self {
            Claim::Free => Ok(vec![claimed.into()]),
            Claim::Held { claim_id: held, owner: holder, .. } if *held == claim_id && holder == owner => Ok(Vec::new()),
            // Each attempt has an id of its own: one that was given up can't come back for another owner.
            Claim::Held { claim_id: held, owner: holder, .. } if instead_of == Some(*held) && *held != claim_id => {
                let released = NameReleased { claim_id: *held, owner: holder.clone() };
                Ok(vec![released.into(), claimed.into()])
            }
            Claim::Held { claim_id: held, owner: holder, .. } => {
                Err(ClaimRejection::Held { claim_id: *held, owner: holder.clone() })
            }
        }
    }

    fn release(&self, claim_id: ClaimId, owner: &str) -> Vec<ClaimEvent> {
        match self {
            Claim::Held { claim_id: held, owner: holder, .. } if *held == claim_id && holder == owner => {
                vec![NameReleased { claim_id, owner: owner.to_owned() }.into()]
            }
            Claim::Held { .. } | Claim::Free => Vec::new(),
        }
    }
}
