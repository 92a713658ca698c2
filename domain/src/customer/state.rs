//! The fold of a customer's stream.

use super::CustomerRejection;
use crate::GivenUp;
use crate::ids::*;
use crate::limits::{MAX_CONFIRMATIONS, MAX_MAILS_AN_HOUR};
use crate::{Currency, PersonalAddress, Timestamp, mailbox as mailbox_of};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// Within which the mails to an address are counted.
const MAIL_WINDOW: TimeDelta = TimeDelta::hours(1);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Customer {
    #[default]
    None,
    /// Not created, and these claims must not be named by whoever creates it.
    Awaited {
        given_up: GivenUp,
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
    /// What a shop window's requests for the customer carry; the oldest first.
    pub tokens: Vec<CustomerToken>,
    /// The newest links that were mailed, the oldest first.
    pub confirmations: Vec<Confirmation>,
    pub confirmed: bool,
    pub given_up: GivenUp,
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

#[derive(Clone, Serialize, Deserialize)]
pub struct Confirmation {
    pub confirmation_id: ConfirmationId,
    pub expires_at: Timestamp,
    /// The email that it was mailed to, which may be removed since.
    pub email_id: EmailId,
    pub email: Option<String>,
    pub is_used: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CustomerToken {
    pub token_id: TokenId,
    pub expires_at: Timestamp,
}

/// What a confirmation link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It confirms.
    Open,
    /// It has confirmed.
    Used,
    /// It is unknown, expired, or was mailed to what is not the primary email any more.
    Gone,
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

    /// What the link is good for at that time.
    pub fn link(&self, confirmation_id: ConfirmationId, now: Timestamp) -> LinkState {
        let link = self.confirmations.iter().find(|link| link.confirmation_id == confirmation_id);
        let Some(link) = link else { return LinkState::Gone };
        let is_to_primary = self.primary_email().is_some_and(|email| email.email_id == link.email_id);
        match (link.is_used, is_to_primary && now < link.expires_at) {
            (true, _) => LinkState::Used,
            (false, true) => LinkState::Open,
            (false, false) => LinkState::Gone,
        }
    }

    /// Whether a link to the email, which would expire at that time, may be mailed now.
    ///
    /// # Errors
    /// [`CustomerRejection::TooManyConfirmations`], with the time to wait: at least a second, an hour at most.
    pub fn check_mails(&self, email: &Email, expires_at: Timestamp) -> Result<(), CustomerRejection> {
        let Some(wait) = self.mail_wait(email, expires_at) else { return Ok(()) };
        let wait_seconds = u32::try_from((wait.num_milliseconds() + 999) / 1_000).unwrap_or(u32::MAX);
        Err(CustomerRejection::TooManyConfirmations { wait_seconds })
    }

    /// Only links within an hour of it count, before or after: a clock that was wrong by more and was set right locks nobody out.
    fn mail_wait(&self, email: &Email, expires_at: Timestamp) -> Option<TimeDelta> {
        let is_near = |link: &&Confirmation| apart(link.expires_at, expires_at) < MAIL_WINDOW;
        let is_same = |link: &Confirmation| {
            let mailboxes = [&link.email, &email.email].map(|email| email.as_deref().map(mailbox_of));
            link.email_id == email.email_id || (mailboxes[0].is_some() && mailboxes[0] == mailboxes[1])
        };
        let near: Vec<_> = self.confirmations.iter().filter(is_near).collect();
        let same: Vec<_> = near.iter().filter(|link| is_same(link)).map(|link| link.expires_at).collect();
        let all: Vec<_> = near.iter().map(|link| link.expires_at).collect();
        let until = [(same, MAX_MAILS_AN_HOUR), (all, MAX_CONFIRMATIONS)].into_iter().filter_map(|(mut sent, most)| {
            sent.sort_unstable();
            // Once this one is an hour old, fewer than the most are left.
            sent.len().checked_sub(most).map(|beyond| sent[beyond].plus(MAIL_WINDOW))
        });
        let wait = |until: Timestamp| TimeDelta::milliseconds(until.as_millis().saturating_sub(expires_at.as_millis()));
        until.max().map(|until| wait(until).clamp(TimeDelta::seconds(1), MAIL_WINDOW))
    }

    pub fn address(&self, address_id: AddressId) -> Option<&Address> {
        self.addresses.iter().find(|address| address.address.address_id == address_id)
    }

    pub fn is_logged_in(&self, now: Timestamp) -> bool {
        self.logged_in_until.is_some_and(|until| now < until)
    }

    /// Whether the token is good at that time.
    pub fn has_token(&self, token_id: TokenId, now: Timestamp) -> bool {
        self.tokens.iter().any(|token| token.token_id == token_id && now < token.expires_at)
    }

    /// Logged in, or with a token that is good: whoever signs up has one before any log-in.
    pub(super) fn is_let_in(&self, now: Timestamp) -> bool {
        self.is_logged_in(now) || self.tokens.iter().any(|token| now < token.expires_at)
    }
}

/// Shows nothing of the person.
impl std::fmt::Debug for LiveCustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LiveCustomer({})", self.customer_id)
    }
}

/// Shows nothing but the id.
impl std::fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Confirmation({})", self.confirmation_id)
    }
}

/// How far two times are apart, whichever comes first.
fn apart(one: Timestamp, other: Timestamp) -> TimeDelta {
    let millis = one.as_millis().saturating_sub(other.as_millis()).saturating_abs();
    TimeDelta::try_milliseconds(millis).unwrap_or(TimeDelta::MAX)
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
