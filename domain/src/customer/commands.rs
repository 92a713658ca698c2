//! What may be asked of a customer.

use crate::ids::*;
use crate::{Currency, PersonalAddress, Timestamp};

#[derive(Clone)]
pub enum CustomerCommand {
    Create(CreateCustomer),
    Change(ChangeCustomer),
    /// The email is claimed already. The email is kept as it is given, and compared as a [`mailbox`](crate::mailbox).
    /// Added already under these ids: no event.
    AddEmail {
        email_id: EmailId,
        claim_id: ClaimId,
        email: String,
        is_primary: bool,
    },
    /// Makes an email of the customer's own the primary one. It is so already: no event.
    MakeEmailPrimary {
        email: String,
    },
    /// Removed already: not found.
    RemoveEmail {
        email: String,
    },
    /// `address.address_id` is new; all fields are set. Added already under this id: no event.
    AddAddress {
        address: PersonalAddress,
        is_primary: bool,
    },
    /// `None` leaves a field as it is; so does what it already is.
    ChangeAddress {
        change: PersonalAddress,
        is_primary: Option<bool>,
    },
    /// Is so already: no event.
    MakeAddressPrimary {
        address_id: AddressId,
    },
    /// Removed already: not found.
    RemoveAddress {
        address_id: AddressId,
    },
    /// The password was verified against the credential in force, `credential_id`, and the email is the primary one,
    /// claimed by `claim_id`; both are checked again here. Anything wrong, also no such customer: `InvalidCredentials`.
    LogIn {
        credential_id: CredentialId,
        claim_id: ClaimId,
        expires_at: Timestamp,
    },
    /// Neither logged in nor with a token: no event. All tokens of the customer end.
    LogOut,
    /// The vault's entry of the token is there already. Beyond the most there may be the oldest goes. Issued already: no event.
    IssueToken {
        token_id: TokenId,
        expires_at: Timestamp,
    },
    /// A link to mail to the email, which must be the primary one. Requested already under this id: no event. Several links are
    /// good at the same time. `expires_at` follows from the clock, which a stream's own time may be ahead of: links that expire
    /// within an hour of each other were mailed within an hour.
    RequestConfirmation {
        confirmation_id: ConfirmationId,
        email_id: EmailId,
        expires_at: Timestamp,
    },
    /// Each link works once: used, expired, or mailed to what is not the primary email any more is not found.
    Confirm {
        confirmation_id: ConfirmationId,
        now: Timestamp,
    },
    /// Deleted already: not found.
    Delete,
    /// Also before the customer exists. Given up already, or named by one of the emails (a claim in force is never given
    /// up): no event. Whoever wants the name looks at [`Customer::names_claim`](super::Customer::names_claim) afterwards.
    GiveUpClaim {
        claim_id: ClaimId,
    },
}

#[derive(Clone)]
pub struct CreateCustomer {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub currency: Currency,
    pub email_id: EmailId,
    pub claim_id: ClaimId,
    pub credential_id: CredentialId,
    /// Kept as it is given.
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub addresses: Vec<(PersonalAddress, bool)>,
}

/// `None` leaves a field as it is. A field set to what it already is gives no event. Another password ends a log-in.
#[derive(Clone, Default)]
pub struct ChangeCustomer {
    pub currency: Option<Currency>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub credential_id: Option<CredentialId>,
    /// Becomes the primary one; the old one stays as a secondary.
    pub email: Option<ChangedEmail>,
}

#[derive(Clone)]
pub enum ChangedEmail {
    /// Claimed already for this customer.
    New { email_id: EmailId, claim_id: ClaimId, email: String },
    /// One that the customer has.
    Own { email: String },
}

/// Shows which command it is, and nothing of the person.
impl std::fmt::Debug for CustomerCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Create(_) => "Create(…)",
            Self::Change(_) => "Change(…)",
            Self::AddEmail { .. } => "AddEmail(…)",
            Self::MakeEmailPrimary { .. } => "MakeEmailPrimary(…)",
            Self::RemoveEmail { .. } => "RemoveEmail(…)",
            Self::AddAddress { .. } => "AddAddress(…)",
            Self::ChangeAddress { .. } => "ChangeAddress(…)",
            Self::MakeAddressPrimary { .. } => "MakeAddressPrimary(…)",
            Self::RemoveAddress { .. } => "RemoveAddress(…)",
            Self::LogIn { .. } => "LogIn(…)",
            Self::LogOut => "LogOut",
            Self::IssueToken { .. } => "IssueToken(…)",
            Self::RequestConfirmation { .. } => "RequestConfirmation(…)",
            Self::Confirm { .. } => "Confirm(…)",
            Self::Delete => "Delete",
            Self::GiveUpClaim { .. } => "GiveUpClaim(…)",
        })
    }
}

impl std::fmt::Debug for CreateCustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CreateCustomer({})", self.customer_id)
    }
}

impl std::fmt::Debug for ChangeCustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangeCustomer(…)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomerRejection {
    #[error("there is no such customer")]
    CustomerNotFound,
    #[error("the customer exists already")]
    CustomerExists,
    #[error("claim {claim_id} was given up")]
    ClaimGivenUp { claim_id: ClaimId },
    #[error("more than one address is marked as primary")]
    MultiplePrimaryAddresses,
    #[error("the email or password is wrong")]
    InvalidCredentials,
    #[error("the customer has no such email")]
    EmailNotFound,
    #[error("the customer has this email already")]
    EmailAlreadyExists,
    #[error("the primary email can't be deleted; make another one primary first")]
    PrimaryEmail,
    #[error("the customer has no such address")]
    AddressNotFound,
    #[error("the confirmation link is unknown, used or expired")]
    ConfirmationNotFound,
    #[error("another email is the primary one by now")]
    PrimaryEmailHasChanged,
    /// As many links as may be were mailed to the address, or to all of the customer's, within an hour.
    #[error("enough confirmations were mailed within an hour; try again in {wait_seconds} s")]
    TooManyConfirmations { wait_seconds: u32 },
    #[error("a customer has at most 250 emails and 250 addresses")]
    TooManyContacts,
}
