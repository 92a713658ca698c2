//! What each refusal of the lower floors is called in HTTP. One arm for each case and no catch-all: a new rule does not
//! compile until it has a code.

use crate::codes::Code;
use crate::problem::{FieldError, Problem};
use crate::wire::cursor::bad_cursor;
use commands::{CommandError, Resource, Service};
use domain::Rejection;
use domain::cart::CartRejection;
use domain::claim::ClaimRejection;
use domain::coupon::{CouponRefusal, CouponRejection};
use domain::credit::CreditRejection;
use domain::customer::CustomerRejection;
use domain::gift_card::GiftCardRejection;
use domain::invoice::InvoiceRejection;
use domain::numbers::{Document, NumbersCouldRepeat};
use domain::order::{OrderRejection, OrderStatus};
use domain::product::ProductRejection;
use domain::store::StoreRejection;
use eventlog::LogError;
use journal::{IndexError, JournalError, KeysError};
use projections::ReadError;
use std::time::Duration;
use streaming::WindowStoreError;

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        command_error(error)
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        read_error(error)
    }
}

/// The answer to a command that was not done.
pub fn command_error(error: CommandError) -> Problem {
    let code = match &error {
        CommandError::Rejected(rejection) => return rejected(rejection),
        CommandError::NotFound(resource) => return Problem::of(not_found(*resource)),
        CommandError::RateLimited { after } => {
            return Problem::new(Code::RateLimited, error.to_string()).retry_after(*after);
        }
        CommandError::BrokeOff { .. } => {
            tracing::error!(%error, "what became of a command is not known");
            return Problem::new(Code::OutcomeUnknown, "the command broke off: it may be done, or may yet be");
        }
        CommandError::Damaged { .. } => {
            tracing::error!(%error, "what is stored can't be read");
            return Problem::new(Code::HistoryDamaged, unavailable(&error));
        }
        CommandError::Unavailable { .. } => {
            tracing::error!(%error, "a command could not be done");
            return Problem::new(Code::Unavailable, unavailable(&error));
        }
        CommandError::DiskFull { .. } => {
            // The reason names a path.
            tracing::error!(%error, "a command was refused");
            return Problem::new(Code::DiskFull, "the server's disk is nearly full; nothing was done");
        }
        CommandError::TooLarge { .. } => {
            // The reason counts bytes, of a stream that is not named here.
            tracing::warn!(%error, "a command asked for too much");
            return Problem::new(Code::TooLarge, "what was asked for is too large to be stored; nothing was done");
        }
        CommandError::CartTooLarge => Code::CartTooLarge,
        CommandError::OutcomeUnknown { service, .. } => {
            tracing::error!(%error, "what became of a command is not known");
            return Problem::new(Code::OutcomeUnknown, unknown(*service));
        }
        CommandError::MailRefused { code: Some(code) } => {
            return Problem::new(Code::MailRefused, format!("the address is refused for good (SMTP {code})"));
        }
        CommandError::MailRefused { code: None } => {
            return Problem::new(Code::MailRefused, "no mail can be sent to the address");
        }
        CommandError::AppIdTaken => Code::AppIdAlreadyExists,
        CommandError::CustomerAlreadyExists => Code::CustomerAlreadyExists,
        CommandError::EmailTaken => Code::EmailAlreadyExists,
        CommandError::CouponTaken => Code::CouponAlreadyExists,
        CommandError::CustomerIsNotConfirmed => Code::CustomerIsNotConfirmed,
        CommandError::InvalidCredentials => Code::InvalidCredentials,
        CommandError::Unauthorized => Code::Unauthorized,
        CommandError::TokenExpired => Code::TokenExpired,
        CommandError::CustomerUnauthorized => Code::CustomerUnauthorized,
        CommandError::OperatorUnauthorized => Code::OperatorUnauthorized,
        CommandError::CouponRefused(refusal) => coupon_refused(*refusal),
        CommandError::RevisionMismatch { .. } => Code::RevisionMismatch,
        CommandError::KeyReused => Code::IdempotencyKeyReused,
        CommandError::Amount(_) => Code::AmountOutOfRange,
        CommandError::Busy => Code::Busy,
    };
    Problem::new(code, error.to_string())
}

