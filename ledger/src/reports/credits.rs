//! Credits: what was outstanding, what came and went, and what is outstanding.

use super::Control;
use super::control::Ledger;
use super::period::{Period, Place};
use super::rollforward::Rollforward;
use crate::{Account, Dated, MoneyEvent};
use domain::Currency;
use serde::Serialize;
use std::collections::BTreeMap;

/// Adds up credits.
#[derive(Clone, Debug)]
pub struct Credits {
    ledger: Ledger,
    rows: BTreeMap<Currency, Counted>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    balance: Rollforward,
    /// Of what was issued, what refunds gave.
    from_refunds: i128,
    returned_to_voided: i128,
}

/// The rollforward of credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreditReport {
    /// What it is of.
    pub period: Period,
    /// By currency.
    pub credits: Vec<CreditRow>,
    /// The account of credits, at the end of the period.
    pub controls: Vec<Control>,
}

/// Opening + goodwill + from refunds − spent + returned − voided = closing; in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CreditRow {
    /// Of the amounts.
    pub currency: Currency,
    /// Outstanding when the period began.
    pub opening_in_cents: i128,
    /// Given away by the store, one by one or in a batch.
    pub goodwill_in_cents: i128,
    /// Given in the place of money by refunds.
    pub from_refunds_in_cents: i128,
    /// Spent on invoices.
    pub spent_in_cents: i128,
    /// Given back by invoices that failed.
    pub returned_in_cents: i128,
    /// Left when they were voided.
    pub voided_in_cents: i128,
    /// Outstanding when it ended.
    pub closing_in_cents: i128,
    /// What failed invoices gave back to credits that were voided before: the store's, as is what was voided.
    pub returned_to_voided_in_cents: i128,
}

impl Credits {
    /// Nothing yet.
    pub fn new(period: Period) -> Self {
        Self { ledger: Ledger::new(period), rows: BTreeMap::new() }
    }

    /// Adds an entry; what is none of credits is passed over.
    pub fn add(&mut self, dated: &Dated) {
        let place = self.ledger.add(dated);
        let (entry, event) = (&dated.entry, dated.event_type);
        for posting in entry.postings() {
            let owed = -i128::from(posting.amount_in_cents);
            let is_within = place == Place::Within;
            match (posting.account, event) {
                (Account::Credits, _) => {
                    self.rows.entry(entry.currency()).or_default().balance.add(place, event, owed);
                }
                (Account::ClearingRefundCredits, MoneyEvent::CreditIssued) if is_within => {
                    self.rows.entry(entry.currency()).or_default().from_refunds -= owed;
                }
                (Account::Breakage, MoneyEvent::CreditSpendReversed) if is_within => {
                    self.rows.entry(entry.currency()).or_default().returned_to_voided += owed;
                }
                _ => {}
            }
        }
    }

    /// What they come to.
    pub fn finish(self) -> CreditReport {
        let row = |(&currency, row): (&Currency, &Counted)| CreditRow {
            currency,
            opening_in_cents: row.balance.opening,
            goodwill_in_cents: row.balance.issued - row.from_refunds,
            from_refunds_in_cents: row.from_refunds,
            spent_in_cents: row.balance.spent,
            returned_in_cents: row.balance.returned,
            voided_in_cents: row.balance.voided,
            closing_in_cents: row.balance.closing(),
            returned_to_voided_in_cents: row.returned_to_voided,
        };
        let credits: Vec<CreditRow> = self.rows.iter().map(row).collect();
        let control = |row: &CreditRow| self.ledger.at_the_end(row.currency, Account::Credits, -row.closing_in_cents);
        let controls = credits.iter().map(control).collect();
        CreditReport { period: self.ledger.period, credits, controls }
    }
}
