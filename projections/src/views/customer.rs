//! Customers, from their own streams alone. What carts and invoices add is in `shopper` and `purchases`.

use crate::page::{Page, PageRequest};
use crate::range::TimeRange;
use crate::reader::{ReadError, Views};
use crate::store::{Column, Filter, Index, Labels, List, Value, ViewDeclaration};
use crate::view::{Keys, Misfit, Source, View, create, existing};
use domain::customer::CustomerEvent;
use domain::{AddressId, Category, Currency, CustomerId, Decider, EmailId, Event, PersonalAddress, PersonalData, StoreId, Timestamp};
use eventlog::Position;
use journal::Envelope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A customer. What is personal is `None` once the customer's key was destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRow {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub revision: u64,
    pub currency: Currency,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Vec<EmailRow>,
    pub addresses: Vec<AddressRow>,
    /// When the customer last logged in or out.
    pub last_seen_at: Option<Timestamp>,
    /// Logged in until then.
    pub log_out_expires_at: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    pub created_position: Position,
    pub deleted_position: Option<Position>,
}

/// An email that is not deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailRow {
    pub email_id: EmailId,
    /// In lower case.
    pub email: Option<String>,
    pub is_primary: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// An address that is not deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

impl CustomerRow {
    /// The primary email.
    pub fn email(&self) -> Option<&str> {
        self.emails.iter().find(|email| email.is_primary).and_then(|email| email.email.as_deref())
    }
}

#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    /// Any of the customer's emails; compared in lower case.
    pub email: Option<String>,
    pub created_at: TimeRange,
    pub updated_at: TimeRange,
}

/// Customers by id.
pub struct Customers;

const OF_STORE: Index =
    Index { name: "of_store", equal: &["store_id", "deleted"], sort: Some("created_at"), covering: &["updated_at"] };
/// All that ever were, for what covers the customers of a moment.
const EVER: Index =
    Index { name: "ever", equal: &["store_id"], sort: None, covering: &["created_position", "deleted_position"] };

impl View for Customers {
    type Row = CustomerRow;

    const DECLARATION: ViewDeclaration = ViewDeclaration {
        name: "customers",
        version: 1,
        columns: &[
            Column::id("store_id"),
            Column::integer("deleted"),
            Column::integer("created_at"),
            Column::integer("updated_at"),
            Column::integer("created_position"),
            Column::integer("deleted_position").or_null(),
        ],
        indexes: &[OF_STORE, EVER],
        labels: Some(Labels { name: "emails", equal: &["store_id", "deleted"], sort: "created_at" }),
        search: None,
    };
    const SOURCE: Source = Source::OwnStream(Category::Customer);

    fn keys(envelope: &Envelope) -> Keys {
        Keys::of_stream(envelope)
    }

    /// A claim may have been given up before the customer was created.
    fn begins(_envelope: &Envelope) -> bool {
        false
    }

    fn apply(row: &mut Option<CustomerRow>, _key: Uuid, envelope: &Envelope) -> Result<(), Misfit> {
        let Event::Customer(event) = &envelope.event else { return Ok(()) };
        if let CustomerEvent::CustomerClaimGivenUp(_) = event {
            return Ok(());
        }
        if let CustomerEvent::CustomerCreated(created) = event {
            return create(row, created_row(created, envelope));
        }
        let row = existing(row)?;
        change(row, event, envelope)?;
        if domain::customer::Customer::changes_representation(event) {
            row.revision = envelope.revision;
            row.updated_at = envelope.metadata.occurred_at;
        }
        Ok(())
    }

    fn columns(row: &CustomerRow) -> Vec<Value> {
        vec![
            row.store_id.0.into(),
            row.deleted_at.is_some().into(),
            row.created_at.into(),
            row.updated_at.into(),
            row.created_position.into(),
            row.deleted_position.into(),
        ]
    }

    fn labels(row: &CustomerRow) -> Vec<String> {
        row.emails.iter().filter_map(|email| email.email.clone()).collect()
    }
}

