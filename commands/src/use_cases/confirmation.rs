//! Customers confirm their email address by a link that lives 24 h.

use super::authenticate::{new_token, sha256};
use crate::claims::ATTEMPTS;
use crate::executor::{Ask, Refused};
use crate::session::{Session, refused};
use crate::{
    CommandError, Commands, ConfirmationMail, Done, IdempotencyKey, IfMatch, MailAddress, MailError, NotMailable,
    Request, Resource, Service, UnderWay,
};
use chrono::TimeDelta;
use domain::customer::{Customer, CustomerCommand, CustomerRejection, LinkState};
use domain::limits::TOKEN_HOURS;
use domain::store::Store;
use domain::{ConfirmationId, CustomerId, EmailId, StoreId, Timestamp};
use eventlog::Position;
use std::sync::Arc;
use vault::ConfirmationEntry;

/// A confirmation link that is open or was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmationLink {
    pub store_id: StoreId,
    pub store_name: String,
    pub expires_at: Timestamp,
    pub is_used: bool,
    /// Of the newest event that it is told from.
    pub position: Position,
}

/// What the link's token begins with.
const PREFIX: &str = "clc_";

impl Commands {
    /// Mails a confirmation link. The outcome is the token where mail does not leave the machine, else `None`. Ignores an
    /// `Idempotency-Key`: each call mails a link of its own, and each link works once.
    pub fn send_confirmation(&self, request: &Request, customer: CustomerId) -> UnderWay<Option<String>> {
        let request = Request { idempotency: None, ..request.clone() };
        self.run("send_confirmation", &request, move |session| async move { send(&session, customer).await })
    }

    /// What a link's token is good for. Changes nothing. Unknown, expired, or mailed to what is not the primary email any more: not
    /// found.
    pub async fn confirmation_link(&self, token: &str) -> Result<ConfirmationLink, CommandError> {
        const UNKNOWN: CommandError = CommandError::NotFound(Resource::Confirmation);
        let sha256 = token.starts_with(PREFIX).then(|| sha256(token)).ok_or(UNKNOWN)?;
        let found = self.node.parts.vault.confirmation(sha256).await?;
        let ConfirmationEntry { store_id, customer_id, confirmation_id } = found.ok_or(UNKNOWN)?;
        let session = Session::system(Arc::clone(&self.node), store_id, None);
        let store_name = store_name(&session).await?.ok_or(UNKNOWN)?;
        let now = self.node.now();
        let link = move |customer: &Customer| {
            let live = customer.live()?;
            let known = live.confirmations.iter().find(|known| known.confirmation_id == confirmation_id)?;
            Some((live.link(confirmation_id, now), known.expires_at))
        };
        match session.look_and_reach(&customer_id, link).await?.flatten().ok_or(UNKNOWN)? {
            (LinkState::Gone, _) => Err(UNKNOWN),
            (state, expires_at) => {
                let (is_used, position) = (state == LinkState::Used, session.reached());
                Ok(ConfirmationLink { store_id, store_name, expires_at, is_used, position })
            }
        }
    }

    /// Confirms by the link's token. Unknown, used, expired, or mailed to what is not the primary email any more: not found. A key belongs to the link, whose store isn't known
    /// before.
    pub fn confirm(
        &self,
        token: &str,
        request_id: Option<String>,
        idempotency: Option<IdempotencyKey>,
        if_match: Option<IfMatch>,
    ) -> UnderWay<(StoreId, CustomerId)> {
        let sha256 = token.starts_with(PREFIX).then(|| sha256(token));
        let request = Request { if_match, ..Request::anonymous(StoreId(uuid::Uuid::nil()), request_id, idempotency) };
        self.run("confirm", &request, move |session| async move {
            let sha256 = sha256.ok_or(CommandError::NotFound(Resource::Confirmation))?;
            let found = session.node.parts.vault.confirmation(sha256).await?;
            let entry = found.ok_or(CommandError::NotFound(Resource::Confirmation))?;
            confirm(&session.in_store(entry.store_id), entry).await
        })
    }
}

