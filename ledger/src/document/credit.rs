//! A credit: goods owed from its issue on, until it is spent or voided.

use super::balance::Balance;
use super::{Document, Made, Misfit};
use crate::entry::Draft;
use crate::{Account, Entry, References};
use domain::credit::{CreditEvent, CreditIssued, CreditSource};
use domain::{Cents, CreditId, Currency, CustomerId, InvoiceId};
use serde::{Deserialize, Serialize};

/// What is remembered of a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    #[serde(rename = "id")]
    credit_id: CreditId,
    customer_id: CustomerId,
    currency: Currency,
    /// Whether it came of a refund; else the store gave it.
    of_refund: bool,
    #[serde(flatten)]
    balance: Balance,
}

impl Credit {
    /// Whether it came of a refund; else the store gave it.
    pub fn is_of_refund(&self) -> bool {
        self.of_refund
    }

    /// The currency of its balance.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// What is left of it, in minor units.
    pub fn left(&self) -> Cents {
        self.balance.left
    }

    /// The same with another balance, and the entry of what changed it.
    fn with(&self, balance: Balance, draft: Draft, invoice_id: Option<InvoiceId>) -> Made {
        let refers_to = References {
            customer_id: Some(self.customer_id),
            credit_id: Some(self.credit_id),
            invoice_id,
            ..References::default()
        };
        let entry = draft.entry(self.currency, refers_to)?;
        Ok((Document::Credit(Credit { balance, ..*self }), entry))
    }
}

/// `None`: nothing follows from the event, and nothing is changed by it.
pub(super) fn apply(before: Option<&Document>, event: &CreditEvent) -> Result<Option<(Document, Entry)>, Misfit> {
    let name = event.event_type();
    let draft = Draft::default();
    let made = match event {
        CreditEvent::CreditIssued(event) => issued(before, event),
        CreditEvent::CreditSpendDeclined(_) => return Ok(None),
        CreditEvent::CreditSpent(event) => {
            let (credit, amount) = (known(before, name)?, event.amount_in_cents);
            let balance = credit.balance.spent(amount, event.remaining_balance_in_cents, name)?;
            let draft = draft.debit(Account::Credits, amount).credit(Account::ClearingCredits, amount);
            credit.with(balance, draft, Some(event.invoice_id))
        }
        CreditEvent::CreditSpendReversed(event) => {
            let (credit, amount) = (known(before, name)?, event.amount_in_cents);
            let balance = credit.balance.reversed(amount, event.remaining_balance_in_cents, name)?;
            // What comes back to a credit that is voided is nobody's any more.
            let back = if balance.voided { Account::Breakage } else { Account::Credits };
            credit.with(
                balance,
                draft.debit(Account::ClearingCredits, amount).credit(back, amount),
                Some(event.invoice_id),
            )
        }
        CreditEvent::CreditVoided(_) => {
            let credit = known(before, name)?;
            let left = credit.balance.left;
            let draft = draft.debit(Account::Credits, left).credit(Account::Breakage, left);
            credit.with(credit.balance.voided(name)?, draft, None)
        }
    };
    made.map(Some)
}

fn known<'d>(before: Option<&'d Document>, event: &'static str) -> Result<&'d Credit, Misfit> {
    match before {
        Some(Document::Credit(credit)) => Ok(credit),
        Some(Document::Billed(_) | Document::GiftCard(_) | Document::Invoice(_)) => Err(Misfit::OtherKind { event }),
        None => Err(Misfit::NotIssued { event }),
    }
}

fn issued(before: Option<&Document>, event: &CreditIssued) -> Made {
    if before.is_some() {
        return Err(Misfit::IssuedAlready { event: "CreditIssued" });
    }
    let mut refers_to =
        References { customer_id: Some(event.customer_id), credit_id: Some(event.credit_id), ..References::default() };
    let other_side = match event.source {
        CreditSource::Issued | CreditSource::Batch { .. } => Account::Goodwill,
        CreditSource::Refund { invoice_id, refund_id } => {
            (refers_to.invoice_id, refers_to.refund_id) = (Some(invoice_id), Some(refund_id));
            Account::ClearingRefundCredits
        }
    };
    let amount = event.amount_in_cents;
    let credit = Credit {
        credit_id: event.credit_id,
        customer_id: event.customer_id,
        currency: event.currency,
        of_refund: matches!(event.source, CreditSource::Refund { .. }),
        balance: Balance::of(amount),
    };
    let draft = Draft::default().debit(other_side, amount).credit(Account::Credits, amount);
    Ok((Document::Credit(credit), draft.entry(event.currency, refers_to)?))
}
