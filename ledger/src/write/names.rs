//! What accounts are called in files.

use super::WriteError;
use super::chart::Chart;
use super::mapping::Mapping;
use crate::{Account, Kind, TaxRate};
use domain::gift_card::GiftCardSource;
use std::collections::BTreeMap;

/// Why a name is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// No program could tell where it ends.
    #[error(
        "'{0}': parts between colons begin with a letter or a digit, and go on with those, '-', '_', '.', '/', '&', ''' and single spaces"
    )]
    Anywhere(String),
    /// beancount has rules of its own.
    #[error(
        "'{0}': beancount's names begin with Assets:, Liabilities:, Equity:, Income: or Expenses:, and each part with a capital letter or a \
         digit; only letters, digits and '-' follow"
    )]
    Beancount(String),
}

/// The accounts that are declared, with their names.
#[derive(Clone, Debug)]
pub(super) struct Names(BTreeMap<Account, String>);

impl Names {
    pub fn new(chart: &Chart, mapping: &Mapping, is_beancount: bool) -> Result<Self, WriteError> {
        let mut names = BTreeMap::new();
        for account in chart.accounts() {
            let name = mapping.name(account).map_or_else(|| default_name(account), str::to_owned);
            if is_beancount && !is_beancount_name(&name) {
                return Err(WriteError::Name { account, source: BadName::Beancount(name) });
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

/// Whether all programs but beancount can read it as one name: no comment, status, code or second column is in it.
pub(super) fn check(name: &str) -> Result<(), BadName> {
    let is_plain = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.' | '/' | '&' | '\'' | ' ');
    let is_part = |part: &str| {
        part.starts_with(char::is_alphanumeric)
            && part.chars().all(is_plain)
            && !part.ends_with(' ')
            && !part.contains("  ")
    };
    let is_name = name.len() <= 200 && name.split(':').all(is_part);
    if is_name { Ok(()) } else { Err(BadName::Anywhere(name.to_owned())) }
}

fn is_beancount_name(name: &str) -> bool {
    let mut parts = name.split(':');
    let is_root = parts.next().is_some_and(|root| {
        matches!(root, "Assets" | "Liabilities" | "Equity" | "Income" | "Expenses") && root.len() < name.len()
    });
    // Of letters that are not ASCII beancount knows no capitals.
    let begins =
        |char: char| char.is_ascii_uppercase() || char.is_ascii_digit() || (!char.is_ascii() && char.is_alphabetic());
    let goes_on =
        |char: char| char == '-' || char.is_ascii_alphanumeric() || (!char.is_ascii() && char.is_alphanumeric());
    is_root && parts.all(|part| part.starts_with(begins) && part.chars().all(goes_on))
}
