//! What gift cards and credits have in common: a balance of which every cent is spent at most once.
//!
//! What lives here: what an invoice is told, what a failed invoice gives back, and the fold of both. What doesn't: the
//! events themselves, which each aggregate names in its own words. The guarantee: balance = original − live spends,
//! never below 0, and 0 once voided.

pub use crate::facts::SpendAnswer;
use crate::facts::{Fact, PastQuestion};
use crate::ids::InvoiceId;
use crate::recent::Recent;
use crate::{Cents, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// balance = original − live spends; 0 once voided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub original: Cents,
    pub current: Cents,
    pub voided_at: Option<Timestamp>,
    /// What each invoice was told. Stands for ever; the newest are kept here.
    pub answers: Recent<InvoiceId, SpendAnswer>,
    /// Those whose answer was not kept any more when it was reversed.
    reversed_late: Recent<InvoiceId, ()>,
}

/// What an invoice that asks for the first time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewAnswer {
    /// So much is spent, above 0, and so much remains.
    Spent { amount: Cents, remaining: Cents },
    /// There is nothing to spend: empty, voided, or nothing is due.
    Declined,
}

/// A spend that goes back, and the balance it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reversal {
    pub spend_id: Uuid,
    pub amount: Cents,
    pub remaining: Cents,
}

/// The rules.
impl Balance {
    pub fn new(original: Cents) -> Self {
        Self {
            original,
            current: original,
            voided_at: None,
            answers: Recent::default(),
            reversed_late: Recent::default(),
        }
    }

    /// What the invoice is told of the `due` that it asks for; `None` when it was told already: the first answer stands.
    pub fn answer(&self, invoice_id: InvoiceId, due: Cents) -> Option<NewAnswer> {
        if self.answers.contains_key(&invoice_id) {
            return None;
        }
        let amount = self.spendable(due);
        match self.current.minus(amount) {
            Ok(remaining) if !amount.is_zero() => Some(NewAnswer::Spent { amount, remaining }),
            Ok(_) | Err(_) => Some(NewAnswer::Declined),
        }
    }

    /// What the failed invoice gives back; `None` when it spent nothing, or gave it back already.
    pub fn reversal(&self, invoice_id: InvoiceId) -> Option<Reversal> {
        let answer = self.answers.get(&invoice_id)?;
        if answer.reversed || answer.amount.is_zero() || self.reversed_late.contains_key(&invoice_id) {
            return None;
        }
        let remaining = self.after_reversal(answer.amount);
        Some(Reversal { spend_id: answer.spend_id, amount: answer.amount, remaining })
    }

    /// What must be asked before the invoice can be answered, or get back what it spent.
    pub(crate) fn asks(&self, balance: Uuid, invoice_id: InvoiceId) -> Option<PastQuestion> {
        self.answers.must_ask(&invoice_id).then_some(PastQuestion::Spend { balance, invoice_id })
    }

    pub(crate) fn told(&mut self, asked: &PastQuestion, fact: Option<Fact>) {
        let PastQuestion::Spend { invoice_id, .. } = asked else { return };
        let answer = fact.and_then(|fact| if let Fact::Spend(answer) = fact { Some(answer) } else { None });
        self.answers.tell(*invoice_id, answer);
    }

    pub(crate) fn forget_told(&mut self) {
        self.answers.forget_told();
    }

    /// What can be spent on `due`: at most the balance.
    pub fn spendable(&self, due: Cents) -> Cents {
        self.current.min(due)
    }

    pub fn is_voided(&self) -> bool {
        self.voided_at.is_some()
    }

    /// What a reversed spend of `amount` leaves: a voided balance stays 0.
    pub fn after_reversal(&self, amount: Cents) -> Cents {
        if self.is_voided() {
            return Cents::ZERO;
        }
        // A spend came out of the original, so the sum can't pass it.
        self.current.plus(amount).unwrap_or(self.original).min(self.original)
    }
}

/// The fold. `None`: the balance never gave this answer, so the event can't be.
impl Balance {
    pub(crate) fn spent(
        &mut self,
        invoice_id: InvoiceId,
        spend_id: Uuid,
        amount: Cents,
        remaining: Cents,
    ) -> Option<()> {
        let fits = self.spendable(amount) == amount && !amount.is_zero() && self.current.minus(amount) == Ok(remaining);
        if !fits || self.answers.kept(&invoice_id).is_some() {
            return None;
        }
        self.current = remaining;
        self.answers.insert(invoice_id, SpendAnswer { spend_id, amount, remaining, reversed: false });
        Some(())
    }

    pub(crate) fn declined(&mut self, invoice_id: InvoiceId) -> Option<()> {
        if self.answers.kept(&invoice_id).is_some() {
            return None;
        }
        let answer =
            SpendAnswer { spend_id: Uuid::nil(), amount: Cents::ZERO, remaining: self.current, reversed: false };
        self.answers.insert(invoice_id, answer);
        Some(())
    }

    pub(crate) fn reversed(&mut self, invoice_id: InvoiceId, reversal: Reversal) -> Option<()> {
        if self.after_reversal(reversal.amount) != reversal.remaining {
            return None;
        }
        match self.answers.kept(&invoice_id).copied() {
            Some(answer) => {
                let same = answer.spend_id == reversal.spend_id && answer.amount == reversal.amount;
                if !same || answer.reversed || answer.amount.is_zero() {
                    return None;
                }
                self.answers.insert(invoice_id, SpendAnswer { reversed: true, ..answer });
            }
            // Whoever decided it asked the index.
            None if !self.answers.is_complete() && !self.reversed_late.contains_key(&invoice_id) => {
                self.reversed_late.insert(invoice_id, ());
            }
            None => return None,
        }
        self.current = reversal.remaining;
        Some(())
    }

    pub(crate) fn voided(&mut self, at: Timestamp) -> Option<()> {
        if self.is_voided() {
            return None;
        }
        self.current = Cents::ZERO;
        self.voided_at = Some(at);
        Some(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
