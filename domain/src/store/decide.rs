//! The rules.

use super::*;
use crate::decider::changed;
use crate::limits::MAX_TOKENS;
use crate::numbers::NumberSettings;
use crate::{
    ActorId, Category, Cents, ClaimId, Context, CredentialId, Decider, Impossible, JobId, StoreId, Timestamp, TokenId,
};

type Decision = Result<Vec<StoreEvent>, StoreRejection>;

impl Decider for Store {
    const CATEGORY: Category = Category::Store;

    type Id = crate::StoreId;
    type Command = StoreCommand;
    type Event = StoreEvent;
    type Rejection = StoreRejection;

    fn decide(&self, command: &StoreCommand, context: &Context<'_>) -> Decision {
        match command {
            StoreCommand::Create(command) => self.create(command),
            StoreCommand::Change(change) => self.change(change),
            StoreCommand::ChangeSecret { credential_id } => self.change_secret(*credential_id),
            StoreCommand::IssueToken { token_id, expires_at, role } => {
                let token = StoreTokenIssued { token_id: *token_id, expires_at: *expires_at, role: *role };
                self.issue_token(token, context.now)
            }
            StoreCommand::RevokeToken { token_id } => self.revoke_token(*token_id, context.now),
            StoreCommand::RevokeAllTokens => self.revoke_all_tokens(context.now),
            StoreCommand::Delete => self.delete(),
            StoreCommand::ForgetActor { actor_id } => self.forget_actor(*actor_id),
            StoreCommand::StartBatchCredit { job_id, amount_in_cents } => {
                self.start_batch_credit(*job_id, *amount_in_cents)
            }
            StoreCommand::CompleteBatchCredit { job_id, issued } => self.complete_batch_credit(*job_id, *issued),
            StoreCommand::GiveUpClaim { claim_id } => self.give_up_claim(*claim_id),
        }
    }

