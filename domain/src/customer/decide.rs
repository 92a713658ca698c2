//! The rules of a customer as a whole. Those of emails and addresses stand in `contacts.rs`.

use super::contacts::{Decision, NewEmail, changed_if_known};
use super::*;
use crate::decider::changed;
use crate::limits::MAX_CONTACTS;
use crate::{
    Category, ClaimId, ConfirmationId, Context, CredentialId, Decider, EmailId, Impossible, Personal, PersonalAddress,
    PersonalData, StoreId, Timestamp, TokenId,
};

impl Decider for Customer {
    const CATEGORY: Category = Category::Customer;

    type Id = crate::CustomerId;
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Rejection = CustomerRejection;

    fn decide(&self, command: &CustomerCommand, context: &Context<'_>) -> Decision {
        match command {
            CustomerCommand::Create(command) => self.create(command),
            CustomerCommand::Change(change) => self.change(change, context.now),
            CustomerCommand::AddEmail { email_id, claim_id, email, is_primary } => {
                self.add_email(NewEmail { email_id: *email_id, claim_id: *claim_id, email, is_primary: *is_primary })
            }
            CustomerCommand::MakeEmailPrimary { email } => self.make_email_primary(email),
            CustomerCommand::RemoveEmail { email } => self.remove_email(email),
            CustomerCommand::AddAddress { address, is_primary } => self.add_address(address, *is_primary),
            CustomerCommand::ChangeAddress { change, is_primary } => self.change_address(change, *is_primary),
            CustomerCommand::MakeAddressPrimary { address_id } => self.make_address_primary(*address_id),
            CustomerCommand::RemoveAddress { address_id } => self.remove_address(*address_id),
            CustomerCommand::LogIn { credential_id, claim_id, expires_at } => {
                self.log_in(*credential_id, *claim_id, *expires_at)
            }
            CustomerCommand::LogOut => self.log_out(context.now),
            CustomerCommand::IssueToken { token_id, expires_at } => self.issue_token(*token_id, *expires_at),
            CustomerCommand::RequestConfirmation { confirmation_id, email_id, expires_at } => {
                self.request_confirmation(*confirmation_id, *email_id, *expires_at)
            }
            CustomerCommand::Confirm { confirmation_id, now } => self.confirm(*confirmation_id, *now),
            CustomerCommand::Delete => self.delete(),
            CustomerCommand::GiveUpClaim { claim_id } => self.give_up_claim(*claim_id),
        }
    }

