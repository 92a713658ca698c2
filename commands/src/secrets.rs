//! What use cases do with secrets and passwords: put a new one into the vault, and check one against it.

use crate::CommandError;
use crate::guard::{Claimant, Lane};
use crate::hashing::QueuePlace;
use crate::node::Node;
use domain::{CredentialId, StoreId};
use vault::CredentialOwner;

impl Node {
    /// Hashes the secret and puts it into the vault, under a new id: it is in force once an event of the owner names it. The id
    /// never follows from an `Idempotency-Key`: an attempt that failed may have left another secret behind.
    pub(crate) async fn put_secret(
        &self,
        place: QueuePlace,
        owner: CredentialOwner,
        secret: String,
    ) -> Result<CredentialId, CommandError> {
        let hash = self.hasher.hash(place, secret).await?;
        let id = CredentialId(self.fresh_id());
        let now = self.now();
        self.parts.vault.put_credential(id, owner, &hash, now).await?;
        Ok(id)
    }

    /// Whether the secret is that of the entry; `None` once the vault has let go of it.
    ///
    /// # Errors
    /// As [`Self::is_secret`]: a repeat is a try like any other.
    pub(crate) async fn was_secret(
        &self,
        who: Claimant,
        id: CredentialId,
        secret: String,
    ) -> Result<Option<bool>, CommandError> {
        let attempt = self.tries.begin(who)?;
        let Some(hash) = self.parts.vault.credential(id).await? else { return Ok(None) };
        let right = self.hasher.verify((self.tries.lane(who), who), secret, Some(hash)).await?;
        attempt.settle(right);
        Ok(Some(right))
    }

    /// Whether the secret is the one in force; `None`, nothing is in force: the same work, and no.
    ///
    /// # Errors
    /// [`CommandError::RateLimited`] after too many wrong tries of the claimant, be this one right or wrong.
    pub(crate) async fn is_secret(
        &self,
        who: Claimant,
        in_force: Option<CredentialId>,
        secret: String,
    ) -> Result<bool, CommandError> {
        let attempt = self.tries.begin(who)?;
        let hash = match in_force {
            Some(id) => self.parts.vault.credential(id).await?,
            None => None,
        };
        let right = self.hasher.verify((self.tries.lane(who), who), secret, hash).await?;
        attempt.settle(right);
        Ok(right)
    }

    /// The place of work that a store's token has paid for.
    pub(crate) fn place_of(&self, store: StoreId) -> QueuePlace {
        (Lane::Known, self.tries.of_store(store))
    }
}