/// Nothing is written before the mail server takes the address: what it refuses, and what it is away for, is no mail that counts.
async fn send(session: &Session, customer: CustomerId) -> Result<Done<Option<String>>, CommandError> {
    let parts = &session.node.parts;
    let token = new_token(PREFIX)?;
    let confirmation_id = ConfirmationId(session.node.fresh_id());
    let expires_at = parts.clock.now().plus(TimeDelta::hours(TOKEN_HOURS));
    let entry = ConfirmationEntry { store_id: session.store_id(), customer_id: customer, confirmation_id };
    for _ in 0..ATTEMPTS {
        let to = addressee(session, customer, expires_at).await?;
        let address = MailAddress::parse(&to.email).map_err(|NotMailable| CommandError::MailRefused { code: None })?;
        let outgoing = parts.mailer.to(&address).await.map_err(not_mailed)?;
        parts.vault.put_confirmation(sha256(&token), entry, expires_at).await?;
        let request = CustomerCommand::RequestConfirmation { confirmation_id, email_id: to.email_id, expires_at };
        let ask = Ask::of(request, &session.origin).if_match(session.if_match.clone());
        match session.ask::<Customer>(&customer, ask).await {
            Ok(_) => session.decided(),
            // It would say of the new address what was mailed to the old one.
            Err(Refused::Rejected(CustomerRejection::PrimaryEmailHasChanged)) => continue,
            Err(other) => return Err(refused::<Customer>(other)),
        }
        let mail = ConfirmationMail::new(&to.first_name, &to.store_name, token.clone());
        outgoing.send(mail).await.map_err(not_mailed)?;
        return Ok(session.done((!parts.mailer.leaves_the_machine()).then_some(token), false));
    }
    Err(CommandError::Busy)
}

fn not_mailed(error: MailError) -> CommandError {
    match error {
        MailError::Refused { code, reason } => {
            tracing::warn!(code, %reason, "a confirmation mail is refused");
            CommandError::MailRefused { code }
        }
        MailError::Away(source) => CommandError::Unavailable { service: Service::Mail, source },
        MailError::Unknown(source) => CommandError::OutcomeUnknown { service: Service::Mail, source },
    }
}

/// Who a mail goes to, and who it is from.
struct Addressee {
    email_id: EmailId,
    email: String,
    first_name: String,
    store_name: String,
}

/// The customer's primary email and first name, and the store's name, if the address may get one more mail now.
async fn addressee(session: &Session, customer: CustomerId, expires_at: Timestamp) -> Result<Addressee, CommandError> {
    let look = move |customer: &Customer| {
        let live = customer.live()?;
        let primary = live.primary_email()?;
        let (email, first_name) = (primary.email.clone()?, live.first_name.clone()?);
        Some((primary.email_id, email, first_name, live.check_mails(primary, expires_at)))
    };
    let found = session.look(&customer, look).await?.flatten();
    let (email_id, email, first_name, allowed) = found.ok_or(CommandError::NotFound(Resource::Customer))?;
    allowed.map_err(|rejection| CommandError::Rejected(rejection.into()))?;
    let store_name = store_name(session).await?.ok_or(CommandError::Unauthorized)?;
    Ok(Addressee { email_id, email, first_name, store_name })
}

async fn store_name(session: &Session) -> Result<Option<String>, CommandError> {
    let name = |store: &Store| store.live().map(|live| live.name.clone());
    Ok(session.look(&session.store_id(), name).await?.flatten())
}

async fn confirm(session: &Session, entry: ConfirmationEntry) -> Result<Done<(StoreId, CustomerId)>, CommandError> {
    let ConfirmationEntry { store_id, customer_id, confirmation_id } = entry;
    let unknown = CommandError::NotFound(Resource::Confirmation);
    if session.look(&store_id, |store: &Store| store.live().is_some()).await? != Some(true) {
        return Err(unknown);
    }
    let confirm = CustomerCommand::Confirm { confirmation_id, now: session.node.now() };
    match session.decide::<Customer>(&customer_id, confirm).await {
        Ok(executed) => Ok(session.done((store_id, customer_id), executed.replayed)),
        Err(Refused::Rejected(CustomerRejection::ConfirmationNotFound | CustomerRejection::CustomerNotFound)) => {
            Err(unknown)
        }
        Err(other) => Err(refused::<Customer>(other)),
    }
}
