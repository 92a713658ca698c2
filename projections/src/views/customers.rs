//! Customers, from their own streams alone: what their carts and purchases say of them stands in `shoppers` and `purchases`.

use super::{CREATED, STORE};
use crate::at::ViewsAt;
use crate::store::{Column, Filter, Index, KeyKind, Labels, List, Value, ViewDeclaration};
use crate::view::{create, existing};
use crate::{Keys, Misfit, Page, PageRequest, ReadError, RowKey, Source, TimeRange, View, Views};
use domain::customer::{
    Customer, CustomerAddressAdded, CustomerAddressChanged, CustomerCreated, CustomerEmailAdded, CustomerEvent,
};
use domain::{
    AddressId, Category, Currency, CustomerId, Decider, EmailId, Event, PersonalAddress, StoreId, Timestamp, mailbox,
};
use eventlog::Position;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A customer (api.md §4). What is personal is `None` once the customer's key was destroyed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerRow {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub currency: Currency,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// The last log-in or log-out.
    pub last_seen_at: Option<Timestamp>,
    /// Logged in until then; `None` after a log-out.
    pub log_out_expires_at: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
    /// In the order they were added; deleted ones are gone.
    pub emails: Vec<EmailRow>,
    /// In the order they were added; deleted ones are gone.
    pub addresses: Vec<AddressRow>,
    pub created_at: Timestamp,
    /// Logging in and out doesn't move it.
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    pub revision: u64,
    /// Of the event that created the customer, and of the one that deleted it.
    pub created_position: Position,
    pub deleted_position: Option<Position>,
}

impl CustomerRow {
    /// The primary email.
    pub fn email(&self) -> Option<&str> {
        let primary = self.emails.iter().find(|email| email.is_primary)?;
        primary.email.as_deref()
    }

