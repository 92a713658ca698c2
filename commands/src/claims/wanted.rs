//! By which claims a name goes, and who has a mailbox without them.
//!
//! Emails were compared in lower case before they were compared as mailboxes ([`domain::mailbox`]). Where the two forms differ, both
//! are claimed, under one `claim_id`, so that the owner's event names both: the mailbox's first, which decides between all who want
//! the mailbox, whatever their spelling; then the lower-cased one, by which older versions of cartlog look. Who got an email
//! from such a version holds only the claim of the spelling that was given, and there is no end to spellings: so behind the
//! mailbox's claim the views are asked who has the mailbox, and that customer's own stream says whether it is so. Whoever
//! wants the mailbox with this version holds its claim while asking, and nobody gets one without it any more: what the views
//! knew when this node began is enough.

use super::Owner;
use crate::names::normalized;
use crate::node::Node;
use crate::{CommandError, keys};
use domain::claim::ClaimKey;
use domain::customer::{Customer, Email};
use domain::{CustomerId, StoreId, mailbox};

/// So many of those that the views name are looked at: one has it, or a few from older times; others may just have lost it.
const HOLDERS: usize = 100;

/// A name that is wanted, or looked for.
pub(crate) struct Wanted {
    /// The first decides.
    pub(super) claims: Vec<ClaimKey>,
    /// The store and the mailbox, of an email.
    mailbox: Option<(StoreId, String)>,
}

impl Wanted {
    pub(super) fn decisive(&self) -> &ClaimKey {
        // There always is one.
        &self.claims[0]
    }
}

impl Node {
    /// An app_id, which is unique in the whole log.
    pub(crate) async fn app_id(&self, app_id: &str) -> Result<Wanted, CommandError> {
        let scope = StoreId(uuid::Uuid::nil());
        let claims = vec![self.claim_key(scope, "claim on an app_id", &normalized(app_id)).await?];
        Ok(Wanted { claims, mailbox: None })
    }

    /// A coupon code of the store's.
    pub(crate) async fn coupon_code(&self, store: StoreId, code: &str) -> Result<Wanted, CommandError> {
        let claims = vec![self.claim_key(store, "claim on a coupon code", &normalized(code)).await?];
        Ok(Wanted { claims, mailbox: None })
    }

    /// An email of the store's, in this spelling.
    pub(crate) async fn email(&self, store: StoreId, email: &str) -> Result<Wanted, CommandError> {
        const PURPOSE: &str = "claim on an email";
        let (mailbox, lower) = (mailbox(email), email.to_lowercase());
        let mut claims = vec![self.claim_key(store, PURPOSE, &mailbox).await?];
        if lower != mailbox {
            claims.push(self.claim_key(store, PURPOSE, &lower).await?);
        }
        Ok(Wanted { claims, mailbox: Some((store, mailbox)) })
    }

    async fn claim_key(&self, scope: StoreId, purpose: &str, name: &str) -> Result<ClaimKey, CommandError> {
        let hmac = self.hmac_key(scope).await?;
        Ok(ClaimKey(keys::mac(&hmac, purpose, &[scope.0.as_bytes(), name.as_bytes()])))
    }

    /// Who has the mailbox, whatever claims they hold, beside the owner.
    pub(super) async fn has_mailbox(&self, wanted: &Wanted, beside: Owner) -> Result<Option<Owner>, CommandError> {
        for (customer, _) in self.holders(wanted).await? {
            if Owner::Customer(customer) != beside {
                return Ok(Some(Owner::Customer(customer)));
            }
        }
        Ok(None)
    }

    /// The customers whose own streams have the mailbox, each with its email.
    async fn holders(&self, wanted: &Wanted) -> Result<Vec<(CustomerId, Email)>, CommandError> {
        let Some((store, mailbox)) = &wanted.mailbox else { return Ok(Vec::new()) };
        let journal = &self.parts.journal;
        let begun = self.begun_at.get_or_try_init(|| journal.head()).await;
        let begun = *begun?;
        let hints = self.parts.lookups.customers_of_mailbox(begun, *store, mailbox, HOLDERS).await?;
        let mut holders = Vec::new();
        for customer in hints {
            let wanted = mailbox.clone();
            let look = move |state: &Customer| state.live().and_then(|live| live.email(&wanted).cloned());
            holders.extend(self.look_at::<Customer, _>(&customer, look).await?.map(|email| (customer, email)));
        }
        Ok(holders)
    }

    /// The customer that has the email, and which of its emails that is. As it was compared before comes first: of two who have one
    /// mailbox from older times each is found by its own spelling.
    pub(crate) async fn customer_of(&self, wanted: &Wanted) -> Result<Option<(CustomerId, Email)>, CommandError> {
        for name in wanted.claims.iter().rev() {
            let Some(held) = self.held(name).await? else { continue };
            let Owner::Customer(customer) = held.owner else { continue };
            let named = move |state: &Customer| {
                let mut emails = state.live()?.emails.iter();
                emails.find(|email| email.claim_id == held.claim_id).cloned()
            };
            if let Some(email) = self.look_at::<Customer, _>(&customer, named).await? {
                return Ok(Some((customer, email)));
            }
        }
        Ok(self.holders(wanted).await?.into_iter().next())
    }
}
