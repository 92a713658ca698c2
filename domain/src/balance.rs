//! What gift cards and credits have in common: a balance of which every cent is spent at most once.

use crate::ids::InvoiceId;
use crate::{Cents, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// balance = original − live spends; 0 once voided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Balance {
    pub original: Cents,
    pub current: Cents,
    pub voided_at: Option<Timestamp>,
    /// What each invoice was told. Stands for ever.
    pub answers: HashMap<InvoiceId, SpendAnswer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendAnswer {
    pub spend_id: Uuid,
    /// 0: nothing could be spent.
    pub amount: Cents,
    pub reversed: bool,
}

impl Balance {
    pub fn new(original: Cents) -> Self {
        Self { original, current: original, voided_at: None, answers: HashMap::new() }
    }

    /// What can be spent on `due`: at most the balance.
    pub fn spendable(&self, due: Cents) -> Cents {
        self.current.min(due)
    }

    /// What a reversed spend of `amount` leaves: a voided balance stays 0.
    pub fn after_reversal(&self, amount: Cents) -> Cents {
        if self.voided_at.is_some() {
            return Cents::ZERO;
        }
        self.current.plus(amount).unwrap_or(self.original).min(self.original)
    }
}