    pub fn is_logged_in(&self, now: Timestamp) -> bool {
        self.log_out_expires_at.is_some_and(|expires_at| now < expires_at)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmailRow {
    pub email_id: EmailId,
    /// As it was given; in lower case, where an older version stored it.
    pub email: Option<String>,
    pub is_primary: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AddressRow {
    pub address_id: AddressId,
    pub street: Option<String>,
    pub city: Option<String>,
    pub zip: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub is_primary: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Which customers a list or count takes in: those that meet all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// Any email of the customer's, in any case.
    pub email: Option<String>,
    pub created: TimeRange,
    pub updated: TimeRange,
}

pub struct Customers;

const LIVE: Index =
    Index { name: "live", equal: &["store_id", "live"], sort: Some("created_at"), covering: &["updated_at"] };
/// For walks over all customers that were there at a moment.
const BY_ID: Index =
    Index { name: "by_id", equal: &["store_id"], sort: None, covering: &["created_position", "deleted_position"] };

impl View for Customers {
    type Row = CustomerRow;
    type Store = ();

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "customers",
        version: 2,
        key: KeyKind::Id,
        stores: false,
        columns: &[
            STORE,
            CREATED,
            Column::integer("updated_at"),
            Column::integer("live"),
            Column::integer("created_position"),
            Column::integer("deleted_position").or_null(),
        ],
        indexes: &[LIVE, BY_ID],
        labels: Some(Labels { name: "email", equal: &["store_id"], sort: "created_at" }),
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Customer);
    const CACHE_SHARE: u64 = 2;

    fn keys(envelope: &Envelope, _: &()) -> Keys {
        Keys::of_stream(envelope)
    }

    fn apply(row: &mut Option<CustomerRow>, _key: RowKey, envelope: &Envelope, _: &()) -> Result<(), Misfit> {
        let Event::Customer(event) = &envelope.event else {
            return Err(Misfit("the event is not a customer's"));
        };
        match event {
            CustomerEvent::CustomerCreated(event) => create(row, created(event, envelope)),
            // May come before the customer.
            CustomerEvent::CustomerClaimGivenUp(_) => Ok(()),
            CustomerEvent::CustomerRenamed(_)
            | CustomerEvent::CustomerCurrencyChanged(_)
            | CustomerEvent::CustomerPasswordChanged(_)
            | CustomerEvent::CustomerEmailAdded(_)
            | CustomerEvent::CustomerEmailMadePrimary(_)
            | CustomerEvent::CustomerEmailRemoved(_)
            | CustomerEvent::CustomerAddressAdded(_)
            | CustomerEvent::CustomerAddressChanged(_)
            | CustomerEvent::CustomerAddressMarked(_)
            | CustomerEvent::CustomerAddressRemoved(_)
            | CustomerEvent::CustomerLoggedIn(_)
            | CustomerEvent::CustomerLoggedOut(_)
            | CustomerEvent::CustomerTokenIssued(_)
            | CustomerEvent::CustomerConfirmationRequested(_)
            | CustomerEvent::CustomerConfirmed(_)
            | CustomerEvent::CustomerDeleted(_) => changed(existing(row)?, event, envelope),
        }
    }

    fn columns(row: &CustomerRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.created_at.into(),
            row.updated_at.into(),
            row.deleted_at.is_none().into(),
            row.created_position.into(),
            row.deleted_position.into(),
        ]
    }

    fn labels(row: &CustomerRow) -> Vec<String> {
        match row.deleted_at {
            None => row.emails.iter().filter_map(|email| email.email.as_deref().map(mailbox)).collect(),
            Some(_) => Vec::new(),
        }
    }
}

fn created(event: &CustomerCreated, envelope: &Envelope) -> CustomerRow {
    let at = envelope.metadata.occurred_at;
    let personal = event.personal.open();
    let email = EmailRow {
        email_id: event.email_id,
        email: personal.and_then(|personal| personal.email.clone()),
        is_primary: true,
        created_at: at,
        updated_at: at,
    };
    let addresses = event.addresses.iter().map(|address| {
        let known = personal.and_then(|personal| {
            let mut known = personal.addresses.iter();
            known.find(|known| known.address_id == address.address_id)
        });
        new_address(address.address_id, known, address.is_primary, at)
    });
    CustomerRow {
        customer_id: event.customer_id,
        store_id: event.store_id,
        currency: event.currency,
        first_name: personal.and_then(|personal| personal.first_name.clone()),
        last_name: personal.and_then(|personal| personal.last_name.clone()),
        last_seen_at: None,
        log_out_expires_at: None,
        confirmed_at: None,
        emails: vec![email],
        addresses: addresses.collect(),
        created_at: at,
        updated_at: at,
        deleted_at: None,
        revision: envelope.revision,
        created_position: envelope.position,
        deleted_position: None,
    }
}

fn new_address(address_id: AddressId, known: Option<&PersonalAddress>, is_primary: bool, at: Timestamp) -> AddressRow {
    let mut address = AddressRow {
        address_id,
        street: None,
        city: None,
        zip: None,
        state: None,
        country: None,
        is_primary,
        created_at: at,
        updated_at: at,
    };
    if let Some(known) = known {
        set_fields(&mut address, known);
    }
    address
}

/// Fields that the change doesn't name stay.
fn set_fields(address: &mut AddressRow, change: &PersonalAddress) {
    let set = |field: &mut Option<String>, new: &Option<String>| {
        if new.is_some() {
            field.clone_from(new);
        }
    };
    set(&mut address.street, &change.street);
    set(&mut address.city, &change.city);
    set(&mut address.zip, &change.zip);
    set(&mut address.state, &change.state);
    set(&mut address.country, &change.country);
}

fn changed(row: &mut CustomerRow, event: &CustomerEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let at = envelope.metadata.occurred_at;
    let mut is_edit = true;
    match event {
        CustomerEvent::CustomerCreated(_) => return Err(Misfit("the row exists already")),
        CustomerEvent::CustomerClaimGivenUp(_)
        | CustomerEvent::CustomerConfirmationRequested(_)
        | CustomerEvent::CustomerTokenIssued(_) => {
            is_edit = false;
        }
        CustomerEvent::CustomerRenamed(event) => {
            if let Some(personal) = event.personal.open() {
                row.first_name = personal.first_name.clone().or(row.first_name.take());
                row.last_name = personal.last_name.clone().or(row.last_name.take());
            }
        }
        CustomerEvent::CustomerCurrencyChanged(event) => row.currency = event.currency,
        CustomerEvent::CustomerPasswordChanged(_) => {}
        CustomerEvent::CustomerEmailAdded(event) => add_email(row, event, at)?,
        CustomerEvent::CustomerEmailMadePrimary(event) => mark_email(row, event.email_id, at)?,
        CustomerEvent::CustomerEmailRemoved(event) => {
            row.emails.retain(|email| email.email_id != event.email_id);
        }
        CustomerEvent::CustomerAddressAdded(event) => add_address(row, event, at)?,
        CustomerEvent::CustomerAddressChanged(event) => change_address(row, event, at)?,
        CustomerEvent::CustomerAddressMarked(event) => {
            mark_address(row, event.address_id, event.is_primary, at)?;
        }
        CustomerEvent::CustomerAddressRemoved(event) => {
            row.addresses.retain(|address| address.address_id != event.address_id);
        }
        CustomerEvent::CustomerLoggedIn(event) => {
            row.last_seen_at = Some(at);
            row.log_out_expires_at = Some(event.expires_at);
            is_edit = false;
        }
        CustomerEvent::CustomerLoggedOut(_) => {
            row.last_seen_at = Some(at);
            row.log_out_expires_at = None;
            is_edit = false;
        }
        CustomerEvent::CustomerConfirmed(_) => row.confirmed_at = Some(at),
        CustomerEvent::CustomerDeleted(_) => {
            row.deleted_at = Some(at);
            row.deleted_position = Some(envelope.position);
            row.log_out_expires_at = None;
        }
    }
    if is_edit {
        row.updated_at = at;
    }
    if Customer::changes_representation(event) {
        row.revision = envelope.revision;
    }
    Ok(())
}

fn add_email(row: &mut CustomerRow, event: &CustomerEmailAdded, at: Timestamp) -> Result<(), Misfit> {
    let email = event.personal.open().and_then(|personal| personal.email.clone());
    let email_id = event.email_id;
    row.emails.push(EmailRow { email_id, email, is_primary: false, created_at: at, updated_at: at });
    if event.is_primary { mark_email(row, email_id, at) } else { Ok(()) }
}

fn add_address(row: &mut CustomerRow, event: &CustomerAddressAdded, at: Timestamp) -> Result<(), Misfit> {
    let known = event.personal.open().and_then(|personal| personal.addresses.first());
    row.addresses.push(new_address(event.address_id, known, false, at));
    if event.is_primary { mark_address(row, event.address_id, true, at) } else { Ok(()) }
}

fn change_address(row: &mut CustomerRow, event: &CustomerAddressChanged, at: Timestamp) -> Result<(), Misfit> {
    let address = address(row, event.address_id)?;
    if let Some(change) = event.personal.open().and_then(|personal| personal.addresses.first()) {
        set_fields(address, change);
    }
    address.updated_at = at;
    Ok(())
}

/// Moves the mark to the email.
fn mark_email(row: &mut CustomerRow, email_id: EmailId, at: Timestamp) -> Result<(), Misfit> {
    if !row.emails.iter().any(|email| email.email_id == email_id) {
        return Err(Misfit("the customer has no such email"));
    }
    for email in &mut row.emails {
        let is_primary = email.email_id == email_id;
        if email.is_primary != is_primary {
            email.is_primary = is_primary;
            email.updated_at = at;
        }
    }
    Ok(())
}

/// Moves the mark to the address, or takes it from it.
fn mark_address(row: &mut CustomerRow, address_id: AddressId, is_primary: bool, at: Timestamp) -> Result<(), Misfit> {
    address(row, address_id)?;
    for address in &mut row.addresses {
        let marked = match address.address_id == address_id {
            true => is_primary,
            false => address.is_primary && !is_primary,
        };
        if address.is_primary != marked {
            address.is_primary = marked;
            address.updated_at = at;
        }
    }
    Ok(())
}

fn address(row: &mut CustomerRow, address_id: AddressId) -> Result<&mut AddressRow, Misfit> {
    let mut addresses = row.addresses.iter_mut();
    addresses.find(|address| address.address_id == address_id).ok_or(Misfit("the customer has no such address"))
}

fn list(store: StoreId, filter: &CustomerFilter) -> List {
    let list = match &filter.email {
        Some(email) => List::labeled(mailbox(email), vec![store.0.into()]),
        None => List::through(&LIVE, vec![store.0.into(), true.into()]),
    };
    list.range(filter.created).within("updated_at", filter.updated)
}

/// Customers created at or before the position, and not deleted at or before it.
fn existing_at(store: StoreId, position: Position) -> List {
    let after = i64::try_from(position.0).unwrap_or(i64::MAX).saturating_add(1);
    List::through(&BY_ID, vec![store.0.into()])
        .ascending()
        .filter(Filter::Below("created_position", after))
        .filter(Filter::NullOrAtLeast("deleted_position", after))
}

impl Views {
    /// The customer, unless deleted.
    pub async fn customer(&self, store: StoreId, customer: CustomerId) -> Result<Option<Arc<CustomerRow>>, ReadError> {
        let row = self.of::<Customers>()?.get(customer.0).await?;
        Ok(row.filter(|row| row.store_id == store && row.deleted_at.is_none()))
    }