/// Says what is away, not why: the reason stands in the server's log, and may name hosts and paths.
fn unavailable(error: &CommandError) -> String {
    match error {
        CommandError::Unavailable { service, .. } => format!("{service} is away; nothing was done"),
        CommandError::BrokeOff { .. } => {
            "the server broke off; whether it was done is not known: repeat it with the same Idempotency-Key".to_owned()
        }
        CommandError::Damaged { .. } => {
            "what this is about is damaged where it is stored, and can't be read; nothing was done".to_owned()
        }
        other => other.to_string(),
    }
}

const TOO_LARGE_A_PAGE: &str = "is too many: a page of these takes more than 16 MiB; ask for fewer, or by cursor";
/// Says what may be, so that nobody takes it for 'nothing was done'.
fn unknown(service: Service) -> String {
    match service {
        Service::Mail => "the mail server did not say in time whether it took the mail; it may come".to_owned(),
        Service::EventLog | Service::Vault | Service::Views => {
            format!("{service} did not say in time whether it was done; it may be, or may yet")
        }
    }
}

/// The answer to a query that could not be answered.
pub fn read_error(error: ReadError) -> Problem {
    match &error {
        ReadError::Behind { .. } => Problem::new(Code::ReadModelBehind, error.to_string()),
        ReadError::NotReady(_) => Problem::new(Code::ReadModelBehind, error.to_string()),
        ReadError::BadCursor(_) => bad_cursor(),
        ReadError::PageTooLarge { .. } => Problem::field(FieldError::query("limit", TOO_LARGE_A_PAGE)),
        ReadError::History(error) => journal_error(error),
        ReadError::Store(reason) => {
            tracing::error!(%reason, "a query could not be answered");
            Problem::new(Code::Unavailable, "the read model is away")
        }
    }
}

/// The answer to a question that the index of the log could not answer.
pub fn index_error(error: IndexError) -> Problem {
    match &error {
        IndexError::Behind { .. } => Problem::new(Code::ReadModelBehind, error.to_string()),
        IndexError::Unavailable(_) => {
            tracing::error!(error = eventlog::with_causes(&error), "a query about the past could not be answered");
            Problem::new(Code::Unavailable, "the index of the log is away")
        }
        IndexError::Damaged(_) => {
            tracing::error!(error = eventlog::with_causes(&error), "a query about the past could not be answered");
            Problem::of(Code::HistoryDamaged)
        }
    }
}

/// The answer to a metric that could not be read.
pub fn windows_error(error: WindowStoreError) -> Problem {
    tracing::error!(%error, "a metric could not be read");
    match error {
        WindowStoreError::Unavailable(_)
        | WindowStoreError::Damaged(_)
        | WindowStoreError::Foreign(_)
        | WindowStoreError::Moved(_) => Problem::new(Code::Unavailable, "the metrics are away"),
    }
}

/// The answer to a history that could not be read.
pub fn journal_error(error: &JournalError) -> Problem {
    tracing::error!(error = eventlog::with_causes(error), "a history could not be read");
    match error {
        JournalError::Keys(KeysError::Away(_)) => Problem::new(Code::Unavailable, "the vault is away"),
        JournalError::Log(LogError::Unavailable(_)) => Problem::new(Code::Unavailable, "the event log is away"),
        JournalError::Log(LogError::ForeignCheckpoint { .. }) | JournalError::Append(_) => {
            Problem::new(Code::Unavailable, "the history can't be read here")
        }
        JournalError::Keys(KeysError::Damaged(_))
        | JournalError::Log(LogError::Damaged(_))
        | JournalError::Unreadable(_)
        | JournalError::Erased(_)
        | JournalError::Misplaced(_)
        | JournalError::NothingToAppend
        | JournalError::Seal(_)
        | JournalError::Json(_) => Problem::of(Code::HistoryDamaged),
    }
}

/// What the absence of a thing is called.
pub fn not_found(resource: Resource) -> Code {
    match resource {
        Resource::Store => Code::StoreNotFound,
        Resource::Product => Code::ProductNotFound,
        Resource::Customer => Code::CustomerNotFound,
        Resource::Address => Code::AddressNotFound,
        Resource::Email => Code::EmailNotFound,
        Resource::Cart => Code::NoCartIsOpen,
        Resource::Invoice => Code::InvoiceNotFound,
        Resource::InvoiceLineItem => Code::InvoiceLineItemNotFound,
        Resource::Order => Code::OrderNotFound,
        Resource::GiftCard => Code::GiftCardNotFound,
        Resource::Credit => Code::CreditNotFound,
        Resource::Coupon => Code::CouponNotFound,
        Resource::Job => Code::JobNotFound,
        Resource::Actor => Code::ActorNotFound,
        Resource::Confirmation => Code::ConfirmationNotFound,
    }
}

