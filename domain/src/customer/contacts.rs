//! The rules of a customer's emails and addresses. At most one of each is primary; the mark moves with the event that
//! gives it to another.

use super::*;
use crate::limits::MAX_CONTACTS;
use crate::{AddressId, ClaimId, EmailId, PersonalAddress, PersonalData};

pub(super) type Decision = Result<Vec<CustomerEvent>, CustomerRejection>;

/// An email to add, claimed already.
pub(super) struct NewEmail<'a> {
    pub email_id: EmailId,
    pub claim_id: ClaimId,
    pub email: &'a str,
    pub is_primary: bool,
}

impl Customer {
    pub(super) fn add_email(&self, new: NewEmail<'_>) -> Decision {
        let customer = self.found()?;
        self.check_claim(new.claim_id)?;
        if customer.emails.iter().any(|known| known.email_id == new.email_id) {
            return Ok(Vec::new());
        }
        if customer.email(new.email).is_some() || customer.emails.iter().any(|known| known.claim_id == new.claim_id) {
            return Err(CustomerRejection::EmailAlreadyExists);
        }
        if customer.emails.len() >= MAX_CONTACTS {
            return Err(CustomerRejection::TooManyContacts);
        }
        let personal = PersonalData { email: Some(new.email.to_owned()), ..PersonalData::default() }.into();
        let NewEmail { email_id, claim_id, is_primary, .. } = new;
        Ok(vec![CustomerEmailAdded { email_id, claim_id, is_primary, personal }.into()])
    }

    pub(super) fn change_email(&self, change: &ChangedEmail) -> Decision {
        match change {
            ChangedEmail::New { email_id, claim_id, email } => {
                self.add_email(NewEmail { email_id: *email_id, claim_id: *claim_id, email, is_primary: true })
            }
            ChangedEmail::Own { email } => self.make_email_primary(email),
        }
    }

    pub(super) fn make_email_primary(&self, email: &str) -> Decision {
        let customer = self.found()?;
        let email = customer.email(email).ok_or(CustomerRejection::EmailNotFound)?;
        if email.is_primary {
            return Ok(Vec::new());
        }
        Ok(vec![CustomerEmailMadePrimary { email_id: email.email_id }.into()])
    }

    pub(super) fn remove_email(&self, email: &str) -> Decision {
        let customer = self.found()?;
        let email = customer.email(email).ok_or(CustomerRejection::EmailNotFound)?;
        if email.is_primary {
            return Err(CustomerRejection::PrimaryEmail);
        }
        Ok(vec![CustomerEmailRemoved { email_id: email.email_id, claim_id: email.claim_id }.into()])
    }

    /// The first address is primary only when it is marked so.
    pub(super) fn add_address(&self, address: &PersonalAddress, is_primary: bool) -> Decision {
        let customer = self.found()?;
        let address_id = address.address_id;
        if customer.address(address_id).is_some() {
            return Ok(Vec::new());
        }
        if customer.addresses.len() >= MAX_CONTACTS {
            return Err(CustomerRejection::TooManyContacts);
        }
        let personal = PersonalData { addresses: vec![address.clone()], ..PersonalData::default() }.into();
        Ok(vec![CustomerAddressAdded { address_id, is_primary, personal }.into()])
    }

    pub(super) fn change_address(&self, change: &PersonalAddress, is_primary: Option<bool>) -> Decision {
        let customer = self.found()?;
        let address_id = change.address_id;
        let current = customer.address(address_id).ok_or(CustomerRejection::AddressNotFound)?;
        let fields = changed_fields(change, &current.address);
        let change = (fields != PersonalAddress::unknown(address_id)).then(|| {
            let personal = PersonalData { addresses: vec![fields], ..PersonalData::default() }.into();
            CustomerAddressChanged { address_id, personal }.into()
        });
        let mark = is_primary
            .filter(|is_primary| *is_primary != current.is_primary)
            .map(|is_primary| CustomerAddressMarked { address_id, is_primary }.into());
        Ok(change.into_iter().chain(mark).collect())
    }

    pub(super) fn make_address_primary(&self, address_id: AddressId) -> Decision {
        let customer = self.found()?;
        let address = customer.address(address_id).ok_or(CustomerRejection::AddressNotFound)?;
        if address.is_primary {
            return Ok(Vec::new());
        }
        Ok(vec![CustomerAddressMarked { address_id, is_primary: true }.into()])
    }

    pub(super) fn remove_address(&self, address_id: AddressId) -> Decision {
        let customer = self.found()?;
        customer.address(address_id).ok_or(CustomerRejection::AddressNotFound)?;
        Ok(vec![CustomerAddressRemoved { address_id }.into()])
    }
}

/// The fields of `change` that `current` does not have.
fn changed_fields(change: &PersonalAddress, current: &PersonalAddress) -> PersonalAddress {
    PersonalAddress {
        address_id: change.address_id,
        street: changed_if_known(&change.street, &current.street),
        city: changed_if_known(&change.city, &current.city),
        zip: changed_if_known(&change.zip, &current.zip),
        state: changed_if_known(&change.state, &current.state),
        country: changed_if_known(&change.country, &current.country),
    }
}

/// What a field is to become, unless it is that already or nothing was asked; also where it is not known any more, once it was erased.
pub(super) fn changed_if_known(asked: &Option<String>, current: &Option<String>) -> Option<String> {
    asked.clone().filter(|asked| Some(asked) != current.as_ref())
}
