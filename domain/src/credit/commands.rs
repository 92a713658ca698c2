//! What may be asked of a store credit.

use super::events::CreditSource;
use crate::ids::*;
use crate::{Cents, Currency};

#[derive(Clone, Debug)]
pub enum CreditCommand {
    /// Issued already with the same content and source (a repeat): no event.
    Issue(IssueCredit),
    /// Spends what it can of `due`, once per invoice: the first answer stands, and a repeat gives no event.
    Spend { invoice_id: InvoiceId, due: Cents },
    /// The invoice failed. It spent nothing, or is reversed already: no event.
    Reverse { invoice_id: InvoiceId },
    /// Voided already: no event.
    Void,
}

#[derive(Clone, Debug)]
pub struct IssueCredit {
    pub credit_id: CreditId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    /// Above 0.
    pub amount_in_cents: Cents,
    pub source: CreditSource,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditRejection {
    #[error("there is no such credit")]
    CreditNotFound,
    #[error("the credit exists already")]
    CreditExists,
}