fn created_row(created: &domain::customer::CustomerCreated, envelope: &Envelope) -> CustomerRow {
    let at = envelope.metadata.occurred_at;
    let personal = created.personal.open();
    let address = |new: &domain::customer::NewAddress| {
        let known = personal.and_then(|personal| personal.addresses.iter().find(|address| address.address_id == new.address_id));
        new_address(new.address_id, new.is_primary, known, at)
    };
    CustomerRow {
        customer_id: created.customer_id,
        store_id: created.store_id,
        revision: envelope.revision,
        currency: created.currency,
        first_name: personal.and_then(|personal| personal.first_name.clone()),
        last_name: personal.and_then(|personal| personal.last_name.clone()),
        emails: vec![EmailRow {
            email_id: created.email_id,
            email: personal.and_then(|personal| personal.email.clone()),
            is_primary: true,
            created_at: at,
            updated_at: at,
        }],
        addresses: created.addresses.iter().map(address).collect(),
        last_seen_at: None,
        log_out_expires_at: None,
        confirmed_at: None,
        created_at: at,
        updated_at: at,
        deleted_at: None,
        created_position: envelope.position,
        deleted_position: None,
    }
}

fn new_address(address_id: AddressId, is_primary: bool, known: Option<&PersonalAddress>, at: Timestamp) -> AddressRow {
    AddressRow {
        address_id,
        street: known.and_then(|address| address.street.clone()),
        city: known.and_then(|address| address.city.clone()),
        zip: known.and_then(|address| address.zip.clone()),
        state: known.and_then(|address| address.state.clone()),
        country: known.and_then(|address| address.country.clone()),
        is_primary,
        created_at: at,
        updated_at: at,
    }
}

fn change(row: &mut CustomerRow, event: &CustomerEvent, envelope: &Envelope) -> Result<(), Misfit> {
    let at = envelope.metadata.occurred_at;
    match event {
        // Handled before.
        CustomerEvent::CustomerCreated(_) | CustomerEvent::CustomerClaimGivenUp(_) => {}
        CustomerEvent::CustomerRenamed(renamed) => rename(row, renamed.personal.open()),
        CustomerEvent::CustomerCurrencyChanged(changed) => row.currency = changed.currency,
        CustomerEvent::CustomerPasswordChanged(_) | CustomerEvent::CustomerConfirmationRequested(_) => {}
        CustomerEvent::CustomerEmailAdded(added) => {
            let email = added.personal.open().and_then(|personal| personal.email.clone());
            row.emails.push(EmailRow { email_id: added.email_id, email, is_primary: false, created_at: at, updated_at: at });
            if added.is_primary {
                mark_email(row, added.email_id, at);
            }
        }
        CustomerEvent::CustomerEmailMadePrimary(made) => mark_email(row, made.email_id, at),
        CustomerEvent::CustomerEmailRemoved(removed) => row.emails.retain(|email| email.email_id != removed.email_id),
        CustomerEvent::CustomerAddressAdded(added) => {
            let known = added.personal.open().and_then(|personal| personal.addresses.first());
            row.addresses.push(new_address(added.address_id, false, known, at));
            mark_address(row, added.address_id, added.is_primary, at);
        }
        CustomerEvent::CustomerAddressChanged(changed) => {
            let known = changed.personal.open().and_then(|personal| personal.addresses.first());
            change_address(row, changed.address_id, known, at)?;
        }
        CustomerEvent::CustomerAddressMarked(marked) => mark_address(row, marked.address_id, marked.is_primary, at),
        CustomerEvent::CustomerAddressRemoved(removed) => row.addresses.retain(|address| address.address_id != removed.address_id),
        CustomerEvent::CustomerLoggedIn(logged_in) => {
            row.last_seen_at = Some(at);
            row.log_out_expires_at = Some(logged_in.expires_at);
        }
        CustomerEvent::CustomerLoggedOut(_) => {
            row.last_seen_at = Some(at);
            row.log_out_expires_at = None;
        }
        CustomerEvent::CustomerConfirmed(_) => row.confirmed_at = Some(at),
        CustomerEvent::CustomerDeleted(_) => {
            row.deleted_at = Some(at);
            row.deleted_position = Some(envelope.position);
        }
    }
    Ok(())
}

