//! Customers confirm their email address by a link that lives 24 h.

use super::authenticate::{new_token, sha256};
use crate::executor::{Ask, Refused};
use crate::facade::{anonymous, vault_away};
use crate::session::{Session, refused};
use crate::vault::ConfirmationEntry;
use crate::{
    CommandError, Commands, ConfirmationMail, Done, IdempotencyKey, IfMatch, Request, Resource, Service, UnderWay,
};
use chrono::TimeDelta;
use domain::customer::{Customer, CustomerCommand, CustomerRejection};
use domain::limits::TOKEN_HOURS;
use domain::store::Store;
use domain::{ConfirmationId, CustomerId, StoreId};

/// What the link's token begins with.
const PREFIX: &str = "clc_";

impl Commands {
    /// Mails a confirmation link. The outcome is the token where mail does not leave the machine, else `None`. Ignores an
    /// `Idempotency-Key`: each call mails a link of its own, and each link works once.
    pub fn send_confirmation(&self, request: &Request, customer: CustomerId) -> UnderWay<Option<String>> {
        let request = Request { idempotency: None, ..request.clone() };
        self.run("send_confirmation", &request, move |session| async move { send(&session, customer).await })
    }

    /// Confirms by the link's token. Unknown, used or expired: not found. A key belongs to the link, whose store isn't known
    /// before.
    pub fn confirm(
        &self,
        token: &str,
        request_id: Option<String>,
        idempotency: Option<IdempotencyKey>,
        if_match: Option<IfMatch>,
    ) -> UnderWay<(StoreId, CustomerId)> {
        let sha256 = token.starts_with(PREFIX).then(|| sha256(token));
        let request = Request { if_match, ..anonymous(StoreId(uuid::Uuid::nil()), request_id, idempotency) };
        self.run("confirm", &request, move |session| async move {
            let sha256 = sha256.ok_or(CommandError::NotFound(Resource::Confirmation))?;
            let found = session.inner.parts.vault.confirmation(sha256).await.map_err(vault_away)?;
            let entry = found.ok_or(CommandError::NotFound(Resource::Confirmation))?;
            confirm(&session.in_store(entry.store_id), entry).await
        })
    }
}

async fn send(session: &Session, customer: CustomerId) -> Result<Done<Option<String>>, CommandError> {
    let parts = &session.inner.parts;
    let (to, first_name, store_name) = addressee(session, customer).await?;
    let token = new_token(PREFIX)?;
    let confirmation_id = ConfirmationId(session.inner.fresh_id());
    let expires_at = parts.clock.now().plus(TimeDelta::hours(TOKEN_HOURS));
    let entry = ConfirmationEntry { store_id: session.store_id(), customer_id: customer, confirmation_id };
    parts.vault.put_confirmation(sha256(&token), entry, expires_at).await.map_err(vault_away)?;
    let request = CustomerCommand::RequestConfirmation { confirmation_id, expires_at };
    let ask = Ask::of(request, &session.origin).if_match(session.if_match.clone());
    session.ask::<Customer>(&customer, ask).await.map_err(refused::<Customer>)?;
    let mail = ConfirmationMail { to, first_name, store_name, token: token.clone() };
    let mail_away = |error: crate::MailError| CommandError::Unavailable { service: Service::Mail, reason: error.0 };
    parts.mailer.send(mail).await.map_err(mail_away)?;
    Ok(session.done((!parts.mailer.leaves_the_machine()).then_some(token), false))
}

/// The customer's primary email and first name, and the store's name.
async fn addressee(session: &Session, customer: CustomerId) -> Result<(String, String, String), CommandError> {
    let look = |customer: &Customer| {
        let live = customer.live()?;
        Some((live.primary_email()?.email.clone()?, live.first_name.clone()?))
    };
    let found = session.look(&customer, look).await?.flatten();
    let (to, first_name) = found.ok_or(CommandError::NotFound(Resource::Customer))?;
    let name = |store: &Store| store.live().map(|live| live.name.clone());
    let store_name = session.look(&session.store_id(), name).await?.flatten();
    Ok((to, first_name, store_name.ok_or(CommandError::Unauthorized)?))
}

async fn confirm(session: &Session, entry: ConfirmationEntry) -> Result<Done<(StoreId, CustomerId)>, CommandError> {
    let ConfirmationEntry { store_id, customer_id, confirmation_id } = entry;
    let unknown = CommandError::NotFound(Resource::Confirmation);
    if session.look(&store_id, |store: &Store| store.live().is_some()).await? != Some(true) {
        return Err(unknown);
    }
    match session.decide::<Customer>(&customer_id, CustomerCommand::Confirm { confirmation_id }).await {
        Ok(executed) => Ok(session.done((store_id, customer_id), executed.replayed)),
        Err(Refused::Rejected(CustomerRejection::ConfirmationNotFound | CustomerRejection::CustomerNotFound)) => {
            Err(unknown)
        }
        Err(other) => Err(refused::<Customer>(other)),
    }
}