    fn evolve(&mut self, event: &StoreEvent, at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event, at)
    }

    fn event(event: crate::Event) -> Option<StoreEvent> {
        match event {
            crate::Event::Store(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        match self {
            Store::Live(store) => Some(store.store_id),
            Store::Deleted { store_id, .. } => Some(*store_id),
            Store::None | Store::Awaited { .. } => None,
        }
    }

    /// Neither tokens nor jobs nor claims nor who is at the desk are anything that a client sees of the store.
    fn changes_representation(event: &StoreEvent) -> bool {
        match event {
            StoreEvent::StoreTokenIssued(_)
            | StoreEvent::StoreTokenRevoked(_)
            | StoreEvent::StoreTokensAllRevoked(_)
            | StoreEvent::BatchCreditStarted(_)
            | StoreEvent::BatchCreditCompleted(_)
            | StoreEvent::StoreClaimGivenUp(_)
            | StoreEvent::StoreActorForgotten(_) => false,
            StoreEvent::StoreCreated(_)
            | StoreEvent::StoreRenamed(_)
            | StoreEvent::StoreTaglineChanged(_)
            | StoreEvent::StoreCreditOrderChanged(_)
            | StoreEvent::StoreTaxRateChanged(_)
            | StoreEvent::StoreTimezoneChanged(_)
            | StoreEvent::StoreCartExpiryChanged(_)
            | StoreEvent::StoreNumberingChanged(_)
            | StoreEvent::StoreSecretChanged(_)
            | StoreEvent::StoreDeleted(_) => true,
        }
    }

    fn creates(event: &StoreEvent) -> bool {
        match event {
            StoreEvent::StoreCreated(_) | StoreEvent::BatchCreditStarted(_) => true,
            StoreEvent::StoreRenamed(_)
            | StoreEvent::StoreTaglineChanged(_)
            | StoreEvent::StoreCreditOrderChanged(_)
            | StoreEvent::StoreTaxRateChanged(_)
            | StoreEvent::StoreTimezoneChanged(_)
            | StoreEvent::StoreCartExpiryChanged(_)
            | StoreEvent::StoreNumberingChanged(_)
            | StoreEvent::StoreSecretChanged(_)
            | StoreEvent::StoreTokenIssued(_)
            | StoreEvent::StoreTokenRevoked(_)
            | StoreEvent::StoreTokensAllRevoked(_)
            | StoreEvent::BatchCreditCompleted(_)
            | StoreEvent::StoreClaimGivenUp(_)
            | StoreEvent::StoreActorForgotten(_)
            | StoreEvent::StoreDeleted(_) => false,
        }
    }
}

impl LiveStore {
    fn numbering_changed(&self, change: &ChangeStore) -> Result<Option<StoreEvent>, StoreRejection> {
        let now = self.numbering.now();
        let asked = NumberSettings {
            invoice_number_format: change.invoice_number_format.as_ref().unwrap_or(&now.invoice_number_format).clone(),
            credit_note_number_format: change
                .credit_note_number_format
                .as_ref()
                .unwrap_or(&now.credit_note_number_format)
                .clone(),
            number_restart: change.number_restart.unwrap_or(now.number_restart),
        };
        if asked == *now {
            return Ok(None);
        }
        self.numbering.check(&asked)?;
        Ok(Some(StoreNumberingChanged { numbering: asked }.into()))
    }
}

impl Store {
    fn found(&self) -> Result<&LiveStore, StoreRejection> {
        self.live().ok_or(StoreRejection::StoreNotFound)
    }

    fn create(&self, command: &StoreCreated) -> Decision {
        if self.store_id().is_some() {
            return Err(StoreRejection::StoreExists);
        }
        if self.has_given_up(command.claim_id) {
            return Err(StoreRejection::ClaimGivenUp { claim_id: command.claim_id });
        }
        command.numbering.as_ref().map_or(Ok(()), NumberSettings::check)?;
        Ok(vec![command.clone().into()])
    }

    fn change(&self, change: &ChangeStore) -> Decision {
        let store = self.found()?;
        let name = changed(&change.name, &store.name).map(|name| StoreRenamed { name }.into());
        let tagline = changed(&change.tagline, &store.tagline).map(|tagline| StoreTaglineChanged { tagline }.into());
        let order = changed(&change.credit_order_preference, &store.credit_order_preference)
            .map(|credit_order_preference| StoreCreditOrderChanged { credit_order_preference }.into());
        let tax_rate = changed(&change.tax_rate_in_basis_points, &store.tax_rate_in_basis_points)
            .map(|tax_rate_in_basis_points| StoreTaxRateChanged { tax_rate_in_basis_points }.into());
        let timezone =
            changed(&change.timezone, &store.timezone).map(|timezone| StoreTimezoneChanged { timezone }.into());
        let expiry = changed(&change.cart_expires_after_minutes, &store.cart_expires_after_minutes)
            .map(|cart_expires_after_minutes| StoreCartExpiryChanged { cart_expires_after_minutes }.into());
        let numbering = store.numbering_changed(change)?;
        Ok([name, tagline, order, tax_rate, timezone, expiry, numbering].into_iter().flatten().collect())
    }

    fn change_secret(&self, credential_id: CredentialId) -> Decision {
        let store = self.found()?;
        if store.credential_id == credential_id {
            return Ok(Vec::new());
        }
        Ok(vec![StoreSecretChanged { credential_id }.into()])
    }

    fn issue_token(&self, issued: StoreTokenIssued, now: Timestamp) -> Decision {
        let store = self.found()?;
        if store.tokens.iter().any(|token| token.token_id == issued.token_id) {
            return Ok(Vec::new());
        }
        let too_many = (store.tokens.len() + 1).saturating_sub(MAX_TOKENS);
        // What has expired makes room before anything that lives.
        let expired = store.tokens.iter().filter(|token| !token.is_live(now));
        let evicted = expired.chain(store.live_tokens(now)).take(too_many);
        let evicted = evicted
            .map(|token| StoreTokenRevoked { token_id: token.token_id, reason: TokenRevocation::Evicted }.into());
        Ok(evicted.chain([issued.into()]).collect())
    }

    fn revoke_token(&self, token_id: TokenId, now: Timestamp) -> Decision {
        let store = self.found()?;
        store.live_tokens(now).find(|token| token.token_id == token_id).ok_or(StoreRejection::TokenNotFound)?;
        Ok(vec![StoreTokenRevoked { token_id, reason: TokenRevocation::Requested }.into()])
    }

    fn revoke_all_tokens(&self, now: Timestamp) -> Decision {
        let store = self.found()?;
        if store.live_tokens(now).next().is_none() {
            return Ok(Vec::new());
        }
        Ok(vec![StoreTokensAllRevoked {}.into()])
    }

    fn forget_actor(&self, actor_id: ActorId) -> Decision {
        self.found()?;
        Ok(vec![StoreActorForgotten { actor_id }.into()])
    }

    fn delete(&self) -> Decision {
        self.found()?;
        Ok(vec![StoreDeleted {}.into()])
    }

    fn start_batch_credit(&self, job_id: JobId, amount_in_cents: Cents) -> Decision {
        let store = self.found()?;
        if store.jobs.contains_key(&job_id) {
            return Ok(Vec::new());
        }
        Ok(vec![BatchCreditStarted { job_id, amount_in_cents }.into()])
    }

    fn complete_batch_credit(&self, job_id: JobId, issued: u64) -> Decision {
        let store = self.found()?;
        if !store.jobs.contains_key(&job_id) {
            return Err(StoreRejection::JobNotFound);
        }
        Ok(vec![BatchCreditCompleted { job_id, issued }.into()])
    }

    fn give_up_claim(&self, claim_id: ClaimId) -> Decision {
        match self {
            // Nothing names a claim on the stream of a deleted store any more.
            Store::Deleted { .. } => Ok(Vec::new()),
            Store::None | Store::Awaited { .. } | Store::Live(_) => {
                if self.has_given_up(claim_id) || self.names_claim(claim_id) {
                    return Ok(Vec::new());
                }
                Ok(vec![StoreClaimGivenUp { claim_id }.into()])
            }
        }
    }
}
