//! Postal addresses of a customer.

use crate::session::{Session, refused};
use crate::{Commands, Request, UnderWay};
use domain::customer::{Customer, CustomerCommand, CustomerEvent};
use domain::{AddressId, CustomerId, PersonalAddress};

#[derive(Clone)]
pub struct NewAddress {
    pub street: String,
    pub city: String,
    pub zip: String,
    pub state: String,
    pub country: String,
    pub is_primary: bool,
}

/// `None` leaves a field as it is.
#[derive(Clone, Default)]
pub struct AddressChange {
    pub street: Option<String>,
    pub city: Option<String>,
    pub zip: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub is_primary: Option<bool>,
}

impl NewAddress {
    /// The address under the request's id for its `number`th, and whether it is the primary one.
    pub(super) fn numbered(&self, session: &Session, number: usize) -> (PersonalAddress, bool) {
        let address = PersonalAddress {
            address_id: AddressId(session.new_id(&format!("address {number}"))),
            street: Some(self.street.clone()),
            city: Some(self.city.clone()),
            zip: Some(self.zip.clone()),
            state: Some(self.state.clone()),
            country: Some(self.country.clone()),
        };
        (address, self.is_primary)
    }
}

impl Commands {
    /// Adds an address; `is_primary` moves the mark.
    pub fn add_address(&self, request: &Request, customer: CustomerId, address: NewAddress) -> UnderWay<AddressId> {
        self.run("add_address", request, move |session| async move {
            let (address, is_primary) = address.numbered(&session, 0);
            let address_id = address.address_id;
            let add = CustomerCommand::AddAddress { address, is_primary };
            let executed = session.decide::<Customer>(&customer, add).await.map_err(refused::<Customer>)?;
            // A repeat finds the id that the first one made.
            let added = |event: &CustomerEvent| {
                if let CustomerEvent::CustomerAddressAdded(added) = event { Some(added.address_id) } else { None }
            };
            let address_id = executed.events.iter().find_map(added).unwrap_or(address_id);
            Ok(session.done(address_id, executed.replayed))
        })
    }

    pub fn change_address(
        &self,
        request: &Request,
        customer: CustomerId,
        address: AddressId,
        change: AddressChange,
    ) -> UnderWay<AddressId> {
        let AddressChange { street, city, zip, state, country, is_primary } = change;
        let change = PersonalAddress { address_id: address, street, city, zip, state, country };
        let command = CustomerCommand::ChangeAddress { change, is_primary };
        self.on_address("change_address", request, customer, address, command)
    }

    /// Moves the mark to this address; there already: nothing changes.
    pub fn make_address_primary(
        &self,
        request: &Request,
        customer: CustomerId,
        address: AddressId,
    ) -> UnderWay<AddressId> {
        let command = CustomerCommand::MakeAddressPrimary { address_id: address };
        self.on_address("make_address_primary", request, customer, address, command)
    }

    pub fn remove_address(&self, request: &Request, customer: CustomerId, address: AddressId) -> UnderWay<AddressId> {
        let command = CustomerCommand::RemoveAddress { address_id: address };
        self.on_address("remove_address", request, customer, address, command)
    }

    fn on_address(
        &self,
        kind: &'static str,
        request: &Request,
        customer: CustomerId,
        address: AddressId,
        command: CustomerCommand,
    ) -> UnderWay<AddressId> {
        self.run(kind, request, move |session| async move {
            let executed = session.decide::<Customer>(&customer, command).await.map_err(refused::<Customer>)?;
            Ok(session.done(address, executed.replayed))
        })
    }
}
