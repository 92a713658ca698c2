//! Whether a report says what the accounts say.

use super::period::{Period, Place};
use crate::{Account, Dated, TrialBalance};
use domain::Currency;
use serde::Serialize;

/// A sum of a report beside that of its accounts. They are the same, unless entries were added that no event makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Control {
    /// What it is about, added up.
    pub accounts: Vec<Account>,
    /// Of the amounts.
    pub currency: Currency,
    /// What the report comes to, in minor units; as on accounts, debit above zero.
    pub reported_in_cents: i128,
    /// What the accounts come to.
    pub ledger_in_cents: i128,
}

impl Control {
    /// Whether both are the same.
    pub fn agrees(&self) -> bool {
        self.reported_in_cents == self.ledger_in_cents
    }
}

/// The accounts as a report has to meet them, by its own count of postings.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    pub period: Period,
    /// At the end of the period.
    closing: TrialBalance,
    /// Of the period alone.
    moved: TrialBalance,
}

impl Ledger {
    pub fn new(period: Period) -> Self {
        Self { period, closing: TrialBalance::default(), moved: TrialBalance::default() }
    }

    /// Adds the entry, and says where its day lies.
    pub fn add(&mut self, dated: &Dated) -> Place {
        let place = self.period.place(dated.date);
        match place {
            Place::Before => self.closing.add(&dated.entry),
            Place::Within => {
                self.closing.add(&dated.entry);
                self.moved.add(&dated.entry);
            }
            Place::After => {}
        }
        place
    }

    /// What the report says stands on the account when the period ends.
    pub fn at_the_end(&self, currency: Currency, account: Account, reported_in_cents: i128) -> Control {
        let ledger_in_cents = self.closing.of(currency, account);
        Control { accounts: vec![account], currency, reported_in_cents, ledger_in_cents }
    }

    /// What the report says was posted to the accounts in the period.
    pub fn in_the_period(&self, currency: Currency, accounts: &[Account], reported_in_cents: i128) -> Control {
        let ledger_in_cents = accounts.iter().map(|account| self.moved.of(currency, *account)).sum();
        Control { accounts: accounts.to_vec(), currency, reported_in_cents, ledger_in_cents }
    }
}
