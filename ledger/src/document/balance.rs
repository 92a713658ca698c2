//! What gift cards and credits have in common: a balance that is spent, comes back, and ends.

use super::Misfit;
use domain::Cents;
use serde::{Deserialize, Serialize};

/// What is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Balance {
    /// 0 once voided.
    pub left: Cents,
    pub voided: bool,
}

impl Balance {
    pub fn of(amount: Cents) -> Self {
        Self { left: amount, voided: false }
    }

    /// After `amount` was spent of it, which left `remaining`.
    pub fn spent(self, amount: Cents, remaining: Cents, event: &'static str) -> Result<Self, Misfit> {
        match self.left.minus(amount) {
            Ok(left) if left == remaining && !self.voided => Ok(Self { left, ..self }),
            Ok(_) | Err(_) => Err(Misfit::Differs { event }),
        }
    }

    /// After `amount` came back, which made `remaining` of it: of one that is voided nothing.
    pub fn reversed(self, amount: Cents, remaining: Cents, event: &'static str) -> Result<Self, Misfit> {
        let left = if self.voided { Cents::ZERO } else { self.left.plus(amount)? };
        if left == remaining { Ok(Self { left, ..self }) } else { Err(Misfit::Differs { event }) }
    }

    /// After it was voided.
    pub fn voided(self, event: &'static str) -> Result<Self, Misfit> {
        if self.voided {
            return Err(Misfit::State { event, state: "voided" });
        }
        Ok(Self { left: Cents::ZERO, voided: true })
    }
}
