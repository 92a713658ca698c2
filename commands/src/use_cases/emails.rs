//! A customer's email addresses, each claimed within its store.

use super::settling;
use crate::claims::{self, Outcome, Owner, decide_claiming};
use crate::node::Has;
use crate::session::{Session, refused};
use crate::{CommandError, Commands, Done, Request, Resource, UnderWay};
use domain::customer::{Customer, CustomerCommand, CustomerEvent, CustomerRejection};
use domain::past::{Fact, PastQuestion};
use domain::{Category, ClaimId, CustomerId, EmailId, Event, Personal};
use eventlog::StreamName;
use journal::Tail;

impl Commands {
    /// Adds an email; `is_primary` moves the mark.
    pub fn add_email(
        &self,
        request: &Request,
        customer: CustomerId,
        email: &str,
        is_primary: bool,
    ) -> UnderWay<CustomerId> {
        let email = email.to_owned();
        self.run("add_email", request, move |session| async move { add(&session, customer, &email, is_primary).await })
    }

    /// Removes an email that is not the primary one; it becomes free.
    pub fn remove_email(&self, request: &Request, customer: CustomerId, email: &str) -> UnderWay<CustomerId> {
        let email = email.to_owned();
        self.run("remove_email", request, move |session| async move {
            // As it was given when it was claimed; where somebody changes it right now, the worker on the log finds it.
            let asked = email.clone();
            let given = move |customer: &Customer| customer.live()?.email(&asked)?.email.clone();
            let given = session.look(&customer, given).await?.flatten().unwrap_or_else(|| email.clone());
            let remove = CustomerCommand::RemoveEmail { email };
            let executed = session.decide::<Customer>(&customer, remove).await.map_err(refused::<Customer>)?;
            let (follow_up, replayed) = (session.follow_up(), executed.replayed);
            let releasing = async move { release_removed(&follow_up, customer, &given, &executed.events).await };
            let late = settling::late(session.follow(releasing).await);
            Ok(Done { late, ..session.done(customer, replayed) })
        })
    }

    pub fn make_email_primary(&self, request: &Request, customer: CustomerId, email: &str) -> UnderWay<CustomerId> {
        let email = email.to_owned();
        self.run("make_email_primary", request, move |session| async move {
            let make = CustomerCommand::MakeEmailPrimary { email };
            let executed = session.decide::<Customer>(&customer, make).await.map_err(refused::<Customer>)?;
            Ok(session.done(customer, executed.replayed))
        })
    }
}

async fn add(
    session: &Session,
    customer: CustomerId,
    email: &str,
    is_primary: bool,
) -> Result<Done<CustomerId>, CommandError> {
    if session.recall::<Customer>(&customer).await?.is_some() {
        return Ok(session.done(customer, true));
    }
    let exists = session.look(&customer, |customer: &Customer| customer.live().is_some()).await?;
    if exists != Some(true) {
        return Err(CommandError::NotFound(Resource::Customer));
    }
    let name = session.node.email(session.store_id(), email).await?;
    let email_id = EmailId(session.new_id("email"));
    let add = |claim_id| CustomerCommand::AddEmail { email_id, claim_id, email: email.to_owned(), is_primary };
    let owner = Owner::Customer(customer);
    match decide_claiming::<Customer>(session, &name, (owner, &customer), add).await? {
        Outcome::Done(executed) => Ok(session.done(customer, executed.replayed)),
        Outcome::Taken(other) if other != owner => Err(CommandError::EmailTaken),
        // The same request, done by another node in the meantime; or the customer has had it before.
        Outcome::Taken(_) if session.recall::<Customer>(&customer).await?.is_some() => Ok(session.done(customer, true)),
        Outcome::Taken(_) => Err(CommandError::Rejected(CustomerRejection::EmailAlreadyExists.into())),
    }
}

/// Frees the email that the events removed.
async fn release_removed(
    session: &Session,
    customer: CustomerId,
    email: &str,
    events: &[CustomerEvent],
) -> Result<(), CommandError> {
    let removed = |event: &CustomerEvent| {
        if let CustomerEvent::CustomerEmailRemoved(removed) = event { Some(removed.claim_id) } else { None }
    };
    let Some(claim_id) = events.iter().find_map(removed) else { return Ok(()) };
    let name = session.node.email(session.store_id(), email).await?;
    claims::release(session, &name, claim_id, Owner::Customer(customer)).await
}

/// Frees these claims of emails, which the customer's stream no longer names: the reaction to a removed email or a deleted
/// customer. Free already: nothing happens.
///
/// A claim's stream is called by a hash of the email, so the email is read back from the event that added it. Once the
/// customer's key is destroyed it can't be: those claims stay until somebody wants the name, who then finds that its owner
/// does not name it, and takes it over.
pub(crate) async fn release_unnamed(
    session: &Session,
    customer: CustomerId,
    claims: &[ClaimId],
) -> Result<(), CommandError> {
    for claim_id in claims {
        // A claim that isn't named any more is never named again: each attempt makes its own.
        let claim = *claim_id;
        if session.node.look_at::<Customer, _>(&customer, move |customer| customer.names_claim(claim)).await? {
            continue;
        }
        let Some(email) = email_of(session, customer, claim).await? else { continue };
        let name = session.node.email(session.store_id(), &email).await?;
        claims::release(session, &name, claim, Owner::Customer(customer)).await?;
    }
    Ok(())
}

/// The email that the claim is on, from the event that added it.
async fn email_of(session: &Session, customer: CustomerId, claim_id: ClaimId) -> Result<Option<String>, CommandError> {
    let stream = StreamName::new(format!("{}-{customer}", Category::Customer));
    let executor = Has::<Customer>::executor(&*session.node);
    let position = executor.read(&customer, |loaded| loaded.position).await?;
    let parts = &session.node.parts;
    let fact = parts.lookups.past(position, &stream, &PastQuestion::AddedEmail { claim_id }).await?;
    let Some(Fact::AddedEmail { revision }) = fact else { return Ok(None) };
    let from = Tail { length: revision, last_hash: None };
    let slice = parts.journal.read_stream(&stream, from, 1).await?;
    let added = slice.events.into_iter().next().and_then(|envelope| added_email(envelope.event));
    Ok(added.filter(|(added, _)| *added == claim_id).map(|(_, email)| email))
}

fn added_email(event: Event) -> Option<(ClaimId, String)> {
    let Event::Customer(event) = event else { return None };
    let (claim_id, personal) = if let CustomerEvent::CustomerCreated(created) = event {
        (created.claim_id, created.personal)
    } else if let CustomerEvent::CustomerEmailAdded(added) = event {
        (added.claim_id, added.personal)
    } else {
        return None;
    };
    match personal {
        Personal::Open(data) => data.email.map(|email| (claim_id, email)),
        Personal::Sealed(_) | Personal::Erased => None,
    }
}
