//! What accounts are called in files.

use super::WriteError;
use super::chart::Chart;
use super::mapping::Mapping;
use super::rules::check_beancount;
use crate::{Account, Kind, TaxRate};
use domain::gift_card::GiftCardSource;
use std::collections::BTreeMap;

/// The accounts that are declared, with their names.
#[derive(Clone, Debug)]
pub(super) struct Names(BTreeMap<Account, String>);

impl Names {
    pub fn new(chart: &Chart, mapping: &Mapping, is_beancount: bool) -> Result<Self, WriteError> {
        let mut names = BTreeMap::new();
        for account in chart.accounts() {
            let name = mapping.name(account).map_or_else(|| default_name(account), str::to_owned);
            if is_beancount {
                check_beancount(&name).map_err(|source| WriteError::Name { account, source })?;
            }
            names.insert(account, name);
        }
        Ok(Self(names))
    }

    pub fn get(&self, account: Account) -> Option<&str> {
        self.0.get(&account).map(String::as_str)
    }

    /// Each name once, with the kind of the first account that has it.
    pub fn declared(&self) -> Vec<(&str, Kind)> {
        let mut declared: Vec<(&str, Kind)> = Vec::new();
        for (account, name) in &self.0 {
            if !declared.iter().any(|(known, _)| known == name) {
                declared.push((name, account.kind()));
            }
        }
        declared
    }
}

/// What an account is called where no mapping says otherwise: under its kind, in a way that all programs take.
pub fn default_name(account: Account) -> String {
    let name = match account {
        Account::Receivable => "Assets:Receivable",
        Account::Cash => "Assets:Cash",
        Account::ClearingGiftCardSales => "Assets:Clearing:Gift-Card-Sales",
        Account::ClearingGiftCards => "Liabilities:Clearing:Gift-Cards",
        Account::ClearingCredits => "Liabilities:Clearing:Credits",
        Account::ClearingRefundCredits => "Liabilities:Clearing:Refund-Credits",
        Account::GiftCards(GiftCardSource::Sold) => "Liabilities:Gift-Cards:Sold",
        Account::GiftCards(GiftCardSource::Given) => "Liabilities:Gift-Cards:Given",
        Account::GiftCards(GiftCardSource::Unstated) => "Liabilities:Gift-Cards:Unstated",
        Account::Credits => "Liabilities:Credits",
        Account::RefundsPayable => "Liabilities:Refunds-Payable",
        Account::TaxPayable(TaxRate::BasisPoints(points)) => return format!("Liabilities:Tax-Payable:{points}"),
        Account::TaxPayable(TaxRate::Unknown) => "Liabilities:Tax-Payable:Unknown",
        Account::Unstated => "Equity:Unstated",
        Account::Sales => "Income:Sales",
        Account::Discounts => "Income:Discounts",
        Account::Shipping => "Income:Shipping",
        Account::Breakage => "Income:Breakage",
        Account::Goodwill => "Expenses:Goodwill",
    };
    name.to_owned()
}