fn coupon_refused(refusal: CouponRefusal) -> Code {
    match refusal {
        CouponRefusal::NotInForce => Code::CouponNotFound,
        CouponRefusal::UsedUp => Code::CouponUsedUp,
        CouponRefusal::UsedUpForCustomer => Code::CouponAlreadyUsed,
        CouponRefusal::MinimumNotReached => Code::CouponMinimumNotReached,
    }
}

/// The answer to a command that a rule forbids.
pub fn rejected(rejection: &Rejection) -> Problem {
    let code = match rejection {
        Rejection::Store(rejection) => match store(rejection) {
            Ok(code) => code,
            Err(problem) => return problem,
        },
        Rejection::Product(rejection) => match product(rejection) {
            Ok(code) => code,
            Err(problem) => return problem,
        },
        Rejection::Customer(rejection) => match customer(rejection) {
            Ok(code) => code,
            Err(problem) => return problem,
        },
        Rejection::Cart(rejection) => match cart(rejection) {
            Ok(code) => code,
            Err(problem) => return problem,
        },
        Rejection::Invoice(rejection) => invoice(rejection),
        Rejection::Order(rejection) => order(rejection),
        Rejection::GiftCard(rejection) => gift_card(rejection),
        Rejection::Credit(rejection) => credit(rejection),
        Rejection::Coupon(rejection) => match coupon(rejection) {
            Ok(code) => code,
            Err(problem) => return problem,
        },
        Rejection::Claim(rejection) => claim(rejection),
    };
    if code == Code::Busy {
        // Only a race gets here, and whoever lost it too often: the client may try again.
        tracing::warn!(%rejection, "a command lost its race too often");
    }
    match code.status_code() {
        // In one set of words, whoever finds out: nobody shall tell another store's thing from one that never was.
        404 => Problem::of(code),
        _ => Problem::new(code, rejection.to_string()),
    }
}

fn store(rejection: &StoreRejection) -> Result<Code, Problem> {
    Ok(match rejection {
        StoreRejection::StoreNotFound => Code::StoreNotFound,
        StoreRejection::StoreExists | StoreRejection::ClaimGivenUp { .. } => Code::Busy,
        StoreRejection::TokenNotFound => Code::Unauthorized,
        StoreRejection::JobNotFound => Code::JobNotFound,
        StoreRejection::NumbersCouldRepeat(NumbersCouldRepeat::NoYear { of }) => {
            let field = match of {
                Document::Invoice => "/invoice_number_format",
                Document::CreditNote => "/credit_note_number_format",
            };
            return Err(Problem::field(FieldError::body(field, rejection.to_string())));
        }
        StoreRejection::NumbersCouldRepeat(_) => Code::NumbersCouldRepeat,
    })
}

fn product(rejection: &ProductRejection) -> Result<Code, Problem> {
    Ok(match rejection {
        ProductRejection::ProductNotFound => Code::ProductNotFound,
        ProductRejection::ProductExists | ProductRejection::StaleHold { .. } => Code::Busy,
        ProductRejection::InsufficientInventory { .. } => Code::InsufficientInventory,
        ProductRejection::InventoryOutOfRange => {
            return Err(Problem::field(FieldError::body("/amount", rejection.to_string())));
        }
        ProductRejection::GivenInventoryDiffers => {
            return Err(Problem::field(FieldError::body("/inventory", rejection.to_string())));
        }
        ProductRejection::GivenTagsDiffer => {
            return Err(Problem::field(FieldError::body("/tags", rejection.to_string())));
        }
        ProductRejection::TagAlreadyExists => Code::TagAlreadyExists,
        ProductRejection::TagNotFound => Code::TagNotFound,
        ProductRejection::TooManyTags => Code::TooManyTags,
        ProductRejection::Amount(_) => Code::AmountOutOfRange,
    })
}

