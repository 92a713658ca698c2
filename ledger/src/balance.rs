//! What stands on each account.

use crate::{Account, Entry};
use domain::Currency;
use std::collections::BTreeMap;

/// The sums of entries, by currency and account. As each entry sums to zero, so does each currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrialBalance(BTreeMap<(Currency, Account), i128>);

impl TrialBalance {
    /// Adds an entry. The order of entries does not matter, and one that is added twice counts twice.
    pub fn add(&mut self, entry: &Entry) {
        for posting in entry.postings() {
            // It would take 2^63 entries to leave the range.
            let sum = self.0.entry((entry.currency(), posting.account)).or_default();
            *sum += i128::from(posting.amount_in_cents);
        }
    }

    /// What stands on the account, in minor units: debit above zero; 0 where nothing was posted.
    pub fn of(&self, currency: Currency, account: Account) -> i128 {
        self.0.get(&(currency, account)).copied().unwrap_or(0)
    }

    /// All accounts that anything was posted to, by currency and in the order of the chart, also where they are at 0 again.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, Account, i128)> + '_ {
        self.0.iter().map(|(&(currency, account), &sum)| (currency, account, sum))
    }

    /// The currencies of what was added, in alphabetical order.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        let mut last = None;
        self.0.keys().map(|(currency, _)| *currency).filter(move |currency| last.replace(*currency) != Some(*currency))
    }

    /// The sum of all accounts of a currency: 0, always. For whoever wants to see it.
    pub fn sum(&self, currency: Currency) -> i128 {
        self.iter().filter(|(of, ..)| *of == currency).map(|(_, _, sum)| sum).sum()
    }
}
