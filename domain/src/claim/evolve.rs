//! The fold: a name is free, then held, then free again. Anything else is [`Impossible`].

use super::*;
use crate::{Impossible, Timestamp};

pub(super) fn evolve(state: &mut Claim, event: &ClaimEvent, at: Timestamp) -> Result<(), Impossible> {
    let next = match (&*state, event) {
        (Claim::Free, ClaimEvent::NameClaimed(event)) => {
            Some(Claim::Held { claim_id: event.claim_id, owner: event.owner.clone(), since: at })
        }
        (Claim::Held { claim_id, owner, .. }, ClaimEvent::NameReleased(event))
            if *claim_id == event.claim_id && *owner == event.owner =>
        {
            Some(Claim::Free)
        }
        (Claim::Held { .. }, ClaimEvent::NameClaimed(_) | ClaimEvent::NameReleased(_))
        | (Claim::Free, ClaimEvent::NameReleased(_)) => None,
    };
    *state = next.ok_or(Impossible { event: event.event_type(), state: word(state) })?;
    Ok(())
}

fn word(state: &Claim) -> &'static str {
    match state {
        Claim::Free => "free",
        Claim::Held { .. } => "held",
    }
}
