//! An entry: amounts on accounts that sum to zero, what they refer to, and what of them is taxed.
//!
//! The guarantee: there is no [`Entry`] whose postings do not sum to exactly zero, or whose tax parts say something else than
//! its postings; also not one that was read.

mod draft;

use crate::{Account, TaxRate};
use domain::{CreditId, Currency, CustomerId, GiftCardId, InvoiceId, OrderId, RefundId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) use draft::Draft;

/// What an event makes of the books, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Entry {
    currency: Currency,
    postings: Vec<Posting>,
    refers_to: References,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tax: Vec<TaxPart>,
}

/// An amount on an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Each stands once in an entry.
    pub account: Account,
    /// In minor units: a debit is above zero, a credit below.
    pub amount_in_cents: i64,
}

/// What an entry refers to, as far as its event and its document say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct References {
    /// Whom the invoice or the credit is of; of a gift card who gave it, where it is issued, and afterwards who has it.
    #[serde(rename = "customer", default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The invoice that is issued, paid or refunded, or that something is spent on.
    #[serde(rename = "invoice", default, skip_serializing_if = "Option::is_none")]
    pub invoice_id: Option<InvoiceId>,
    /// The refund; of a closing only where it closes a single one.
    #[serde(rename = "refund", default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<RefundId>,
    /// The gift card whose balance changes.
    #[serde(rename = "gift_card", default, skip_serializing_if = "Option::is_none")]
    pub gift_card_id: Option<GiftCardId>,
    /// The credit whose balance changes, or that a refund gives.
    #[serde(rename = "credit", default, skip_serializing_if = "Option::is_none")]
    pub credit_id: Option<CreditId>,
    /// The order that follows from a payment.
    #[serde(rename = "order", default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

impl References {
    /// In the order of the fields.
    pub(crate) fn columns(&self) -> [Option<Uuid>; 6] {
        [
            self.customer_id.map(|id| id.0),
            self.invoice_id.map(|id| id.0),
            self.refund_id.map(|id| id.0),
            self.gift_card_id.map(|id| id.0),
            self.credit_id.map(|id| id.0),
            self.order_id.map(|id| id.0),
        ]
    }

    /// Those that are there, with what each is of.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (&'static str, Uuid)> {
        let names = ["customer", "invoice", "refund", "gift_card", "credit", "order"];
        names.into_iter().zip(self.columns()).filter_map(|(name, id)| Some((name, id?)))
    }
}

/// What an entry says of one rate of tax. The parts' tax is what stands on the accounts of that rate; their bases are what stands on sales,
/// discounts and shipping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxPart {
    /// Each stands once in an entry.
    pub rate: TaxRate,
    /// In minor units, after discounts and without tax: what is sold is above zero, what goes back below.
    pub base_in_cents: i64,
    /// In minor units, with the sign of the base.
    pub tax_in_cents: i64,
}

impl TaxPart {
    /// The same going back.
    pub(crate) fn reversed(self) -> Self {
        let (base, tax) = (self.base_in_cents.saturating_neg(), self.tax_in_cents.saturating_neg());
        Self { base_in_cents: base, tax_in_cents: tax, ..self }
    }
}

/// The amounts are none of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEntry {
    /// Debits and credits differ.
    #[error("the postings sum to {sum} cents, not to zero")]
    Unbalanced {
        /// In minor units.
        sum: i128,
    },
    /// An account or a rate stands in it twice, or out of order.
    #[error("accounts or rates stand in the entry twice, or out of order")]
    Twice,
    /// The tax parts are of other amounts than the postings.
    #[error("what the entry says of tax is not what it posts")]
    TaxDiffers,
    /// An amount is outside of what can be counted.
    #[error("an amount is out of range")]
    OutOfRange,
}

impl Entry {
    /// The currency of all its amounts.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// In the order of the chart; they sum to zero. None is of 0, unless all are: an entry of nothing has its accounts all the same.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// What it refers to.
    pub fn refers_to(&self) -> &References {
        &self.refers_to
    }

    /// By rate, the unknown one last; of what is not about sales none.
    pub fn tax(&self) -> &[TaxPart] {
        &self.tax
    }

    /// What it posts to the account, in minor units: debit above zero.
    pub fn amount_on(&self, account: Account) -> i64 {
        let found = self.postings.iter().find(|posting| posting.account == account);
        found.map_or(0, |posting| posting.amount_in_cents)
    }
}

/// An entry as it was read.
#[derive(Deserialize)]
struct Unchecked {
    currency: Currency,
    postings: Vec<Posting>,
    #[serde(default)]
    refers_to: References,
    #[serde(default)]
    tax: Vec<TaxPart>,
}

impl TryFrom<Unchecked> for Entry {
    type Error = NoEntry;

    fn try_from(read: Unchecked) -> Result<Self, NoEntry> {
        let Unchecked { currency, postings, refers_to, tax } = read;
        let sum: i128 = postings.iter().map(|posting| i128::from(posting.amount_in_cents)).sum();
        if sum != 0 {
            return Err(NoEntry::Unbalanced { sum });
        }
        let is_once = postings.is_sorted_by(|one, other| one.account < other.account)
            && tax.is_sorted_by(|one, other| one.rate < other.rate);
        if !is_once {
            return Err(NoEntry::Twice);
        }
        if !tax_is_what_is_posted(&postings, &tax) {
            return Err(NoEntry::TaxDiffers);
        }
        Ok(Self { currency, postings, refers_to, tax })
    }
}

fn tax_is_what_is_posted(postings: &[Posting], tax: &[TaxPart]) -> bool {
    let mut by_rate: BTreeMap<TaxRate, i128> = BTreeMap::new();
    let mut base: i128 = 0;
    for posting in postings {
        let amount = i128::from(posting.amount_in_cents);
        match posting.account {
            Account::TaxPayable(rate) => *by_rate.entry(rate).or_default() += amount,
            Account::Sales | Account::Discounts | Account::Shipping => base += amount,
            Account::Receivable
            | Account::Cash
            | Account::ClearingGiftCardSales
            | Account::ClearingGiftCards
            | Account::ClearingCredits
            | Account::ClearingRefundCredits
            | Account::GiftCards(_)
            | Account::Credits
            | Account::RefundsPayable
            | Account::Unstated
            | Account::Breakage
            | Account::Goodwill => {}
        }
    }
    // Credits are below zero on accounts, and what is sold above it here.
    for part in tax {
        *by_rate.entry(part.rate).or_default() += i128::from(part.tax_in_cents);
        base += i128::from(part.base_in_cents);
    }
    base == 0 && by_rate.values().all(|sum| *sum == 0)
}
