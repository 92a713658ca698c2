//! Customers: creating, changing and deleting one. Addresses stand in `addresses.rs`, emails in `emails.rs`.

use super::addresses::NewAddress;
use super::emails;
use super::settling;
use crate::claims::{self, Outcome, Owner, decide_claiming};
use crate::executor::{Executed, Refused};
use crate::guard::Claimant;
use crate::session::{Session, refused};
use crate::{CommandError, Commands, Done, Request, Resource, UnderWay};
use domain::customer::{
    ChangeCustomer, ChangedEmail, CreateCustomer, Customer, CustomerCommand, CustomerEvent, CustomerRejection,
};
use domain::{Currency, CustomerId, EmailId};
use vault::CredentialOwner;

/// A customer to create. The password goes to the vault as a hash and nowhere else.
#[derive(Clone)]
pub struct NewCustomer {
    pub currency: Currency,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub password: String,
    pub addresses: Vec<NewAddress>,
}

/// `None` leaves a field as it is.
#[derive(Clone, Default)]
pub struct CustomerChange {
    pub currency: Option<Currency>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub password: Option<String>,
}

impl Commands {
    pub fn create_customer(&self, request: &Request, new: NewCustomer) -> UnderWay<CustomerId> {
        self.run("create_customer", request, move |session| async move { create(&session, new).await })
    }

    /// Changes what is named. A new email becomes the primary one; the old one stays as a secondary.
    pub fn change_customer(
        &self,
        request: &Request,
        customer: CustomerId,
        change: CustomerChange,
    ) -> UnderWay<CustomerId> {
        self.run(
            "change_customer",
            request,
            move |session| async move { self::change(&session, customer, change).await },
        )
    }

    /// Deletes the customer: its open cart is closed, its emails become free.
    pub fn delete_customer(&self, request: &Request, customer: CustomerId) -> UnderWay<CustomerId> {
        self.run("delete_customer", request, move |session| async move {
            // Only where there is something to delete: an id may be another store's.
            match currency(&session, customer).await {
                Ok(_) => review_password(&session, customer).await?,
                Err(CommandError::NotFound(_)) => {}
                Err(other) => return Err(other),
            }
            let executed = session.decide::<Customer>(&customer, CustomerCommand::Delete).await;
            let executed = executed.map_err(refused::<Customer>)?;
            let (follow_up, replayed) = (session.follow_up(), executed.replayed);
            let tidying = async move { after_deletion(&follow_up, customer, &executed.events).await };
            let late = settling::late(session.follow(tidying).await);
            Ok(Done { late, ..session.done(customer, replayed) })
        })
    }
}

/// What follows from `CustomerDeleted`: the open cart is closed, the emails become free. Done already: nothing happens.
async fn after_deletion(session: &Session, customer: CustomerId, events: &[CustomerEvent]) -> Result<(), CommandError> {
    settling::shut_carts(session, customer).await?;
    for event in events {
        if let CustomerEvent::CustomerDeleted(deleted) = event {
            emails::release_unnamed(session, customer, &deleted.claim_ids).await?;
        }
    }
    Ok(())
}

/// The currency that the customer pays in; a customer who isn't there, or is deleted, is not found.
pub(super) async fn currency(session: &Session, customer: CustomerId) -> Result<Currency, CommandError> {
    let currency = session.look(&customer, |customer: &Customer| customer.live().map(|live| live.currency)).await?;
    currency.flatten().ok_or(CommandError::NotFound(Resource::Customer))
}

/// Whose tries those of the store's own clients are.
fn own(session: &Session) -> Claimant {
    session.node.tries.of_store(session.store_id())
}

/// Answers a repeat by key, if it came with the same password.
pub(super) async fn repeated(
    session: &Session,
    who: Claimant,
    customer: CustomerId,
    first: &Executed<CustomerEvent>,
    password: Option<&str>,
) -> Result<Done<CustomerId>, CommandError> {
    let credential = first.events.iter().find_map(CustomerEvent::credential_id);
    session.compare_secret(who, credential, password).await?;
    Ok(session.done(customer, true))
}

