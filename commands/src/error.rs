//! Why a command was not done. Only `api` turns these into HTTP.

use domain::{AmountOutOfRange, Rejection};

/// Why a command was not done. Nothing was changed, unless the outcome is not known.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommandError {
    /// A rule of the domain forbids it.
    #[error(transparent)]
    Rejected(Rejection),
    /// No such thing in this store, or of this customer.
    #[error("there is no such {0}")]
    NotFound(Resource),
    #[error("the app_id is taken")]
    AppIdTaken,
    /// Another customer of the store has the email: for creating and changing a customer.
    #[error("a customer with this email exists")]
    CustomerAlreadyExists,
    /// The email is in use: for adding an email.
    #[error("the email is in use")]
    EmailTaken,
    #[error("the coupon code is taken")]
    CouponTaken,
    #[error("the customer has not confirmed the email address")]
    CustomerIsNotConfirmed,
    #[error("the app_id or secret, or the email or password, is wrong")]
    InvalidCredentials,
    /// The token is unknown, revoked, or of another store.
    #[error("the access token is not valid")]
    Unauthorized,
    #[error("the access token has expired")]
    TokenExpired,
    /// The coupon can't be used for this cart.
    #[error(transparent)]
    CouponRefused(#[from] domain::coupon::CouponRefusal),
    /// `If-Match` names another revision than the resource has.
    #[error("the resource is at revision {current}")]
    RevisionMismatch { current: u64 },
    /// The same `Idempotency-Key` came with another query or body.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The first request with this key is still running, and took longer than the second could wait.
    #[error("the idempotency key is in use")]
    KeyInUse,
    #[error(transparent)]
    Amount(#[from] AmountOutOfRange),
    /// Too much is waiting already: try again in a moment.
    #[error("too many commands are waiting")]
    Busy,
    /// A stream holds what no history of this program can contain, or what this version can't read. Trying again does not help.
    #[error("the history of what this is about can't be read: {reason}")]
    Damaged { reason: String },
    /// Something that the command needs is away. Nothing was done.
    #[error("{service} is away: {reason}")]
    Unavailable { service: Service, reason: String },
    /// The service did not say in time whether it did what decides the command: it may have, or may yet.
    #[error("whether {service} did it is not known: {reason}")]
    OutcomeUnknown { service: Service, reason: String },
    /// No mail can be sent to the customer's address, or the mail server refuses it for good, by this code.
    #[error("mail to the address is refused")]
    MailRefused { code: Option<u16> },
}

impl CommandError {
    /// What no history of this program can contain was found.
    pub(crate) fn damaged(reason: &str) -> Self {
        Self::Damaged { reason: reason.to_owned() }
    }
}

/// What can be not found, by the name it has in error codes (`PRODUCT_NOT_FOUND`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Store,
    Product,
    Customer,
    Address,
    Email,
    Cart,
    Invoice,
    InvoiceLineItem,
    Order,
    GiftCard,
    Credit,
    Coupon,
    Job,
    Confirmation,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Resource::Store => "store",
            Resource::Product => "product",
            Resource::Customer => "customer",
            Resource::Address => "address",
            Resource::Email => "email",
            Resource::Cart => "cart",
            Resource::Invoice => "invoice",
            Resource::InvoiceLineItem => "invoice line item",
            Resource::Order => "order",
            Resource::GiftCard => "gift card",
            Resource::Credit => "credit",
            Resource::Coupon => "coupon",
            Resource::Job => "job",
            Resource::Confirmation => "confirmation",
        })
    }
}

/// What commands depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    EventLog,
    Vault,
    Views,
    Mail,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Service::EventLog => "the event log",
            Service::Vault => "the vault",
            Service::Views => "the read model",
            Service::Mail => "the mail server",
        })
    }
}

impl From<Rejection> for CommandError {
    fn from(rejection: Rejection) -> Self {
        CommandError::Rejected(rejection)
    }
}

/// The log can't be read or written now.
pub(crate) fn log_away(error: journal::JournalError) -> CommandError {
    let service = match &error {
        journal::JournalError::Keys(_) => Service::Vault,
        journal::JournalError::Unreadable(unreadable) => {
            return CommandError::Damaged { reason: unreadable.to_string() };
        }
        journal::JournalError::Append(_)
        | journal::JournalError::Log(_)
        | journal::JournalError::Erased(_)
        | journal::JournalError::Misplaced(_)
        | journal::JournalError::NothingToAppend
        | journal::JournalError::Seal(_)
        | journal::JournalError::Json(_) => Service::EventLog,
    };
    CommandError::Unavailable { service, reason: error.to_string() }
}
