//! Customers and their addresses.

use crate::{CommandError, Commands, Done, Request};
use domain::{AddressId, Currency, CustomerId};

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
pub struct CustomerChange {
    pub currency: Option<Currency>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub password: Option<String>,
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

impl Commands {
    pub async fn create_customer(&self, request: &Request, new: NewCustomer) -> Result<Done<CustomerId>, CommandError> {
        todo!()
    }

    pub async fn change_customer(
        &self,
        request: &Request,
        customer: CustomerId,
        change: CustomerChange,
    ) -> Result<Done<CustomerId>, CommandError> {
        todo!()
    }

    /// Deletes the customer: its open cart is closed, its emails become free.
    pub async fn delete_customer(
        &self,
        request: &Request,
        customer: CustomerId,
    ) -> Result<Done<CustomerId>, CommandError> {
        todo!()
    }

    pub async fn add_address(
        &self,
        request: &Request,
        customer: CustomerId,
        address: NewAddress,
    ) -> Result<Done<AddressId>, CommandError> {
        todo!()
    }

    pub async fn change_address(
        &self,
        request: &Request,
        customer: CustomerId,
        address: AddressId,
        change: AddressChange,
    ) -> Result<Done<AddressId>, CommandError> {
        todo!()
    }

    pub async fn make_address_primary(
        &self,
        request: &Request,
        customer: CustomerId,
        address: AddressId,
    ) -> Result<Done<AddressId>, CommandError> {
        todo!()
    }

    pub async fn remove_address(
        &self,
        request: &Request,
        customer: CustomerId,
        address: AddressId,
    ) -> Result<Done<AddressId>, CommandError> {
        todo!()
    }
}
