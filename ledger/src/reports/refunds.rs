//! Refunds: what was promised, as money and as credits, and what was paid out.

use super::Control;
use super::control::Ledger;
use super::period::{Period, Place};
use crate::{Account, Dated, MoneyEvent};
use domain::Currency;
use serde::Serialize;
use std::collections::BTreeMap;

/// Adds up refunds.
#[derive(Clone, Debug)]
pub struct Refunds {
    ledger: Ledger,
    rows: BTreeMap<Currency, Counted>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    opening: i128,
    count: u64,
    as_money: i128,
    as_credit: i128,
    paid_out: i128,
}

/// Refunds by the day of their issue, and of their closing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefundReport {
    /// What it is of.
    pub period: Period,
    /// By currency.
    pub refunds: Vec<RefundRow>,
    /// What is still to be paid out, at the end of the period.
    pub controls: Vec<Control>,
}

/// Opening + as money − paid out = closing; in minor units, with tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RefundRow {
    /// Of the amounts.
    pub currency: Currency,
    /// How many were issued.
    pub count: u64,
    /// What they came to.
    pub total_in_cents: i128,
    /// What of it is to be paid out.
    pub as_money_in_cents: i128,
    /// What of it came as credits.
    pub as_credit_in_cents: i128,
    /// To be paid out when the period began.
    pub opening_in_cents: i128,
    /// Paid out within it.
    pub paid_out_in_cents: i128,
    /// To be paid out when it ended.
    pub closing_in_cents: i128,
}

impl Refunds {
    /// Nothing yet.
    pub fn new(period: Period) -> Self {
        Self { ledger: Ledger::new(period), rows: BTreeMap::new() }
    }

    /// Adds an entry; what is none of refunds is passed over.
    pub fn add(&mut self, dated: &Dated) {
        let (place, entry) = (self.ledger.add(dated), &dated.entry);
        let event = dated.event_type;
        if place == Place::After || !matches!(event, MoneyEvent::RefundIssued | MoneyEvent::RefundsClosed) {
            return;
        }
        let row = self.rows.entry(entry.currency()).or_default();
        let payable = -i128::from(entry.amount_on(Account::RefundsPayable));
        match (place, event) {
            (Place::Before, _) => row.opening += payable,
            (_, MoneyEvent::RefundIssued) => {
                row.count += 1;
                row.as_money += payable;
                row.as_credit -= i128::from(entry.amount_on(Account::ClearingRefundCredits));
            }
            (_, _) => row.paid_out -= payable,
        }
    }

    /// What they come to.
    pub fn finish(self) -> RefundReport {
        let row = |(&currency, row): (&Currency, &Counted)| RefundRow {
            currency,
            count: row.count,
            total_in_cents: row.as_money + row.as_credit,
            as_money_in_cents: row.as_money,
            as_credit_in_cents: row.as_credit,
            opening_in_cents: row.opening,
            paid_out_in_cents: row.paid_out,
            closing_in_cents: row.opening + row.as_money - row.paid_out,
        };
        let refunds: Vec<RefundRow> = self.rows.iter().map(row).collect();
        let control =
            |row: &RefundRow| self.ledger.at_the_end(row.currency, Account::RefundsPayable, -row.closing_in_cents);
        let controls = refunds.iter().map(control).collect();
        RefundReport { period: self.ledger.period, refunds, controls }
    }
}
