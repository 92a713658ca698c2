//! Why a command was not done. Only `api` turns these into HTTP.

use crate::LookupsError;
use crate::stream_failure::StreamFailure;
use domain::{AmountOutOfRange, Rejection};
use eventlog::{AppendError, CausedBy, LogError, Retry, StreamName};
use journal::JournalError;
use std::sync::Arc;
use vault::VaultError;

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
    /// The customer's token is unknown, revoked, expired, or another customer's.
    #[error("the customer's token is not valid for this")]
    CustomerUnauthorized,
    /// It is no operator's token, or one that has expired or was revoked.
    #[error("the operator's token is not valid")]
    OperatorUnauthorized,
    /// The coupon can't be used for this cart.
    #[error(transparent)]
    CouponRefused(#[from] domain::coupon::CouponRefusal),
    /// `If-Match` names another revision than the resource has.
    #[error("the resource is at revision {current}")]
    RevisionMismatch { current: u64 },
    /// The same `Idempotency-Key` came with another query or body.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    #[error(transparent)]
    Amount(#[from] AmountOutOfRange),
    /// Too many wrong tries of this account from this address, or too many requests from it.
    #[error("too many wrong tries, or requests without a token, came from this address")]
    RateLimited { after: std::time::Duration },
    /// Too much is waiting already: try again in a moment.
    #[error("too many commands are waiting")]
    Busy,
    /// The events that a bill would make are more than the log takes at once: found out before the first of them.
    #[error("the bill of this cart is too large to be stored; nothing was spent: bill fewer products at once")]
    CartTooLarge,
    /// What the command makes is more than the log takes at once. Trying again does not help.
    #[error("what was asked for is too large to be stored: {}", .source.said())]
    TooLarge { source: CausedBy },
    /// The task that did it broke off, which is a defect of ours: whether it was done is not known.
    #[error("the command broke off: {}", .source.said())]
    BrokeOff { source: CausedBy },
    /// A stream holds what no history of this program can contain, or what this version can't read. Trying again does not help.
    #[error("the history of what this is about can't be read: {}", .source.said())]
    Damaged { source: CausedBy },
    /// Less of the disk is left than is kept free. Nothing was done.
    #[error("the disk is full: {source}")]
    DiskFull { source: sqlite::Short },
    /// Something that the command needs is away. Nothing was done.
    #[error("{service} is away: {}", .source.said())]
    Unavailable { service: Service, source: CausedBy },
    /// The service did not say in time whether it did what decides the command: it may have, or may yet.
    #[error("whether {service} did it is not known: {}", .source.said())]
    OutcomeUnknown { service: Service, source: CausedBy },
    /// No mail can be sent to the customer's address, or the mail server refuses it for good, by this code.
    #[error("mail to the address is refused")]
    MailRefused { code: Option<u16> },
}

/// What becomes of it when the same is tried again. For whoever tries again by itself: reactions, jobs, expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The same again, unless somebody changes something first.
    Never,
    /// As `Never`, and it is stored history that is wrong, or newer than this program.
    Damaged,
    /// It will do once a service is back; whatever else needs that service waits as well.
    NotNow,
    /// It will do in a moment; others are not concerned.
    Busy,
}

impl Class {
    pub const ALL: [Class; 4] = [Class::Never, Class::Damaged, Class::NotNow, Class::Busy];

    /// One word, in metrics and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Never => "refused",
            Class::Damaged => "damaged",
            Class::NotNow => "away",
            Class::Busy => "busy",
        }
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl CommandError {
    /// Whether trying again helps.
    pub fn class(&self) -> Class {
        match self {
            CommandError::Busy | CommandError::RateLimited { .. } | CommandError::BrokeOff { .. } => Class::Busy,
            CommandError::Unavailable { .. } | CommandError::DiskFull { .. } | CommandError::OutcomeUnknown { .. } => {
                Class::NotNow
            }
            CommandError::Damaged { .. } => Class::Damaged,
            CommandError::Rejected(_)
            | CommandError::NotFound(_)
            | CommandError::AppIdTaken
            | CommandError::CustomerAlreadyExists
            | CommandError::EmailTaken
            | CommandError::CouponTaken
            | CommandError::CustomerIsNotConfirmed
            | CommandError::InvalidCredentials
            | CommandError::Unauthorized
            | CommandError::TokenExpired
            | CommandError::CustomerUnauthorized
            | CommandError::OperatorUnauthorized
            | CommandError::CouponRefused(_)
            | CommandError::RevisionMismatch { .. }
            | CommandError::KeyReused
            | CommandError::Amount(_)
            | CommandError::CartTooLarge
            | CommandError::MailRefused { .. }
            | CommandError::TooLarge { .. } => Class::Never,
        }
    }

    /// Whether what was begun will be done later, by itself.
    pub(crate) fn will_pass(&self) -> bool {
        matches!(self.class(), Class::NotNow | Class::Busy)
    }

    /// As it is told of a request that was decided before this was met: of what follows nobody may say that nothing was done.
    pub(crate) fn once_decided(self) -> Self {
        match self {
            CommandError::Unavailable { service, source } => CommandError::OutcomeUnknown { service, source },
            met @ (CommandError::DiskFull { .. } | CommandError::Damaged { .. } | CommandError::Busy) => {
                CommandError::OutcomeUnknown { service: Service::EventLog, source: met.into() }
            }
            other => other,
        }
    }
}

