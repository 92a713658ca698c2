//! The fold of a credit's stream.

use super::events::CreditSource;
use crate::Currency;
use crate::balance::Balance;
use crate::ids::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Credit {
    #[default]
    None,
    Known(Box<KnownCredit>),
}

/// A credit, also once voided.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
