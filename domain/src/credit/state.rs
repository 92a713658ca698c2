//! The fold of a credit's stream.

use super::commands::IssueCredit;
use super::events::CreditSource;
use crate::Currency;
use crate::balance::Balance;
use crate::ids::*;
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
    pub credit_id: CreditId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub source: CreditSource,
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
    pub fn was_issued_by(&self, command: &IssueCredit) -> bool {
        self.credit_id == command.credit_id
            && self.store_id == command.store_id
            && self.customer_id == command.customer_id
            && self.balance.original == command.amount_in_cents
            && self.source == command.source
    }
}
