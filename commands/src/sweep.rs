//! Sweeping the vault: what no event names, and what has expired, goes after 24 h.
//!
//! What lives here: which credentials are in force, by the streams of their owners. The guarantee: what an event names, or is
//! about to name, stays; a credential is looked at only 24 h after it was stored or its owner's was about to change, and a command
//! does not live that long. Safe on several nodes and at any time. As nothing brings back what a sweep has destroyed, it does nothing
//! until this node's clock has run evenly for [`TRUSTED`]: one that was set ahead would end what lives.

use crate::node::Node;
use crate::{CommandError, Commands};
use chrono::TimeDelta;
use domain::CredentialId;
use domain::customer::Customer;
use domain::store::Store;
use std::time::Duration;
use vault::CredentialOwner;

/// How long an entry may stay without an event that names it, and an expired one after its end: so long a client that comes
/// with it still learns that it expired.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// How long the clock must have run evenly, against the time that passed, before anything is destroyed by it.
const TRUSTED: Duration = Duration::from_secs(6 * 60 * 60);
/// Credentials that are looked at in one go.
const PAGE: usize = 500;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Credentials that are in force, and were not known to be.
    pub in_force: usize,
    /// Credentials that nobody names any more, and that are destroyed.
    pub destroyed: usize,
}

impl Commands {
    /// Removes from the vault what no event names, and tokens and links that expired, each 24 h later. Costs a look at the
    /// streams of those owners alone whose credentials are new or changed; to be called now and then, an hour is often enough. Does
    /// nothing in the first six hours of a process, and after its clock was set.
    pub async fn sweep_vault(&self) -> Result<Swept, CommandError> {
        if self.node.even_clock.even_for() < TRUSTED {
            return Ok(Swept::default());
        }
        let parts = &self.node.parts;
        let before = parts.clock.now().minus(KEPT);
        parts.vault.remove_expired(before).await?;
        let (mut swept, mut after) = (Swept::default(), None);
        loop {
            let page = parts.vault.credentials_to_review(before, after, PAGE).await?;
            let (mut in_force, mut others) = (Vec::new(), Vec::new());
            for (id, owner) in &page {
                match is_in_force(&self.node, *owner, *id).await {
                    Ok(true) => in_force.push(*id),
                    Ok(false) => others.push(*id),
                    // What its owner's stream says nobody knows: it stays, and is looked at again.
                    Err(error @ CommandError::Damaged { .. }) => tracing::error!(%error, "a credential is kept unseen"),
                    Err(error) => return Err(error),
                }
            }
            parts.vault.settle_credentials(&in_force, &others).await?;
            swept.in_force += in_force.len();
            swept.destroyed += others.len();
            after = page.last().map(|(id, _)| *id);
            if page.len() < PAGE {
                return Ok(swept);
            }
        }
    }
}

/// Whether the owner's stream says so. A deleted owner has nothing in force.
async fn is_in_force(node: &Node, owner: CredentialOwner, id: CredentialId) -> Result<bool, CommandError> {
    match owner {
        CredentialOwner::Store(store) => {
            let look = move |store: &Store| store.live().is_some_and(|live| live.credential_id == id);
            node.look_at::<Store, _>(&store, look).await
        }
        CredentialOwner::Customer(customer) => {
            let look = move |customer: &Customer| customer.live().is_some_and(|live| live.credential_id == id);
            node.look_at::<Customer, _>(&customer, look).await
        }
    }
}
