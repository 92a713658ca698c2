//! Why an event makes no entry that should make one.

use crate::entry::NoEntry;
use domain::AmountOutOfRange;
use domain::{InvoiceLineItemId, RefundId};

/// The event can't follow what its document says: the log is damaged, or was folded in another order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Nothing is known of its object.
    #[error("a {event} of something that was not issued")]
    NotIssued {
        /// The event's type.
        event: &'static str,
    },
    /// Its object is there.
    #[error("a {event} of something that was issued already")]
    IssuedAlready {
        /// The event's type.
        event: &'static str,
    },
    /// The document is of another kind of object.
    #[error("a {event} of something of another kind")]
    OtherKind {
        /// The event's type.
        event: &'static str,
    },
    /// Its object is in a state that nothing of the kind follows.
    #[error("a {event} can't follow in state '{state}'")]
    State {
        /// The event's type.
        event: &'static str,
        /// A word for the state.
        state: &'static str,
    },
    /// It says amounts or a currency that its object has not.
    #[error("a {event} says other amounts than its object has")]
    Differs {
        /// The event's type.
        event: &'static str,
    },
    /// The invoice has no such line.
    #[error("a refund of the line {line}, which the invoice has not")]
    NoSuchLine {
        /// The line.
        line: InvoiceLineItemId,
    },
    /// The refund is issued already, and open.
    #[error("the refund {refund} is open already")]
    RefundOpenAlready {
        /// The refund.
        refund: RefundId,
    },
    /// No such refund is open.
    #[error("the refund {refund} is not open")]
    RefundNotOpen {
        /// The refund.
        refund: RefundId,
    },
    /// Its amounts leave the range of amounts.
    #[error("the amounts can't be added up")]
    Amount(#[from] AmountOutOfRange),
    /// Its amounts are none of an entry.
    #[error("no entry can be made of it")]
    Entry(#[from] NoEntry),
}