async fn create(session: &Session, new: NewCustomer) -> Result<Done<CustomerId>, CommandError> {
    let customer_id = CustomerId(session.new_id("customer"));
    if let Some(first) = session.recall::<Customer>(&customer_id).await? {
        return repeated(session, own(session), customer_id, &first, Some(&new.password)).await;
    }
    let owner = Owner::Customer(customer_id);
    let name = session.node.email(session.store_id(), &new.email).await?;
    // Looked at before the password is hashed, which is dear.
    if session.node.owner_of(&name).await?.is_some_and(|other| other != owner) {
        return Err(CommandError::CustomerAlreadyExists);
    }
    let place = session.node.place_of(session.store_id());
    let owner_of_secret = CredentialOwner::Customer(customer_id);
    let credential_id = session.node.put_secret(place, owner_of_secret, new.password.clone()).await?;
    let email_id = EmailId(session.new_id("email"));
    let addresses: Vec<_> =
        new.addresses.iter().enumerate().map(|(number, address)| address.numbered(session, number)).collect();
    let create = |claim_id| {
        CustomerCommand::Create(CreateCustomer {
            customer_id,
            store_id: session.store_id(),
            currency: new.currency,
            email_id,
            claim_id,
            credential_id,
            email: new.email.clone(),
            first_name: new.first_name.clone(),
            last_name: new.last_name.clone(),
            addresses: addresses.clone(),
        })
    };
    match decide_claiming::<Customer>(session, &name, (owner, &customer_id), create).await? {
        Outcome::Done(executed) if executed.replayed => {
            repeated(session, own(session), customer_id, &executed, Some(&new.password)).await
        }
        Outcome::Done(_) => Ok(session.done(customer_id, false)),
        Outcome::Taken(other) if other == owner => match session.recall::<Customer>(&customer_id).await? {
            // The same request, done by another node in the meantime.
            Some(first) => repeated(session, own(session), customer_id, &first, Some(&new.password)).await,
            None => Err(CommandError::CustomerAlreadyExists),
        },
        Outcome::Taken(_) => Err(CommandError::CustomerAlreadyExists),
    }
}

async fn change(
    session: &Session,
    customer: CustomerId,
    change: CustomerChange,
) -> Result<Done<CustomerId>, CommandError> {
    let password = change.password.as_deref();
    if let Some(first) = session.recall::<Customer>(&customer).await? {
        return repeated(session, own(session), customer, &first, password).await;
    }
    currency(session, customer).await?;
    let credential_id = match password {
        None => None,
        Some(password) => {
            review_password(session, customer).await?;
            let place = session.node.place_of(session.store_id());
            let owner = CredentialOwner::Customer(customer);
            Some(session.node.put_secret(place, owner, password.to_owned()).await?)
        }
    };
    let change_to = ChangeCustomer {
        currency: change.currency,
        first_name: change.first_name,
        last_name: change.last_name,
        credential_id,
        email: None,
    };
    let executed = match &change.email {
        Some(email) => change_with_email(session, customer, change_to, email).await?,
        None => {
            let executed = session.decide::<Customer>(&customer, CustomerCommand::Change(change_to)).await;
            executed.map_err(refused::<Customer>)?
        }
    };
    match executed.replayed {
        // By another node, in the meantime.
        true => repeated(session, own(session), customer, &executed, password).await,
        false => Ok(session.done(customer, false)),
    }
}

/// Changes the customer to an email that it has, or else claims it first. Which of the two it is may change meanwhile.
async fn change_with_email(
    session: &Session,
    customer: CustomerId,
    change: ChangeCustomer,
    email: &str,
) -> Result<Executed<CustomerEvent>, CommandError> {
    let owner = Owner::Customer(customer);
    let name = session.node.email(session.store_id(), email).await?;
    let email_id = EmailId(session.new_id("email"));
    let with =
        |changed: ChangedEmail| CustomerCommand::Change(ChangeCustomer { email: Some(changed), ..change.clone() });
    for _ in 0..claims::ATTEMPTS {
        let wanted = email.to_owned();
        let has = move |customer: &Customer| customer.live().is_some_and(|live| live.email(&wanted).is_some());
        if session.look(&customer, has).await? == Some(true) {
            let own = with(ChangedEmail::Own { email: email.to_owned() });
            match session.decide::<Customer>(&customer, own).await {
                Ok(executed) => return Ok(executed),
                Err(Refused::Rejected(CustomerRejection::EmailNotFound)) => continue,
                Err(other) => return Err(refused::<Customer>(other)),
            }
        }
        let new = |claim_id| with(ChangedEmail::New { email_id, claim_id, email: email.to_owned() });
        match decide_claiming::<Customer>(session, &name, (owner, &customer), new).await? {
            Outcome::Done(executed) => return Ok(executed),
            Outcome::Taken(other) if other != owner => return Err(CommandError::CustomerAlreadyExists),
            Outcome::Taken(_) => {}
        }
    }
    Err(CommandError::Busy)
}

/// The password in force is about to change or to go: the sweep looks at it once that is done.
async fn review_password(session: &Session, customer: CustomerId) -> Result<(), CommandError> {
    let parts = &session.node.parts;
    let owner = CredentialOwner::Customer(customer);
    Ok(parts.vault.review_credentials(owner, parts.clock.now()).await?)
}