/// What no history of this program can contain, or none of its commands give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    #[error("the {0} gave no answer")]
    NoAnswer(Resource),
    #[error("a billing gave no event")]
    NoBill,
    #[error("a cart was billed by no event")]
    BilledByNothing,
    #[error("a command gave what is not its own")]
    OutcomeOfAnother,
    #[error("{claim} is held by {owner}, which is no owner")]
    NoOwner { claim: StreamName, owner: String },
}

impl From<Defect> for CommandError {
    fn from(defect: Defect) -> Self {
        Self::Damaged { source: defect.into() }
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
    Actor,
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
            Resource::Actor => "actor",
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

impl From<VaultError> for CommandError {
    fn from(error: VaultError) -> Self {
        let retry = error.retry();
        match error {
            VaultError::Away(source) => of_storage(Service::Vault, retry, source),
            VaultError::Damaged(source) => of_storage(Service::Vault, retry, CausedBy::of("the vault", source)),
        }
    }
}

impl From<LookupsError> for CommandError {
    fn from(LookupsError(source): LookupsError) -> Self {
        CommandError::Unavailable { service: Service::Views, source }
    }
}

/// The log can't be read or written now.
impl From<JournalError> for CommandError {
    fn from(error: JournalError) -> Self {
        let error = Arc::new(error);
        of_journal(&error, Arc::clone(&error).into())
    }
}

impl From<LogError> for CommandError {
    fn from(error: LogError) -> Self {
        JournalError::from(error).into()
    }
}

impl From<Arc<StreamFailure>> for CommandError {
    fn from(failure: Arc<StreamFailure>) -> Self {
        let source = CausedBy::from(Arc::clone(&failure));
        match &*failure {
            StreamFailure::Corrupt { .. } => CommandError::Damaged { source },
            StreamFailure::Journal { source: error, .. } => of_journal(error, source),
            StreamFailure::Views { .. } | StreamFailure::Past { .. } => {
                CommandError::Unavailable { service: Service::Views, source }
            }
            StreamFailure::Contended { .. } => CommandError::Busy,
            StreamFailure::Stopped => CommandError::BrokeOff { source },
        }
    }
}

/// Why the log could not be read or written, for a command: the one place that tells the cases apart. `source` says it whole.
fn of_journal(error: &JournalError, source: CausedBy) -> CommandError {
    match error {
        JournalError::Erased(_) => CommandError::NotFound(Resource::Customer),
        JournalError::Append(AppendError::TooLarge { .. }) => CommandError::TooLarge { source },
        JournalError::Append(AppendError::OutcomeUnknown { .. }) => {
            CommandError::OutcomeUnknown { service: Service::EventLog, source }
        }
        JournalError::Keys(_) => of_storage(Service::Vault, error.retry(), source),
        JournalError::Append(_)
        | JournalError::Log(_)
        | JournalError::Unreadable(_)
        | JournalError::Misplaced(_)
        | JournalError::NothingToAppend
        | JournalError::Seal(_)
        | JournalError::Json(_) => of_storage(Service::EventLog, error.retry(), source),
    }
}

/// What never passes is damage: it may be of this part of the log or the vault alone, and others must not wait for it.
fn of_storage(service: Service, retry: Retry, source: CausedBy) -> CommandError {
    match retry {
        Retry::Never => CommandError::Damaged { source },
        Retry::Later => CommandError::Unavailable { service, source },
        // Whoever appends decides again, so this is met only where that went on for too long.
        Retry::Busy => CommandError::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::cart::CartRejection;
    use std::io;

    #[test]
    fn each_error_says_whether_trying_again_helps() {
        let source = || CausedBy::from(io::Error::other("it is so"));
        let short = sqlite::Short { place: "/".into(), free: 0, wanted: 1 };
        let cases = [
            (CommandError::Rejected(CartRejection::CartIsEmpty.into()), Class::Never),
            (CommandError::NotFound(Resource::Cart), Class::Never),
            (CommandError::TooLarge { source: source() }, Class::Never),
            (CommandError::Damaged { source: source() }, Class::Damaged),
            (CommandError::Busy, Class::Busy),
            (CommandError::BrokeOff { source: source() }, Class::Busy),
            (CommandError::Unavailable { service: Service::Vault, source: source() }, Class::NotNow),
            (CommandError::DiskFull { source: short }, Class::NotNow),
        ];
        for (error, class) in cases {
            assert_eq!(error.class(), class, "{error:?}");
        }
    }

    #[test]
    fn what_the_log_says_is_told_apart_and_never_loses_its_cause() {
        let stream = StreamName::new("cart-1");
        let append = |source| JournalError::Append(AppendError::Unavailable { stream: stream.clone(), source });
        let cases = [
            (
                append(LogError::Unavailable(io::Error::other("the disk is full").into())),
                Class::NotNow,
                "the disk is full",
            ),
            (
                append(LogError::Damaged(io::Error::other("a page is malformed").into())),
                Class::Damaged,
                "a page is malformed",
            ),
            (AppendError::TooLarge { stream: stream.clone(), bytes: 7 }.into(), Class::Never, "7 bytes"),
            (JournalError::Misplaced(stream.clone()), Class::Damaged, "cart-1"),
        ];
        for (error, class, cause) in cases {
            let error = CommandError::from(error);
            assert!(error.class() == class && error.to_string().contains(cause), "{error}");
        }
    }
}