fn customer(rejection: &CustomerRejection) -> Result<Code, Problem> {
    Ok(match rejection {
        CustomerRejection::TooManyConfirmations { wait_seconds } => {
            let wait = Duration::from_secs(u64::from(*wait_seconds));
            return Err(Problem::new(Code::RateLimited, rejection.to_string()).retry_after(wait));
        }
        CustomerRejection::PrimaryEmailHasChanged => Code::Busy,
        CustomerRejection::CustomerNotFound => Code::CustomerNotFound,
        CustomerRejection::CustomerExists | CustomerRejection::ClaimGivenUp { .. } => Code::Busy,
        CustomerRejection::MultiplePrimaryAddresses => Code::MultiplePrimaryAddressesSupplied,
        CustomerRejection::InvalidCredentials => Code::InvalidCredentials,
        CustomerRejection::EmailNotFound => Code::EmailNotFound,
        CustomerRejection::EmailAlreadyExists => Code::EmailAlreadyExists,
        CustomerRejection::PrimaryEmail => Code::PrimaryEmail,
        CustomerRejection::AddressNotFound => Code::AddressNotFound,
        CustomerRejection::ConfirmationNotFound => Code::ConfirmationNotFound,
        CustomerRejection::TooManyContacts => Code::TooManyContacts,
    })
}

fn cart(rejection: &CartRejection) -> Result<Code, Problem> {
    Ok(match rejection {
        CartRejection::CustomerDeleted => Code::CustomerNotFound,
        CartRejection::BillingUnderWay { .. }
        | CartRejection::AnotherCartIsOpen
        | CartRejection::CartHasEnded { .. }
        | CartRejection::CartHasChanged => Code::Busy,
        CartRejection::NoCartIsOpen => Code::NoCartIsOpen,
        CartRejection::ProductNotInCart { .. } => Code::ProductNotInCart,
        CartRejection::QuantityOutOfRange { .. } => {
            return Err(Problem::field(FieldError::body("/quantity", rejection.to_string())));
        }
        CartRejection::CartIsFull => Code::CartIsFull,
        CartRejection::CartIsEmpty => Code::CartIsEmpty,
        CartRejection::Amount(_) => Code::AmountOutOfRange,
    })
}

fn invoice(rejection: &InvoiceRejection) -> Code {
    match rejection {
        InvoiceRejection::InvoiceNotFound => Code::InvoiceNotFound,
        InvoiceRejection::InvoiceIsNotOpen => Code::InvoiceIsNotOpen,
        InvoiceRejection::InvoiceIsNotCollected => Code::InvoiceIsNotCollected,
        InvoiceRejection::TooManyOpenRefunds => Code::TooManyOpenRefunds,
        InvoiceRejection::LineNotFound { .. } => Code::InvoiceLineItemNotFound,
        InvoiceRejection::RefundExceedsRemainder { .. } => Code::RefundExceedsRemainder,
        InvoiceRejection::RefundNotFound => Code::RefundNotFound,
        InvoiceRejection::Amount(_) => Code::AmountOutOfRange,
        InvoiceRejection::DoesNotAddUp => Code::Unavailable,
    }
}

fn order(rejection: &OrderRejection) -> Code {
    match rejection {
        OrderRejection::OrderNotFound => Code::OrderNotFound,
        OrderRejection::OrderIs { status } => match status {
            OrderStatus::Pending => Code::OrderIsPending,
            OrderStatus::Shipped => Code::OrderIsShipped,
            OrderStatus::Delivered => Code::OrderIsDelivered,
            OrderStatus::Canceled => Code::OrderIsCanceled,
        },
    }
}

fn gift_card(rejection: &GiftCardRejection) -> Code {
    match rejection {
        GiftCardRejection::GiftCardNotFound => Code::GiftCardNotFound,
        GiftCardRejection::GiftCardExists => Code::Busy,
        GiftCardRejection::CurrencyMismatch { .. } => Code::CurrencyMismatch,
    }
}

fn credit(rejection: &CreditRejection) -> Code {
    match rejection {
        CreditRejection::CreditNotFound => Code::CreditNotFound,
        CreditRejection::CreditExists => Code::Busy,
    }
}

fn coupon(rejection: &CouponRejection) -> Result<Code, Problem> {
    Ok(match rejection {
        CouponRejection::CouponNotFound => Code::CouponNotFound,
        CouponRejection::CouponExists | CouponRejection::ClaimGivenUp { .. } => Code::Busy,
        CouponRejection::PercentOutOfRange => {
            return Err(Problem::field(FieldError::body("/amount", rejection.to_string())));
        }
        CouponRejection::EndsBeforeItStarts => {
            return Err(Problem::field(FieldError::body("/expires_at", rejection.to_string())));
        }
        CouponRejection::Amount(_) => Code::AmountOutOfRange,
    })
}

fn claim(rejection: &ClaimRejection) -> Code {
    match rejection {
        ClaimRejection::Held { .. } => Code::Busy,
    }
}
