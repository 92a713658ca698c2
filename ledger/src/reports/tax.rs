//! Tax: by rate, what was sold, what of it failed, and what went back.

use super::Control;
use super::control::Ledger;
use super::period::{Period, Place};
use crate::{Account, Dated, MoneyEvent, TaxPart, TaxRate};
use domain::Currency;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Adds up tax.
#[derive(Clone, Debug)]
pub struct Tax {
    ledger: Ledger,
    rows: BTreeMap<(Currency, TaxRate), Counted>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    invoiced: TaxAmounts,
    failed: TaxAmounts,
    refunded: TaxAmounts,
}

/// Tax by rate, by the day on which invoices are issued, fail, and are refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaxReport {
    /// What it is of.
    pub period: Period,
    /// By currency and rate, the unknown rate last.
    pub tax: Vec<TaxRow>,
    /// The accounts of each rate, and those of what is taxed, as the period moved them.
    pub controls: Vec<Control>,
}

/// Invoiced − failed − refunded = net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TaxRow {
    /// Of the amounts.
    pub currency: Currency,
    /// In 1/100 %; null: neither invoices nor billings said.
    #[serde(rename = "tax_rate_in_basis_points")]
    pub rate: TaxRate,
    /// On invoices that were issued.
    pub invoiced: TaxAmounts,
    /// On invoices that failed.
    pub failed: TaxAmounts,
    /// On what was refunded.
    pub refunded: TaxAmounts,
    /// What is left of it.
    pub net: TaxAmounts,
}

/// What was taxed, and its tax; in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TaxAmounts {
    /// After discounts, without tax.
    pub base_in_cents: i128,
    /// The tax on it.
    pub tax_in_cents: i128,
}

impl TaxAmounts {
    fn add(&mut self, sign: i128, part: &TaxPart) {
        self.base_in_cents += sign * i128::from(part.base_in_cents);
        self.tax_in_cents += sign * i128::from(part.tax_in_cents);
    }
}

impl Counted {
    fn net(&self) -> TaxAmounts {
        let net = |of: fn(&TaxAmounts) -> i128| of(&self.invoiced) - of(&self.failed) - of(&self.refunded);
        TaxAmounts {
            base_in_cents: net(|amounts| amounts.base_in_cents),
            tax_in_cents: net(|amounts| amounts.tax_in_cents),
        }
    }
}

impl Tax {
    /// Nothing yet.
    pub fn new(period: Period) -> Self {
        Self { ledger: Ledger::new(period), rows: BTreeMap::new() }
    }

    /// Adds an entry; what has no tax part is passed over.
    pub fn add(&mut self, dated: &Dated) {
        if self.ledger.add(dated) != Place::Within {
            return;
        }
        for part in dated.entry.tax() {
            let row = self.rows.entry((dated.entry.currency(), part.rate)).or_default();
            match dated.event_type {
                MoneyEvent::InvoiceIssued => row.invoiced.add(1, part),
                MoneyEvent::InvoiceFailed => row.failed.add(-1, part),
                MoneyEvent::RefundIssued => row.refunded.add(-1, part),
                // None of them has a tax part; one that had would show as a control that disagrees.
                MoneyEvent::InvoiceCollected
                | MoneyEvent::RefundsClosed
                | MoneyEvent::GiftCardIssued
                | MoneyEvent::GiftCardSpent
                | MoneyEvent::GiftCardSpendReversed
                | MoneyEvent::GiftCardVoided
                | MoneyEvent::CreditIssued
                | MoneyEvent::CreditSpent
                | MoneyEvent::CreditSpendReversed
                | MoneyEvent::CreditVoided => {}
            }
        }
    }

    /// What they come to.
    pub fn finish(self) -> TaxReport {
        let row = |(&(currency, rate), row): (&(Currency, TaxRate), &Counted)| TaxRow {
            currency,
            rate,
            invoiced: row.invoiced,
            failed: row.failed,
            refunded: row.refunded,
            net: row.net(),
        };
        let tax: Vec<TaxRow> = self.rows.iter().map(row).collect();
        let of_rate = |row: &TaxRow| {
            self.ledger.in_the_period(row.currency, &[Account::TaxPayable(row.rate)], -row.net.tax_in_cents)
        };
        let taxed = [Account::Sales, Account::Discounts, Account::Shipping];
        let currencies: BTreeSet<Currency> = tax.iter().map(|row| row.currency).collect();
        let of_base = |currency: Currency| {
            let base: i128 = tax.iter().filter(|row| row.currency == currency).map(|row| row.net.base_in_cents).sum();
            self.ledger.in_the_period(currency, &taxed, -base)
        };
        let controls = tax.iter().map(of_rate).chain(currencies.into_iter().map(of_base)).collect();
        TaxReport { period: self.ledger.period, tax, controls }
    }
}
