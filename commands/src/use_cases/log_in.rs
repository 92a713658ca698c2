//! Customers log in and out by email. The email is resolved by its claim, not by a view.

use super::customers;
use crate::claims::Owner;
use crate::executor::{Executed, Refused};
use crate::guard::{Account, Client};
use crate::session::{Session, refused};
use crate::{CommandError, Commands, Request, Resource, UnderWay};
use chrono::TimeDelta;
use domain::customer::{Customer, CustomerCommand, CustomerEvent, CustomerRejection};
use domain::limits::TOKEN_HOURS;
use domain::{ClaimId, CredentialId, CustomerId};

/// Whoever has an email of the session's store.
struct EmailOwner {
    customer: CustomerId,
    claim_id: ClaimId,
    /// The password in force, where the email is the primary one.
    password: Option<CredentialId>,
}

impl Commands {
    /// Logs the customer in for 24 h. The primary email only. Wrong either way: the same error after about the same time.
    /// Too many wrong tries of an email from one address: [`CommandError::RateLimited`], whether anybody has the email or not.
    pub fn log_in(&self, request: &Request, client: Client, email: &str, password: &str) -> UnderWay<CustomerId> {
        let (email, password) = (email.to_owned(), password.to_owned());
        self.run("log_in", request, move |session| async move {
            // In whatever spelling: the tries of one mailbox are counted together.
            let mailbox = domain::mailbox(&email);
            let who = session.node.tries.claimant(&Account::Customer(session.store_id(), &mailbox), client);
            if let Some((customer, first)) = recalled(&session, &email).await? {
                return customers::repeated(&session, who, customer, &first, Some(&password)).await;
            }
            let found = by_email(&session, &email).await?;
            let credential = found.as_ref().and_then(|found| found.password);
            let right = session.node.is_secret(who, credential, password).await?;
            let (Some(found), Some(credential_id), true) = (found, credential, right) else {
                return Err(CommandError::InvalidCredentials);
            };
            let expires_at = session.node.now().plus(TimeDelta::hours(TOKEN_HOURS));
            let log_in = CustomerCommand::LogIn { credential_id, claim_id: found.claim_id, expires_at };
            match session.decide::<Customer>(&found.customer, log_in).await {
                Ok(executed) => Ok(session.done(found.customer, executed.replayed)),
                // Email or password changed in between.
                Err(Refused::Rejected(CustomerRejection::InvalidCredentials)) => Err(CommandError::InvalidCredentials),
                Err(other) => Err(refused::<Customer>(other)),
            }
        })
    }

    /// Logs the customer out, by any of its emails; logged out already: nothing changes. An email that nobody has is a customer
    /// that is not found.
    pub fn log_out(&self, request: &Request, email: &str) -> UnderWay<CustomerId> {
        self.log_out_only(request, email, None)
    }

    /// The same; anybody else than `only`, where that is given, is not found.
    pub fn log_out_only(&self, request: &Request, email: &str, only: Option<CustomerId>) -> UnderWay<CustomerId> {
        let email = email.to_owned();
        self.run("log_out", request, move |session| async move {
            let is_meant = |customer: CustomerId| only.is_none_or(|only| only == customer);
            if let Some((customer, _)) = recalled(&session, &email).await?.filter(|(customer, _)| is_meant(*customer)) {
                return Ok(session.done(customer, true));
            }
            let found = by_email(&session, &email).await?.filter(|found| is_meant(found.customer));
            let found = found.ok_or(CommandError::NotFound(Resource::Customer))?;
            let executed = session.decide::<Customer>(&found.customer, CustomerCommand::LogOut).await;
            Ok(session.done(found.customer, executed.map_err(refused::<Customer>)?.replayed))
        })
    }
}

/// What the request did the first time, and to whom: the customer who had the email then, whoever has it now.
async fn recalled(
    session: &Session,
    email: &str,
) -> Result<Option<(CustomerId, Executed<CustomerEvent>)>, CommandError> {
    if session.idempotency.is_none() {
        return Ok(None);
    }
    let name = session.node.email(session.store_id(), email).await?;
    for owner in session.node.owners_lately(&name).await? {
        let Owner::Customer(customer) = owner else { continue };
        if let Some(first) = session.recall::<Customer>(&customer).await? {
            return Ok(Some((customer, first)));
        }
    }
    Ok(None)
}

/// Resolves the email by its claim, after reading what other nodes may have appended.
async fn by_email(session: &Session, email: &str) -> Result<Option<EmailOwner>, CommandError> {
    let name = session.node.email(session.store_id(), email).await?;
    let Some((customer, email)) = session.node.customer_of(&name).await? else { return Ok(None) };
    let claim_id = email.claim_id;
    let look = move |state: &Customer| {
        let live = state.live()?;
        let email = live.emails.iter().find(|email| email.claim_id == claim_id)?;
        Some(EmailOwner { customer, claim_id, password: email.is_primary.then_some(live.credential_id) })
    };
    session.node.look_at::<Customer, _>(&customer, look).await
}
