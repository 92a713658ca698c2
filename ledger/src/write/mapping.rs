//! Other names for accounts, from a file of lines `ours = theirs`.

use super::rules::{BadName, check};
use crate::Account;
use crate::account::UnknownAccount;
use std::collections::BTreeMap;
use std::fmt;

/// What accounts are called elsewhere; those that it leaves out keep their names. Two of ours may be one of theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(BTreeMap<Account, String>);

/// Lines that say nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BadMapping {
    /// All of them, in their order.
    pub lines: Vec<BadLine>,
}

/// A line, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1.
    pub number: usize,
    /// What is wrong.
    pub fault: LineFault,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// No `=` is in it, or nothing stands on a side of it.
    #[error("it is not 'ours = theirs'")]
    Shape,
    /// Ours is no account.
    #[error(transparent)]
    Account(#[from] UnknownAccount),
    /// Ours has a name already.
    #[error("'{0}' has a name already")]
    Twice(Account),
    /// Theirs is no name.
    #[error(transparent)]
    Name(#[from] BadName),
}

impl fmt::Display for BadMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}line {}: {}", line.number, line.fault)?;
        }
        Ok(())
    }
}

impl Mapping {
    /// Reads lines `ours = theirs`, as `tax-payable:1900 = Liabilities:VAT:Standard`. What stands behind a `#` is a comment; empty lines are
    /// passed over.
    ///
    /// # Errors
    /// All lines that say something else, by their numbers.
    pub fn parse(text: &str) -> Result<Self, BadMapping> {
        let (mut names, mut lines) = (BTreeMap::new(), Vec::new());
        for (line, number) in text.lines().zip(1..) {
            let said = line.split('#').next().unwrap_or_default().trim();
            if said.is_empty() {
                continue;
            }
            if let Err(fault) = add(&mut names, said) {
                lines.push(BadLine { number, fault });
            }
        }
        if lines.is_empty() { Ok(Self(names)) } else { Err(BadMapping { lines }) }
    }

    /// What the account is called; `None`: as it is by itself.
    pub fn name(&self, account: Account) -> Option<&str> {
        self.0.get(&account).map(String::as_str)
    }
}

fn add(names: &mut BTreeMap<Account, String>, said: &str) -> Result<(), LineFault> {
    let (ours, theirs) = said.split_once('=').ok_or(LineFault::Shape)?;
    let (ours, theirs) = (ours.trim(), theirs.trim());
    if ours.is_empty() || theirs.is_empty() {
        return Err(LineFault::Shape);
    }
    let account: Account = ours.parse()?;
    check(theirs)?;
    match names.insert(account, theirs.to_owned()) {
        None => Ok(()),
        Some(_) => Err(LineFault::Twice(account)),
    }
}