    /// The customer, also a deleted one: what a command on it is answered with, as long as anybody repeats it.
    pub async fn customer_even_if_deleted(
        &self,
        store: StoreId,
        customer: CustomerId,
    ) -> Result<Option<Arc<CustomerRow>>, ReadError> {
        let row = self.of::<Customers>()?.get(customer.0).await?;
        Ok(row.filter(|row| row.store_id == store))
    }

    /// The customer that has the email, primary or not, in any spelling of its mailbox.
    pub async fn customer_by_email(&self, store: StoreId, email: &str) -> Result<Option<Arc<CustomerRow>>, ReadError> {
        let filter = CustomerFilter { email: Some(email.to_owned()), ..CustomerFilter::default() };
        let customers = self.customers(store, &filter, &PageRequest::first(1)).await?;
        Ok(customers.items.into_iter().next())
    }

    /// Up to `limit` customers that have an email of the mailbox (as [`mailbox`] gives it), newest first.
    pub async fn customers_of_mailbox(
        &self,
        store: StoreId,
        mailbox: &str,
        limit: u32,
    ) -> Result<Vec<CustomerId>, ReadError> {
        let list = List::labeled(mailbox.to_owned(), vec![store.0.into()]).limit(limit);
        let rows = self.of::<Customers>()?.list(list).await?;
        Ok(rows.iter().map(|row| row.customer_id).collect())
    }

