//! An invoice: sold, paid or not after all, and what goes back of it.
//!
//! What is posted when it is issued, and undone when it fails, stands in `sale.rs`; what goes back in `refund.rs`.

mod refund;
mod sale;

use super::{Document, Made, Misfit};
use crate::References;
use domain::invoice::InvoiceEvent;
use domain::{Cents, Currency, CustomerId, InvoiceId, RefundId};
use serde::{Deserialize, Serialize};

pub use sale::{Amounts, Lines};

/// What is remembered of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    #[serde(rename = "id")]
    invoice_id: InvoiceId,
    customer_id: CustomerId,
    currency: Currency,
    state: InvoiceState,
}

/// How far it is, and what its next event must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceState {
    /// To be collected or to fail.
    Open {
        /// What was posted when it was issued.
        amounts: Amounts,
        /// What it is of.
        lines: Vec<Lines>,
    },
    /// Collected; refunds may follow.
    Collected {
        /// What is left to refund, with its tax.
        left: Cents,
        /// What was collected and not paid back.
        money_left: Cents,
        /// What it is of; none once nothing is left.
        lines: Vec<Lines>,
        /// With what of each is to be paid out, oldest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open_refunds: Vec<(RefundId, Cents)>,
    },
    /// Failed: nothing follows.
    Failed,
}

impl Invoice {
    /// How far it is.
    pub fn state(&self) -> &InvoiceState {
        &self.state
    }

    /// The currency of its amounts.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    pub(super) fn open_refunds(&self) -> &[(RefundId, Cents)] {
        match &self.state {
            InvoiceState::Collected { open_refunds, .. } => open_refunds,
            InvoiceState::Open { .. } | InvoiceState::Failed => &[],
        }
    }

    fn refers_to(&self) -> References {
        References { customer_id: Some(self.customer_id), invoice_id: Some(self.invoice_id), ..References::default() }
    }

    /// The same in another state.
    fn now(&self, state: InvoiceState) -> Document {
        Document::Invoice(Box::new(Invoice { state, ..*self }))
    }
}

impl InvoiceState {
    fn word(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Collected { .. } => "collected",
            Self::Failed => "failed",
        }
    }
}

pub(super) fn apply(before: Option<&Document>, event: &InvoiceEvent) -> Made {
    let name = event.event_type();
    match event {
        InvoiceEvent::InvoiceIssued(event) => sale::issued(before, event),
        InvoiceEvent::InvoiceCollected(event) => sale::collected(known(before, name)?, event, name),
        InvoiceEvent::InvoiceFailed(_) => sale::failed(known(before, name)?, name),
        InvoiceEvent::RefundIssued(event) => refund::issued(known(before, name)?, event, name),
        InvoiceEvent::RefundsClosed(event) => refund::closed(known(before, name)?, event, name),
    }
}

fn known<'d>(before: Option<&'d Document>, event: &'static str) -> Result<&'d Invoice, Misfit> {
    match before {
        Some(Document::Invoice(invoice)) => Ok(invoice),
        Some(Document::GiftCard(_) | Document::Credit(_)) => Err(Misfit::OtherKind { event }),
        Some(Document::Billed(_)) | None => Err(Misfit::NotIssued { event }),
    }
}
