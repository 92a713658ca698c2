//! What clients may do to a store: the executor that decides and appends, one file per group of use cases, the reactions
//! that follow from what was decided.
//!
//! What lives here: the order of steps across streams, idempotency, recovery after crashes. What doesn't: rules of one
//! aggregate (`domain`), views (behind [`Lookups`]), secrets (`vault`), HTTP (`api`). The guarantee: from its deciding event on, a command
//! is carried out exactly once, whatever crashes, hangs up or is repeated.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod claims;
mod clock;
mod deadline;
mod dispatch;
mod error;
mod executor;
mod finder;
pub mod guard;
mod hashing;
mod ids;
mod keys;
mod locks;
mod lookups;
mod mail;
mod names;
mod node;
mod password;
mod randomness;
mod reactions;
mod request;
mod secrets;
mod session;
mod settings;
pub mod snapshots;
mod stream_failure;
mod streams;
mod sweep;
#[cfg(feature = "testing")]
pub mod testing;
mod tokens;
mod use_cases;
mod watermark;

pub(crate) use clock::EvenClock;
pub use clock::{Clock, SystemClock};
pub use dispatch::{Commands, Remembered, UnderWay};
pub use error::{Class, CommandError, Defect, Resource, Service};
pub use lookups::{CartPlace, Creation, DueCarts, Lookups, LookupsError, WalletEntry};
pub use mail::{ConfirmationMail, MailAddress, MailError, Mailer, NotMailable, Outgoing};
pub use reactions::{CartExpiry, Parked, Reactions, ReactionsStatus};
pub use request::{Done, HeldResource, IdempotencyKey, IfMatch, Request};
pub use settings::{CommandDependencies, CommandSettings, Memory};
pub use sweep::Swept;
pub use tokens::Authenticated;
pub use use_cases::{
    addresses::{AddressChange, NewAddress},
    authenticate::{IssuedToken, NewToken},
    billing::BillCart,
    confirmation::ConfirmationLink,
    coupons::NewCoupon,
    customer_tokens::IssuedCustomerToken,
    customers::{CustomerChange, NewCustomer},
    gift_cards::NewGiftCard,
    operator_tokens::{IssuedOperatorToken, NewOperatorToken, OperatorStanding, issue_operator_token},
    products::{InventoryChange, NewProduct},
    stores::NewStore,
};
pub use vault::behind::Behind;
pub use vault::{OperatorRole, OperatorToken};
pub use watermark::Watermark;
