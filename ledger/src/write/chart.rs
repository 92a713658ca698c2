//! What a file declares before its first entry.

use crate::{Account, TaxRate};
use domain::Currency;
use std::collections::BTreeSet;

/// The currencies and the accounts of a store's books.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    currencies: BTreeSet<Currency>,
    rates: BTreeSet<TaxRate>,
}

impl Chart {
    /// Of entries in these currencies and at these rates; the unknown rate is always among them.
    pub fn new(currencies: impl IntoIterator<Item = Currency>, rates: impl IntoIterator<Item = TaxRate>) -> Self {
        let rates = rates.into_iter().chain([TaxRate::Unknown]).collect();
        Self { currencies: currencies.into_iter().collect(), rates }
    }

    /// In alphabetical order.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        self.currencies.iter().copied()
    }

    /// In the order of the chart.
    pub fn accounts(&self) -> BTreeSet<Account> {
        Account::FIXED.into_iter().chain(self.rates.iter().map(|rate| Account::TaxPayable(*rate))).collect()
    }
}
