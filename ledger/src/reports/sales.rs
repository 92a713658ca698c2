//! Sales: what was invoiced, what of it failed, and what went back.

use super::Control;
use super::control::Ledger;
use super::period::{Period, Place};
use crate::{Account, Dated, Entry, MoneyEvent};
use domain::Currency;
use serde::Serialize;
use std::collections::BTreeMap;

/// Adds up sales.
#[derive(Clone, Debug)]
pub struct Sales {
    ledger: Ledger,
    rows: BTreeMap<Currency, Counted>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    invoices: u64,
    invoiced: SalesAmounts,
    failed: SalesAmounts,
    refunded: SalesAmounts,
}

/// Sales by the day on which invoices are issued, fail, and are refunded; without tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SalesReport {
    /// What it is of.
    pub period: Period,
    /// By currency.
    pub sales: Vec<SalesRow>,
    /// The accounts of sales, discounts and shipping, as the period moved them.
    pub controls: Vec<Control>,
}

/// Invoiced − failed − refunded = net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SalesRow {
    /// Of the amounts.
    pub currency: Currency,
    /// How many were issued.
    pub invoices: u64,
    /// On invoices that were issued.
    pub invoiced: SalesAmounts,
    /// On invoices that failed.
    pub failed: SalesAmounts,
    /// What was refunded: of items after discounts, so that it has none of its own.
    pub refunded: SalesAmounts,
    /// What is left: gross − discounts + shipping of what is left of it, in minor units.
    pub net_in_cents: i128,
}

/// In minor units, without tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SalesAmounts {
    /// Of items.
    pub gross_in_cents: i128,
    /// What coupons took off them.
    pub discounts_in_cents: i128,
    /// Of shipping.
    pub shipping_in_cents: i128,
}

impl SalesAmounts {
    /// `sign` 1 of what is sold, −1 of what goes back.
    fn add(&mut self, sign: i128, entry: &Entry) {
        let on = |account| i128::from(entry.amount_on(account));
        self.gross_in_cents -= sign * on(Account::Sales);
        self.discounts_in_cents += sign * on(Account::Discounts);
        self.shipping_in_cents -= sign * on(Account::Shipping);
    }

    fn net(&self) -> i128 {
        self.gross_in_cents - self.discounts_in_cents + self.shipping_in_cents
    }
}

impl SalesRow {
    fn left(&self, of: fn(&SalesAmounts) -> i128) -> i128 {
        of(&self.invoiced) - of(&self.failed) - of(&self.refunded)
    }
}

impl Sales {
    /// Nothing yet.
    pub fn new(period: Period) -> Self {
        Self { ledger: Ledger::new(period), rows: BTreeMap::new() }
    }

    /// Adds an entry; what sells nothing is passed over.
    pub fn add(&mut self, dated: &Dated) {
        if self.ledger.add(dated) != Place::Within {
            return;
        }
        let entry = &dated.entry;
        let row = self.rows.entry(entry.currency());
        match dated.event_type {
            MoneyEvent::InvoiceIssued => {
                let row = row.or_default();
                row.invoices += 1;
                row.invoiced.add(1, entry);
            }
            MoneyEvent::InvoiceFailed => row.or_default().failed.add(-1, entry),
            MoneyEvent::RefundIssued => row.or_default().refunded.add(-1, entry),
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

    /// What they come to.
    pub fn finish(self) -> SalesReport {
        let row = |(&currency, row): (&Currency, &Counted)| SalesRow {
            currency,
            invoices: row.invoices,
            invoiced: row.invoiced,
            failed: row.failed,
            refunded: row.refunded,
            net_in_cents: row.invoiced.net() - row.failed.net() - row.refunded.net(),
        };
        let sales: Vec<SalesRow> = self.rows.iter().map(row).collect();
        let controls = sales.iter().flat_map(|row| {
            [
                (Account::Sales, -row.left(|amounts| amounts.gross_in_cents)),
                (Account::Discounts, row.left(|amounts| amounts.discounts_in_cents)),
                (Account::Shipping, -row.left(|amounts| amounts.shipping_in_cents)),
            ]
            .map(|(account, reported)| self.ledger.in_the_period(row.currency, &[account], reported))
        });
        let controls = controls.collect();
        SalesReport { period: self.ledger.period, sales, controls }
    }
}