    /// The customers, newest first.
    pub async fn customers(
        &self,
        store: StoreId,
        filter: &CustomerFilter,
        page: &PageRequest,
    ) -> Result<Page<Arc<CustomerRow>>, ReadError> {
        let list = list(store, filter);
        self.of::<Customers>()?.page("customers", &[store.0], list, page).await
    }

    pub async fn count_customers(&self, store: StoreId, filter: &CustomerFilter) -> Result<u64, ReadError> {
        self.of::<Customers>()?.count(list(store, filter)).await
    }

    /// Up to `limit` customers that existed at the position, in the order of their ids, after `after`. The views must have
    /// reached the position: see [`Views::wait_for`].
    pub async fn customers_at(
        &self,
        store: StoreId,
        position: Position,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<CustomerId>, ReadError> {
        let list = existing_at(store, position).limit(limit);
        let keys = self.of::<Customers>()?.keys_after(list, after.map(|after| after.0)).await?;
        Ok(keys.into_iter().filter_map(RowKey::id).map(CustomerId).collect())
    }

    /// How many customers existed at the position. The views must have reached it.
    pub async fn count_customers_at(&self, store: StoreId, position: Position) -> Result<u64, ReadError> {
        self.of::<Customers>()?.count(existing_at(store, position)).await
    }
}

impl ViewsAt {
    /// As [`Views::customer`]. Of whom was forgotten since nothing personal is known then either.
    pub async fn customer(&self, store: StoreId, customer: CustomerId) -> Result<Option<Arc<CustomerRow>>, ReadError> {
        let row = self.row::<Customers>(customer.0).await?;
        Ok(row.filter(|row| row.store_id == store && row.deleted_at.is_none()))
    }
}
