//! The fold: what each event makes of the state. Personal data that was erased leaves its fields empty.

use super::*;
use crate::GivenUp;
use crate::limits::{MAX_CONFIRMATIONS, MAX_CUSTOMER_TOKENS};
use crate::{AddressId, ClaimId, ConfirmationId, EmailId, Impossible, Personal, PersonalAddress, Timestamp};

pub(super) fn evolve(state: &mut Customer, event: &CustomerEvent, _at: Timestamp) -> Result<(), Impossible> {
    let impossible = Impossible { event: event.event_type(), state: word(state) };
    fold(state, event).ok_or(impossible)
}

fn fold(state: &mut Customer, event: &CustomerEvent) -> Option<()> {
    match event {
        CustomerEvent::CustomerCreated(event) => return created(state, event),
        CustomerEvent::CustomerRenamed(event) => renamed(live(state)?, &event.personal),
        CustomerEvent::CustomerCurrencyChanged(event) => live(state)?.currency = event.currency,
        CustomerEvent::CustomerPasswordChanged(event) => live(state)?.credential_id = event.credential_id,
        CustomerEvent::CustomerEmailAdded(event) => return email_added(live(state)?, event),
        CustomerEvent::CustomerEmailMadePrimary(event) => return mark_email(live(state)?, event.email_id),
        CustomerEvent::CustomerEmailRemoved(event) => return email_removed(live(state)?, event.email_id),
        CustomerEvent::CustomerAddressAdded(event) => return address_added(live(state)?, event),
        CustomerEvent::CustomerAddressChanged(event) => return address_changed(live(state)?, event),
        CustomerEvent::CustomerAddressMarked(event) => return address_marked(live(state)?, event),
        CustomerEvent::CustomerAddressRemoved(event) => return address_removed(live(state)?, event.address_id),
        CustomerEvent::CustomerLoggedIn(event) => live(state)?.logged_in_until = Some(event.expires_at),
        CustomerEvent::CustomerLoggedOut(_) => return logged_out(live(state)?),
        CustomerEvent::CustomerTokenIssued(event) => return token_issued(live(state)?, event),
        CustomerEvent::CustomerConfirmationRequested(event) => return link_mailed(live(state)?, event),
        CustomerEvent::CustomerConfirmed(event) => confirmed(live(state)?, event.confirmation_id),
        CustomerEvent::CustomerDeleted(_) => return deleted(state),
        CustomerEvent::CustomerClaimGivenUp(event) => return claim_given_up(state, event.claim_id),
    }
    Some(())
}

fn created(state: &mut Customer, event: &CustomerCreated) -> Option<()> {
    let given_up = match state {
        Customer::None => GivenUp::default(),
        Customer::Awaited { given_up } if given_up.forbids(&event.claim_id) => return None,
        Customer::Awaited { given_up } => std::mem::take(given_up),
        Customer::Live(_) | Customer::Deleted { .. } => return None,
    };
    let personal = event.personal.open();
    let (email_id, claim_id) = (event.email_id, event.claim_id);
    let email = personal.and_then(|data| data.email.clone());
    let address =
        |new: &NewAddress| Address { address: address_in(&event.personal, new.address_id), is_primary: new.is_primary };
    *state = Customer::Live(Box::new(LiveCustomer {
        customer_id: event.customer_id,
        store_id: event.store_id,
        currency: event.currency,
        credential_id: event.credential_id,
        first_name: personal.and_then(|data| data.first_name.clone()),
        last_name: personal.and_then(|data| data.last_name.clone()),
        emails: vec![Email { email_id, claim_id, email, is_primary: true }],
        addresses: event.addresses.iter().map(address).collect(),
        logged_in_until: None,
        tokens: Vec::new(),
        confirmations: Vec::new(),
        confirmed: false,
        given_up,
    }));
    Some(())
}

/// Everywhere: whoever has a token has it no more.
fn logged_out(customer: &mut LiveCustomer) -> Option<()> {
    let had_tokens = !std::mem::take(&mut customer.tokens).is_empty();
    let was_logged_in = customer.logged_in_until.take().is_some();
    (was_logged_in || had_tokens).then_some(())
}

fn token_issued(customer: &mut LiveCustomer, event: &CustomerTokenIssued) -> Option<()> {
    if customer.tokens.iter().any(|token| token.token_id == event.token_id) {
        return None;
    }
    let too_many = (customer.tokens.len() + 1).saturating_sub(MAX_CUSTOMER_TOKENS);
    customer.tokens.drain(..too_many);
    customer.tokens.push(CustomerToken { token_id: event.token_id, expires_at: event.expires_at });
    Some(())
}

/// The address in the event's personal data; without any field once erased.
fn address_in(personal: &Personal, address_id: AddressId) -> PersonalAddress {
    let mut addresses = personal.open().into_iter().flat_map(|data| &data.addresses);
    let found = addresses.find(|address| address.address_id == address_id);
    found.cloned().unwrap_or_else(|| PersonalAddress::unknown(address_id))
}

fn renamed(customer: &mut LiveCustomer, personal: &Personal) {
    let Some(names) = personal.open() else { return };
    overwrite(&mut customer.first_name, &names.first_name);
    overwrite(&mut customer.last_name, &names.last_name);
}

fn overwrite(field: &mut Option<String>, new: &Option<String>) {
    if new.is_some() {
        field.clone_from(new);
    }
}

