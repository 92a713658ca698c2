//! What is stored of a customer. What identifies a person stands in `personal` and is sealed.

use crate::ids::*;
use crate::macros::events;
use crate::{Currency, Personal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `personal` has the email, both names and the addresses; `addresses` says which they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerCreated {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub currency: Currency,
    pub email_id: EmailId,
    /// The claim on the email.
    pub claim_id: ClaimId,
    /// The vault's entry of the password in force.
    pub credential_id: CredentialId,
    pub addresses: Vec<NewAddress>,
    pub personal: Personal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewAddress {
    pub address_id: AddressId,
    pub is_primary: bool,
}

/// `personal` has the names that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerRenamed {
    pub personal: Personal,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerCurrencyChanged {
    pub currency: Currency,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerPasswordChanged {
    pub credential_id: CredentialId,
}

/// `personal` has the email.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerEmailAdded {
    pub email_id: EmailId,
    pub claim_id: ClaimId,
    /// The mark moves here from the email that had it.
    pub is_primary: bool,
    pub personal: Personal,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerEmailMadePrimary {
    pub email_id: EmailId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerEmailRemoved {
    pub email_id: EmailId,
    pub claim_id: ClaimId,
}

/// `personal` has the one address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerAddressAdded {
    pub address_id: AddressId,
    pub is_primary: bool,
    pub personal: Personal,
}

/// `personal` has the one address with the fields that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CustomerAddressChanged {
    pub address_id: AddressId,
    pub personal: Personal,
}

/// The mark moved to this address, or (`false`) was taken from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerAddressMarked {
    pub address_id: AddressId,
    pub is_primary: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerAddressRemoved {
    pub address_id: AddressId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerLoggedIn {
    /// When the customer is logged out without doing anything.
    pub expires_at: Timestamp,
    /// The vault's entry of the password that was given; absent in what earlier versions wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<CredentialId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerLoggedOut {}

/// A token for a shop window, that the customer's own resources ask for; the token itself is in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerTokenIssued {
    pub token_id: TokenId,
    pub expires_at: Timestamp,
}

/// A confirmation link was made; its token is in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerConfirmationRequested {
    pub confirmation_id: ConfirmationId,
    /// The email that it was mailed to. Missing in events of older versions: the one that was primary then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_id: Option<EmailId>,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerConfirmed {
    pub confirmation_id: ConfirmationId,
}

/// Gone from every list. Its emails, named by their claims, become free; its open cart is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerDeleted {
    pub claim_ids: Vec<ClaimId>,
}

/// The claim is given up: this stream must not name it any more, so that a slow creator conflicts and starts again
/// with a new one. May be the stream's first event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CustomerClaimGivenUp {
    pub claim_id: ClaimId,
}

events! {
    /// The events of a customer's stream.
    pub enum CustomerEvent {
        CustomerCreated = 1, CustomerRenamed = 1, CustomerCurrencyChanged = 1, CustomerPasswordChanged = 1,
        CustomerEmailAdded = 1, CustomerEmailMadePrimary = 1, CustomerEmailRemoved = 1, CustomerAddressAdded = 1,
        CustomerAddressChanged = 1, CustomerAddressMarked = 1, CustomerAddressRemoved = 1, CustomerLoggedIn = 1,
        CustomerLoggedOut = 1, CustomerConfirmationRequested = 1, CustomerConfirmed = 1, CustomerDeleted = 1,
        CustomerClaimGivenUp = 1, CustomerTokenIssued = 1,
    }
}

impl CustomerEvent {
    /// The vault's entry of the password that the request came with, where it came with one.
    pub fn credential_id(&self) -> Option<CredentialId> {
        match self {
            Self::CustomerCreated(event) => Some(event.credential_id),
            Self::CustomerPasswordChanged(event) => Some(event.credential_id),
            Self::CustomerLoggedIn(event) => event.credential_id,
            Self::CustomerRenamed(_)
            | Self::CustomerCurrencyChanged(_)
            | Self::CustomerEmailAdded(_)
            | Self::CustomerEmailMadePrimary(_)
            | Self::CustomerEmailRemoved(_)
            | Self::CustomerAddressAdded(_)
            | Self::CustomerAddressChanged(_)
            | Self::CustomerAddressMarked(_)
            | Self::CustomerAddressRemoved(_)
            | Self::CustomerLoggedOut(_)
            | Self::CustomerTokenIssued(_)
            | Self::CustomerConfirmationRequested(_)
            | Self::CustomerConfirmed(_)
            | Self::CustomerDeleted(_)
            | Self::CustomerClaimGivenUp(_) => None,
        }
    }

    /// The personal data in the event, for sealing and opening.
    pub fn personal_mut(&mut self) -> Option<&mut Personal> {
        match self {
            Self::CustomerCreated(event) => Some(&mut event.personal),
            Self::CustomerRenamed(event) => Some(&mut event.personal),
            Self::CustomerEmailAdded(event) => Some(&mut event.personal),
            Self::CustomerAddressAdded(event) => Some(&mut event.personal),
            Self::CustomerAddressChanged(event) => Some(&mut event.personal),
            Self::CustomerCurrencyChanged(_)
            | Self::CustomerPasswordChanged(_)
            | Self::CustomerEmailMadePrimary(_)
            | Self::CustomerEmailRemoved(_)
            | Self::CustomerAddressMarked(_)
            | Self::CustomerAddressRemoved(_)
            | Self::CustomerLoggedIn(_)
            | Self::CustomerLoggedOut(_)
            | Self::CustomerTokenIssued(_)
            | Self::CustomerConfirmationRequested(_)
            | Self::CustomerConfirmed(_)
            | Self::CustomerDeleted(_)
            | Self::CustomerClaimGivenUp(_) => None,
        }
    }
}
