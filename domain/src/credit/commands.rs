//! What may be asked of a store credit.

use super::events::CreditIssued;
use crate::Cents;
use crate::ids::*;

#[derive(Clone, Debug)]
pub enum CreditCommand {
    /// Of an amount above 0. Issued already with the same content and source (a repeat): no event.
    Issue(CreditIssued),
    /// Spends what it can of `due`, once per invoice: the first answer stands, and a repeat gives no event.
    Spend { invoice_id: InvoiceId, due: Cents },
    /// The invoice failed. It spent nothing, or is reversed already: no event.
    Reverse { invoice_id: InvoiceId },
    /// Voided already: no event.
    Void,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditRejection {
    #[error("there is no such credit")]
    CreditNotFound,
    #[error("the credit exists already")]
    CreditExists,
}
