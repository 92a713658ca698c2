//! The fold of a customer's stream.

use crate::ids::*;
use crate::{Currency, PersonalAddress, Timestamp, mailbox as mailbox_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Customer {
    #[default]
    None,
    /// Not created, and these claims must not be named by whoever creates it.
    Awaited {
        given_up: BTreeSet<ClaimId>,
    },
    Live(Box<LiveCustomer>),
    Deleted {
        customer_id: CustomerId,
        store_id: StoreId,
        currency: Currency,
    },
}

/// Personal fields are `None` once the customer's key was destroyed.
#[derive(Clone, Serialize, Deserialize)]
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

#[derive(Clone, Serialize, Deserialize)]
pub struct Email {
    pub email_id: EmailId,
    pub claim_id: ClaimId,
    /// As it was given; in lower case, where an older version stored it.
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

impl LiveCustomer {
    /// The customer's email of that mailbox. None is found once they are erased.
    ///
    /// Two may be of one mailbox, added by a version that compared otherwise: then it is the one that was written the same way.
    pub fn email(&self, email: &str) -> Option<&Email> {
        let written =
            |known: &&Email| known.email.as_ref().is_some_and(|known| known.to_lowercase() == email.to_lowercase());
        let mailbox = mailbox_of(email);
        let same = |known: &&Email| known.email.as_ref().is_some_and(|known| mailbox_of(known) == mailbox);
        self.emails.iter().find(written).or_else(|| self.emails.iter().find(same))
    }

    /// There always is one.
    pub fn primary_email(&self) -> Option<&Email> {
        self.emails.iter().find(|email| email.is_primary)
    }

    pub fn address(&self, address_id: AddressId) -> Option<&Address> {
        self.addresses.iter().find(|address| address.address.address_id == address_id)
    }

    pub fn is_logged_in(&self, now: Timestamp) -> bool {
        self.logged_in_until.is_some_and(|until| now < until)
    }
}

/// Shows nothing of the person.
impl std::fmt::Debug for LiveCustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LiveCustomer({})", self.customer_id)
    }
}

/// Shows nothing but the id.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Email({})", self.email_id)
    }
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

    /// Whether the claim must not be named any more.
    pub fn has_given_up(&self, claim_id: ClaimId) -> bool {
        match self {
            Customer::Awaited { given_up } => given_up.contains(&claim_id),
            Customer::Live(customer) => customer.given_up.contains(&claim_id),
            Customer::None | Customer::Deleted { .. } => false,
        }
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