fn rename(row: &mut CustomerRow, personal: Option<&PersonalData>) {
    let Some(personal) = personal else {
        // The key was destroyed: whatever the names were, nobody knows.
        (row.first_name, row.last_name) = (None, None);
        return;
    };
    if let Some(first_name) = &personal.first_name {
        row.first_name = Some(first_name.clone());
    }
    if let Some(last_name) = &personal.last_name {
        row.last_name = Some(last_name.clone());
    }
}

fn mark_email(row: &mut CustomerRow, primary: EmailId, at: Timestamp) {
    for email in &mut row.emails {
        let is_primary = email.email_id == primary;
        if email.is_primary != is_primary {
            email.is_primary = is_primary;
            email.updated_at = at;
        }
    }
}

/// Moves the mark to the address, or takes it from there.
fn mark_address(row: &mut CustomerRow, marked: AddressId, is_primary: bool, at: Timestamp) {
    for address in &mut row.addresses {
        let now = if address.address_id == marked { is_primary } else { address.is_primary && !is_primary };
        if address.is_primary != now {
            address.is_primary = now;
            address.updated_at = at;
        }
    }
}

fn change_address(row: &mut CustomerRow, id: AddressId, change: Option<&PersonalAddress>, at: Timestamp) -> Result<(), Misfit> {
    let found = row.addresses.iter_mut().find(|address| address.address_id == id);
    let address = found.ok_or(Misfit("there is no such address"))?;
    address.updated_at = at;
    let Some(change) = change else { return Ok(()) };
    for (field, new) in [
        (&mut address.street, &change.street),
        (&mut address.city, &change.city),
        (&mut address.zip, &change.zip),
        (&mut address.state, &change.state),
        (&mut address.country, &change.country),
    ] {
        if let Some(new) = new {
            *field = Some(new.clone());
        }
    }
    Ok(())
}

impl Views {
    /// The customer, unless deleted.
    pub async fn customer(&self, store: StoreId, customer: CustomerId) -> Result<Option<CustomerRow>, ReadError> {
        let row = self.get::<Customers>(customer.0).await?;
        Ok(row.filter(|row| row.store_id == store && row.deleted_at.is_none()))
    }

    /// The store's customers, newest first.
    pub async fn customers(&self, store: StoreId, filter: &CustomerFilter, page: &PageRequest) -> Result<Page<CustomerRow>, ReadError> {
        self.page::<Customers>("customers", &[store.0], listed(store, filter), page).await
    }

    pub async fn count_customers(&self, store: StoreId, filter: &CustomerFilter) -> Result<u64, ReadError> {
        self.count::<Customers>(listed(store, filter)).await
    }

    /// Up to `limit` customers of the store that existed at the position, in the order of their ids, after `after`.
    pub async fn customers_at(
        &self,
        store: StoreId,
        position: Position,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<CustomerId>, ReadError> {
        let list = existed_at(store, position).ascending().limit(limit).after_key(after.map(|customer| customer.0));
        Ok(self.keys::<Customers>(list).await?.into_iter().map(CustomerId).collect())
    }

    /// How many customers of the store existed at the position.
    pub async fn count_customers_at(&self, store: StoreId, position: Position) -> Result<u64, ReadError> {
        self.count::<Customers>(existed_at(store, position)).await
    }
}

fn existed_at(store: StoreId, position: Position) -> List {
    let next = i64::try_from(position.0).unwrap_or(i64::MAX).saturating_add(1);
    List::through(&EVER, vec![store.0.into()])
        .filter(Filter::Below("created_position", next))
        .filter(Filter::NullOrAtLeast("deleted_position", next))
}

fn listed(store: StoreId, filter: &CustomerFilter) -> List {
    let of_store = vec![store.0.into(), false.into()];
    let list = match &filter.email {
        Some(email) => List::labeled(email.to_lowercase(), of_store),
        None => List::through(&OF_STORE, of_store),
    };
    list.range(filter.created_at).within("updated_at", filter.updated_at)
}