fn email_added(customer: &mut LiveCustomer, event: &CustomerEmailAdded) -> Option<()> {
    let (email_id, claim_id) = (event.email_id, event.claim_id);
    let known = customer.emails.iter().any(|email| email.email_id == email_id || email.claim_id == claim_id);
    if known || customer.given_up.forbids(&claim_id) {
        return None;
    }
    let email = event.personal.open().and_then(|data| data.email.clone());
    customer.emails.push(Email { email_id, claim_id, email, is_primary: false });
    if event.is_primary { mark_email(customer, email_id) } else { Some(()) }
}

/// The mark moves to this email from the one that has it.
fn mark_email(customer: &mut LiveCustomer, email_id: EmailId) -> Option<()> {
    let position = customer.emails.iter().position(|email| email.email_id == email_id)?;
    customer.emails.iter_mut().for_each(|email| email.is_primary = false);
    customer.emails[position].is_primary = true;
    Some(())
}

fn email_removed(customer: &mut LiveCustomer, email_id: EmailId) -> Option<()> {
    let position = customer.emails.iter().position(|email| email.email_id == email_id && !email.is_primary)?;
    customer.emails.remove(position);
    Some(())
}

fn address_added(customer: &mut LiveCustomer, event: &CustomerAddressAdded) -> Option<()> {
    let address_id = event.address_id;
    if customer.address(address_id).is_some() {
        return None;
    }
    customer.addresses.push(Address { address: address_in(&event.personal, address_id), is_primary: false });
    if event.is_primary { mark_address(customer, address_id) } else { Some(()) }
}

fn address_changed(customer: &mut LiveCustomer, event: &CustomerAddressChanged) -> Option<()> {
    let change = address_in(&event.personal, event.address_id);
    let position = position(customer, event.address_id)?;
    let address = &mut customer.addresses[position].address;
    overwrite(&mut address.street, &change.street);
    overwrite(&mut address.city, &change.city);
    overwrite(&mut address.zip, &change.zip);
    overwrite(&mut address.state, &change.state);
    overwrite(&mut address.country, &change.country);
    Some(())
}

fn address_marked(customer: &mut LiveCustomer, event: &CustomerAddressMarked) -> Option<()> {
    if event.is_primary {
        return mark_address(customer, event.address_id);
    }
    let position = position(customer, event.address_id)?;
    customer.addresses[position].is_primary = false;
    Some(())
}

/// The mark moves to this address from the one that has it.
fn mark_address(customer: &mut LiveCustomer, address_id: AddressId) -> Option<()> {
    let position = position(customer, address_id)?;
    customer.addresses.iter_mut().for_each(|address| address.is_primary = false);
    customer.addresses[position].is_primary = true;
    Some(())
}

fn address_removed(customer: &mut LiveCustomer, address_id: AddressId) -> Option<()> {
    let position = position(customer, address_id)?;
    customer.addresses.remove(position);
    Some(())
}

fn position(customer: &LiveCustomer, address_id: AddressId) -> Option<usize> {
    customer.addresses.iter().position(|address| address.address.address_id == address_id)
}

/// Beyond the most there may be, the oldest goes; none by its time, as a clock that was ahead may be set back.
fn link_mailed(customer: &mut LiveCustomer, event: &CustomerConfirmationRequested) -> Option<()> {
    let CustomerConfirmationRequested { confirmation_id, expires_at, .. } = *event;
    let email_id = event.email_id.or_else(|| customer.primary_email().map(|email| email.email_id))?;
    let email = customer.emails.iter().find(|email| email.email_id == email_id).and_then(|email| email.email.clone());
    let links = &mut customer.confirmations;
    if links.iter().any(|link| link.confirmation_id == confirmation_id) {
        return None;
    }
    let too_many = (links.len() + 1).saturating_sub(MAX_CONFIRMATIONS);
    links.drain(..too_many);
    links.push(Confirmation { confirmation_id, expires_at, email_id, email, is_used: false });
    Some(())
}

/// By a link that may be forgotten: older versions remembered the unused ones for longer.
fn confirmed(customer: &mut LiveCustomer, confirmation_id: ConfirmationId) {
    let used = customer.confirmations.iter_mut().find(|link| link.confirmation_id == confirmation_id);
    if let Some(link) = used {
        link.is_used = true;
    }
    customer.confirmed = true;
}

fn deleted(state: &mut Customer) -> Option<()> {
    let LiveCustomer { customer_id, store_id, currency, .. } = *live(state)?;
    *state = Customer::Deleted { customer_id, store_id, currency };
    Some(())
}

fn claim_given_up(state: &mut Customer, claim_id: ClaimId) -> Option<()> {
    if state.names_claim(claim_id) {
        return None;
    }
    match state {
        Customer::None => *state = Customer::Awaited { given_up: claim_id.into() },
        Customer::Awaited { given_up } => return given_up.insert(claim_id).then_some(()),
        Customer::Live(customer) => return customer.given_up.insert(claim_id).then_some(()),
        Customer::Deleted { .. } => return None,
    }
    Some(())
}

fn live(state: &mut Customer) -> Option<&mut LiveCustomer> {
    match state {
        Customer::Live(customer) => Some(customer),
        Customer::None | Customer::Awaited { .. } | Customer::Deleted { .. } => None,
    }
}

fn word(state: &Customer) -> &'static str {
    match state {
        Customer::None => "none",
        Customer::Awaited { .. } => "awaited",
        Customer::Live(_) => "live",
        Customer::Deleted { .. } => "deleted",
    }
}
