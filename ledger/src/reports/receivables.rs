//! What is owed to the store, by how long it has been owed: invoices that are open, and gift cards that were sold.

use super::Control;
use super::control::Ledger;
use super::period::{Period, Place};
use crate::{Account, Dated};
use chrono::NaiveDate;
use domain::{Currency, InvoiceId};
use serde::Serialize;
use std::collections::BTreeMap;

/// Adds up what is owed. Keeps each invoice while it is open.
#[derive(Clone, Debug)]
pub struct Receivables {
    ledger: Ledger,
    open: BTreeMap<(Currency, InvoiceId), OpenInvoice>,
    sold: BTreeMap<Currency, [Counted; AGES.len()]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    count: u64,
    amount: i128,
}

/// The last day of each age, and what it is called.
const AGES: [(i64, &str); 4] = [(30, "0-30"), (60, "31-60"), (90, "61-90"), (i64::MAX, "over 90")];

/// The aging of what is owed at the end of the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceivableReport {
    /// By whose last day it is.
    pub period: Period,
    /// Open invoices, by currency.
    pub receivables: Vec<Aging>,
    /// Gift cards that were sold, by currency: all of them, as nothing in the log says when they are paid.
    pub gift_card_sales: Vec<Aging>,
    /// The open invoices, by currency and the day of their issue.
    pub invoices: Vec<OpenInvoice>,
    /// The accounts of both, at the end of the period.
    pub controls: Vec<Control>,
}

/// What is owed in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aging {
    /// Of the amounts.
    pub currency: Currency,
    /// The youngest first.
    pub ages: Vec<AgeBucket>,
    /// In minor units.
    pub total_in_cents: i128,
}

/// What has been owed for about as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AgeBucket {
    /// Since it was issued: `0-30`, `31-60`, `61-90` or `over 90`.
    pub days: &'static str,
    /// How many invoices or gift cards.
    pub count: u64,
    /// In minor units.
    pub amount_in_cents: i128,
}

/// An invoice that is neither collected nor failed, with something to collect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenInvoice {
    /// Which it is.
    pub invoice_id: InvoiceId,
    /// The number that the store gave it, where it gives any.
    pub number: Option<String>,
    /// Of the amount.
    pub currency: Currency,
    /// The day of its issue.
    pub issued: NaiveDate,
    /// What is to collect, in minor units.
    pub amount_in_cents: i128,
}

impl Receivables {
    /// Nothing yet.
    pub fn new(period: Period) -> Self {
        Self { ledger: Ledger::new(period), open: BTreeMap::new(), sold: BTreeMap::new() }
    }

    /// Adds an entry; what is owed by nobody is passed over.
    pub fn add(&mut self, dated: &Dated) {
        if self.ledger.add(dated) == Place::After {
            return;
        }
        let entry = &dated.entry;
        let owed = i128::from(entry.amount_on(Account::Receivable));
        if let (Some(invoice), true) = (entry.refers_to().invoice_id, owed != 0) {
            self.invoice(entry.currency(), invoice, owed, dated);
        }
        let sold = i128::from(entry.amount_on(Account::ClearingGiftCardSales));
        if sold != 0 {
            let age = &mut self.sold.entry(entry.currency()).or_default()[age(self.ledger.period, dated.date)];
            age.count += 1;
            age.amount += sold;
        }
    }

    fn invoice(&mut self, currency: Currency, invoice_id: InvoiceId, owed: i128, dated: &Dated) {
        let key = (currency, invoice_id);
        let open = self.open.entry(key).or_insert_with(|| OpenInvoice {
            invoice_id,
            number: dated.number.clone(),
            currency,
            issued: dated.date,
            amount_in_cents: 0,
        });
        open.amount_in_cents += owed;
        if open.amount_in_cents == 0 {
            self.open.remove(&key);
        }
    }

    /// What they come to.
    pub fn finish(self) -> ReceivableReport {
        let period = self.ledger.period;
        let mut open: BTreeMap<Currency, [Counted; AGES.len()]> = BTreeMap::new();
        for invoice in self.open.values() {
            let age = &mut open.entry(invoice.currency).or_default()[age(period, invoice.issued)];
            age.count += 1;
            age.amount += invoice.amount_in_cents;
        }
        let (receivables, gift_card_sales) = (agings(open), agings(self.sold));
        let control = |account| {
            let ledger = &self.ledger;
            move |aging: &Aging| ledger.at_the_end(aging.currency, account, aging.total_in_cents)
        };
        let of_sales = gift_card_sales.iter().map(control(Account::ClearingGiftCardSales));
        let controls = receivables.iter().map(control(Account::Receivable)).chain(of_sales).collect();
        let mut invoices: Vec<OpenInvoice> = self.open.into_values().collect();
        invoices.sort_by_key(|invoice| (invoice.currency, invoice.issued));
        ReceivableReport { period, receivables, gift_card_sales, invoices, controls }
    }
}

/// The place of its age in [`AGES`].
fn age(period: Period, issued: NaiveDate) -> usize {
    let days = period.to().signed_duration_since(issued).num_days();
    AGES.iter().position(|(last, _)| days <= *last).unwrap_or(AGES.len() - 1)
}

fn agings(counted: BTreeMap<Currency, [Counted; AGES.len()]>) -> Vec<Aging> {
    let aging = |(currency, counted): (Currency, [Counted; AGES.len()])| Aging {
        currency,
        total_in_cents: counted.iter().map(|age| age.amount).sum(),
        ages: AGES
            .iter()
            .zip(counted)
            .map(|((_, days), age)| AgeBucket { days, count: age.count, amount_in_cents: age.amount })
            .collect(),
    };
    counted.into_iter().map(aging).collect()
}
