//! An entry in the making.

use super::{Entry, NoEntry, Posting, References, TaxPart, Unchecked};
use crate::{Account, TaxRate};
use domain::{Cents, Currency};
use std::collections::BTreeMap;

/// Amounts, added up by account and by rate.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    postings: BTreeMap<Account, i128>,
    tax: BTreeMap<TaxRate, (i128, i128)>,
}

impl Draft {
    pub(crate) fn debit(mut self, account: Account, amount: Cents) -> Self {
        *self.postings.entry(account).or_default() += i128::from(amount.get());
        self
    }

    pub(crate) fn credit(mut self, account: Account, amount: Cents) -> Self {
        *self.postings.entry(account).or_default() -= i128::from(amount.get());
        self
    }

    /// Posts the part's tax; its base is the caller's to post.
    pub(crate) fn tax(mut self, part: TaxPart) -> Self {
        let (base, tax) = self.tax.entry(part.rate).or_default();
        *base += i128::from(part.base_in_cents);
        *tax += i128::from(part.tax_in_cents);
        *self.postings.entry(Account::TaxPayable(part.rate)).or_default() -= i128::from(part.tax_in_cents);
        self
    }

    /// The entry, if the amounts are one's.
    pub(crate) fn entry(self, currency: Currency, refers_to: References) -> Result<Entry, NoEntry> {
        let narrow = |wide: i128| i64::try_from(wide).map_err(|_| NoEntry::OutOfRange);
        let is_of_nothing = self.postings.values().all(|amount| *amount == 0);
        let kept = self.postings.into_iter().filter(|(account, amount)| match account {
            // What is taxed at nothing stands in the tax parts alone.
            Account::TaxPayable(_) => *amount != 0,
            _ => *amount != 0 || is_of_nothing,
        });
        let posting = |(account, amount)| Ok(Posting { account, amount_in_cents: narrow(amount)? });
        let parts = self.tax.into_iter().filter(|(_, amounts)| *amounts != (0, 0));
        let part = |(rate, (base, tax))| Ok(TaxPart { rate, base_in_cents: narrow(base)?, tax_in_cents: narrow(tax)? });
        let unchecked = Unchecked {
            currency,
            postings: kept.map(posting).collect::<Result<_, NoEntry>>()?,
            refers_to,
            tax: parts.map(part).collect::<Result<_, NoEntry>>()?,
        };
        unchecked.try_into()
    }
}