    fn evolve(&mut self, event: &CustomerEvent, at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event, at)
    }

    fn person(id: &crate::CustomerId) -> Option<crate::CustomerId> {
        Some(*id)
    }

    fn event(event: crate::Event) -> Option<CustomerEvent> {
        match event {
            crate::Event::Customer(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        match self {
            Customer::Live(customer) => Some(customer.store_id),
            Customer::Deleted { store_id, .. } => Some(*store_id),
            Customer::None | Customer::Awaited { .. } => None,
        }
    }

    /// Neither a claim that was given up, nor a link that was mailed, nor a token is anything that a client sees of the customer.
    fn changes_representation(event: &CustomerEvent) -> bool {
        match event {
            CustomerEvent::CustomerClaimGivenUp(_)
            | CustomerEvent::CustomerConfirmationRequested(_)
            | CustomerEvent::CustomerTokenIssued(_) => false,
            CustomerEvent::CustomerCreated(_)
            | CustomerEvent::CustomerRenamed(_)
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
            | CustomerEvent::CustomerConfirmed(_)
            | CustomerEvent::CustomerDeleted(_) => true,
        }
    }

    fn creates(event: &CustomerEvent) -> bool {
        match event {
            CustomerEvent::CustomerCreated(_)
            | CustomerEvent::CustomerEmailAdded(_)
            | CustomerEvent::CustomerAddressAdded(_) => true,
            CustomerEvent::CustomerRenamed(_)
            | CustomerEvent::CustomerCurrencyChanged(_)
            | CustomerEvent::CustomerPasswordChanged(_)
            | CustomerEvent::CustomerEmailMadePrimary(_)
            | CustomerEvent::CustomerEmailRemoved(_)
            | CustomerEvent::CustomerAddressChanged(_)
            | CustomerEvent::CustomerAddressMarked(_)
            | CustomerEvent::CustomerAddressRemoved(_)
            | CustomerEvent::CustomerLoggedIn(_)
            | CustomerEvent::CustomerLoggedOut(_)
            | CustomerEvent::CustomerTokenIssued(_)
            | CustomerEvent::CustomerConfirmationRequested(_)
            | CustomerEvent::CustomerConfirmed(_)
            | CustomerEvent::CustomerDeleted(_)
            | CustomerEvent::CustomerClaimGivenUp(_) => false,
        }
    }
}

impl Customer {
    pub(super) fn found(&self) -> Result<&LiveCustomer, CustomerRejection> {
        self.live().ok_or(CustomerRejection::CustomerNotFound)
    }

    fn create(&self, command: &CreateCustomer) -> Decision {
        if self.store_id().is_some() {
            return Err(CustomerRejection::CustomerExists);
        }
        self.check_claim(command.claim_id)?;
        if command.addresses.iter().filter(|(_, is_primary)| *is_primary).count() > 1 {
            return Err(CustomerRejection::MultiplePrimaryAddresses);
        }
        if command.addresses.len() > MAX_CONTACTS {
            return Err(CustomerRejection::TooManyContacts);
        }
        let marks = command.addresses.iter();
        let marks = marks.map(|(address, primary)| NewAddress { address_id: address.address_id, is_primary: *primary });
        let created = CustomerCreated {
            customer_id: command.customer_id,
            store_id: command.store_id,
            currency: command.currency,
            email_id: command.email_id,
            claim_id: command.claim_id,
            credential_id: command.credential_id,
            addresses: marks.collect(),
            personal: personal_of(command),
        };
        Ok(vec![created.into()])
    }

    fn change(&self, change: &ChangeCustomer, now: Timestamp) -> Decision {
        let customer = self.found()?;
        let email = change.email.as_ref().map_or(Ok(Vec::new()), |email| self.change_email(email))?;
        let names = PersonalData {
            first_name: changed_if_known(&change.first_name, &customer.first_name),
            last_name: changed_if_known(&change.last_name, &customer.last_name),
            ..PersonalData::default()
        };
        let renamed = (names != PersonalData::default()).then(|| CustomerRenamed { personal: names.into() }.into());
        let currency =
            changed(&change.currency, &customer.currency).map(|currency| CustomerCurrencyChanged { currency }.into());
        let password = changed(&change.credential_id, &customer.credential_id)
            .map(|credential_id| CustomerPasswordChanged { credential_id }.into());
        // Whoever logged in by the old one may be who it was changed for.
        let logged_out = (password.is_some() && customer.is_let_in(now)).then(|| CustomerLoggedOut {}.into());
        Ok([renamed, currency, password, logged_out].into_iter().flatten().chain(email).collect())
    }

    /// Whatever is wrong gives the same rejection, also where there is no such customer.
    fn log_in(&self, credential_id: CredentialId, claim_id: ClaimId, expires_at: Timestamp) -> Decision {
        let customer = self.live().ok_or(CustomerRejection::InvalidCredentials)?;
        let claims_primary = customer.primary_email().is_some_and(|email| email.claim_id == claim_id);
        if !claims_primary || customer.credential_id != credential_id {
            return Err(CustomerRejection::InvalidCredentials);
        }
        Ok(vec![CustomerLoggedIn { expires_at, credential_id: Some(credential_id) }.into()])
    }

    fn log_out(&self, now: Timestamp) -> Decision {
        let customer = self.found()?;
        if !customer.is_let_in(now) {
            return Ok(Vec::new());
        }
        Ok(vec![CustomerLoggedOut {}.into()])
    }

    fn issue_token(&self, token_id: TokenId, expires_at: Timestamp) -> Decision {
        let customer = self.found()?;
        if customer.tokens.iter().any(|token| token.token_id == token_id) {
            return Ok(Vec::new());
        }
        Ok(vec![CustomerTokenIssued { token_id, expires_at }.into()])
    }

    fn request_confirmation(
        &self,
        confirmation_id: ConfirmationId,
        email_id: EmailId,
        expires_at: Timestamp,
    ) -> Decision {
        let customer = self.found()?;
        if customer.confirmations.iter().any(|known| known.confirmation_id == confirmation_id) {
            return Ok(Vec::new());
        }
        let email = customer.primary_email().filter(|email| email.email_id == email_id);
        let email = email.ok_or(CustomerRejection::PrimaryEmailHasChanged)?;
        customer.check_mails(email, expires_at)?;
        Ok(vec![CustomerConfirmationRequested { confirmation_id, email_id: Some(email_id), expires_at }.into()])
    }

    fn confirm(&self, confirmation_id: ConfirmationId, now: Timestamp) -> Decision {
        match self.found()?.link(confirmation_id, now) {
            LinkState::Open => Ok(vec![CustomerConfirmed { confirmation_id }.into()]),
            LinkState::Used | LinkState::Gone => Err(CustomerRejection::ConfirmationNotFound),
        }
    }

    fn delete(&self) -> Decision {
        let customer = self.found()?;
        let claim_ids = customer.emails.iter().map(|email| email.claim_id).collect();
        Ok(vec![CustomerDeleted { claim_ids }.into()])
    }

    fn give_up_claim(&self, claim_id: ClaimId) -> Decision {
        match self {
            // Nothing names a claim on the stream of a deleted customer any more.
            Customer::Deleted { .. } => Ok(Vec::new()),
            Customer::None | Customer::Awaited { .. } | Customer::Live(_) => {
                if self.has_given_up(claim_id) || self.names_claim(claim_id) {
                    return Ok(Vec::new());
                }
                Ok(vec![CustomerClaimGivenUp { claim_id }.into()])
            }
        }
    }

    /// A claim that was given up must not be named any more.
    pub(super) fn check_claim(&self, claim_id: ClaimId) -> Result<(), CustomerRejection> {
        if self.has_given_up(claim_id) {
            return Err(CustomerRejection::ClaimGivenUp { claim_id });
        }
        Ok(())
    }
}

fn personal_of(command: &CreateCustomer) -> Personal {
    let addresses: Vec<PersonalAddress> = command.addresses.iter().map(|(address, _)| address.clone()).collect();
    let data = PersonalData {
        email: Some(command.email.clone()),
        first_name: Some(command.first_name.clone()),
        last_name: Some(command.last_name.clone()),
        addresses,
    };
    data.into()
}
