//! The fold of a customer's stream.

use crate::ids::*;
use crate::{Currency, PersonalAddress, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Customer {
    #[default]
    None,
    /// Not created, and these claims must not be named by whoever creates it.
    Awaited { given_up: BTreeSet<ClaimId> },
    Live(Box<LiveCustomer>),
    Deleted { customer_id: CustomerId, store_id: StoreId, currency: Currency },
}

/// Personal fields are `None` once the customer's key was destroyed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiveCustomer {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub currency: Currency,
    pub credential_id: CredentialId,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Vec<Email>,
    pub addresses: Vec<Address>,
    pub logged_in_until: Option<Timestamp>,
    /// The links that were mailed and are neither used nor known to be expired.
    pub confirmations: Vec<Confirmation>,
    pub confirmed: bool,
    pub given_up: BTreeSet<ClaimId>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Email {
    pub email_id: EmailId,
    pub claim_id: ClaimId,
    /// In lower case.
    pub email: Option<String>,
    pub is_primary: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    pub address: PersonalAddress,
    pub is_primary: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Confirmation {
    pub confirmation_id: ConfirmationId,
    pub expires_at: Timestamp,
}

impl Customer {
    /// The customer, unless deleted.
    pub fn live(&self) -> Option<&LiveCustomer> {
        match self {
            Customer::Live(customer) => Some(customer),
            Customer::None | Customer::Awaited { .. } | Customer::Deleted { .. } => None,
        }
    }

    /// Whether one of the customer's emails names the claim.
    pub fn names_claim(&self, claim_id: ClaimId) -> bool {
        self.live().is_some_and(|customer| customer.emails.iter().any(|email| email.claim_id == claim_id))
    }

    /// The currency, also of a deleted customer.
    pub fn currency(&self) -> Option<Currency> {
        match self {
            Customer::Live(customer) => Some(customer.currency),
            Customer::Deleted { currency, .. } => Some(*currency),
            Customer::None | Customer::Awaited { .. } => None,
        }
    }
}
