//! The fold of a credit's stream.

use super::events::CreditIssued;
use crate::balance::Balance;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credit {
    #[default]
    None,
    Known(Box<KnownCredit>),
}

/// A credit, also once voided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCredit {
    pub issued: CreditIssued,
    pub balance: Balance,
}

impl Credit {
    pub fn known(&self) -> Option<&KnownCredit> {
        match self {
            Credit::Known(credit) => Some(credit),
            Credit::None => None,
        }
    }
}

impl KnownCredit {
    /// Whether the command repeats the one that issued this credit. The currency is not compared: it is the customer's of
    /// the moment, which may have changed since, and a repeat must find its credit all the same.
    pub fn was_issued_by(&self, command: &CreditIssued) -> bool {
        self.issued == CreditIssued { currency: self.issued.currency, ..command.clone() }
    }
}
