//! Which events make an entry.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Declares the list once.
macro_rules! money_events {
    ($($name:ident: $doc:literal),+ $(,)?) => {
        /// An event that makes exactly one entry, be it of 0. All other events make none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum MoneyEvent { $(#[doc = $doc] $name),+ }

        /// The types of all events that make an entry, in no order that means anything.
        pub const MONEY_EVENTS: &[&str] = &[$(stringify!($name)),+];

        impl MoneyEvent {
            /// All of them.
            pub const ALL: &'static [MoneyEvent] = &[$(Self::$name),+];

            /// The event type, as it is stored.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }
        }
    };
}

money_events! {
    GiftCardIssued: "A gift card is outstanding.",
    GiftCardSpent: "An invoice to come has some of it.",
    GiftCardSpendReversed: "A failed invoice gave it back.",
    GiftCardVoided: "What was left of it is the store's.",
    CreditIssued: "A credit is outstanding.",
    CreditSpent: "An invoice to come has some of it.",
    CreditSpendReversed: "A failed invoice gave it back.",
    CreditVoided: "What was left of it is the store's.",
    InvoiceIssued: "Something was sold.",
    InvoiceCollected: "It was paid.",
    InvoiceFailed: "It was not sold after all.",
    RefundIssued: "Some of it goes back.",
    RefundsClosed: "That was paid out.",
}

/// Whether events of this type make an entry.
pub fn is_money_event(event_type: &str) -> bool {
    MONEY_EVENTS.contains(&event_type)
}

impl fmt::Display for MoneyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Events of this type make no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no entry follows from a '{0}'")]
pub struct UnknownMoneyEvent(pub String);

impl FromStr for MoneyEvent {
    type Err = UnknownMoneyEvent;

    fn from_str(event_type: &str) -> Result<Self, UnknownMoneyEvent> {
        let found = Self::ALL.iter().find(|event| event.as_str() == event_type);
        found.copied().ok_or_else(|| UnknownMoneyEvent(event_type.to_owned()))
    }
}
