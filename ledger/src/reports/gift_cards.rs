//! Gift cards: what was outstanding, what came and went, and what is outstanding.

use super::Control;
use super::control::Ledger;
use super::period::{Period, Place};
use super::rollforward::Rollforward;
use crate::{Account, Dated, MoneyEvent};
use domain::Currency;
use domain::gift_card::GiftCardSource;
use serde::Serialize;
use std::collections::BTreeMap;

/// Adds up gift cards.
#[derive(Clone, Debug)]
pub struct GiftCards {
    ledger: Ledger,
    rows: BTreeMap<(Currency, GiftCardSource), Rollforward>,
    returned_to_voided: BTreeMap<Currency, i128>,
}

/// The rollforward of gift cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GiftCardReport {
    /// What it is of.
    pub period: Period,
    /// By currency, and by how they came to be.
    pub gift_cards: Vec<GiftCardRow>,
    /// What of them became the store's, by currency.
    pub breakage: Vec<GiftCardBreakage>,
    /// The accounts of gift cards, at the end of the period.
    pub controls: Vec<Control>,
}

/// Opening + issued − spent + returned − voided = closing; in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GiftCardRow {
    /// Of the amounts.
    pub currency: Currency,
    /// How they came to be.
    pub source: GiftCardSource,
    /// Outstanding when the period began.
    pub opening_in_cents: i128,
    /// Sold, given, or issued without a word of it, as the source says.
    pub issued_in_cents: i128,
    /// Spent on invoices.
    pub spent_in_cents: i128,
    /// Given back by invoices that failed.
    pub returned_in_cents: i128,
    /// Left when they were voided.
    pub voided_in_cents: i128,
    /// Outstanding when it ended.
    pub closing_in_cents: i128,
}

/// What became the store's, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GiftCardBreakage {
    /// Of the amounts.
    pub currency: Currency,
    /// What was left on gift cards that were voided.
    pub voided_in_cents: i128,
    /// What failed invoices gave back to gift cards that were voided before.
    pub returned_to_voided_in_cents: i128,
}

impl GiftCards {
    /// Nothing yet.
    pub fn new(period: Period) -> Self {
        Self { ledger: Ledger::new(period), rows: BTreeMap::new(), returned_to_voided: BTreeMap::new() }
    }

    /// Adds an entry; what is none of gift cards is passed over.
    pub fn add(&mut self, dated: &Dated) {
        let place = self.ledger.add(dated);
        let currency = dated.entry.currency();
        for posting in dated.entry.postings() {
            let owed = -i128::from(posting.amount_in_cents);
            match posting.account {
                Account::GiftCards(source) => {
                    self.rows.entry((currency, source)).or_default().add(place, dated.event_type, owed);
                }
                Account::Breakage
                    if place == Place::Within && dated.event_type == MoneyEvent::GiftCardSpendReversed =>
                {
                    *self.returned_to_voided.entry(currency).or_default() += owed;
                }
                _ => {}
            }
        }
    }

    /// What they come to.
    pub fn finish(self) -> GiftCardReport {
        let row = |(&(currency, source), row): (&(Currency, GiftCardSource), &Rollforward)| GiftCardRow {
            currency,
            source,
            opening_in_cents: row.opening,
            issued_in_cents: row.issued,
            spent_in_cents: row.spent,
            returned_in_cents: row.returned,
            voided_in_cents: row.voided,
            closing_in_cents: row.closing(),
        };
        let gift_cards: Vec<GiftCardRow> = self.rows.iter().map(row).collect();
        let mut breakage: BTreeMap<Currency, GiftCardBreakage> = BTreeMap::new();
        for row in &gift_cards {
            let currency = row.currency;
            let returned = self.returned_to_voided.get(&currency).copied().unwrap_or(0);
            let of_currency = breakage.entry(currency).or_insert(GiftCardBreakage {
                currency,
                voided_in_cents: 0,
                returned_to_voided_in_cents: returned,
            });
            of_currency.voided_in_cents += row.voided_in_cents;
        }
        let control = |row: &GiftCardRow| {
            self.ledger.at_the_end(row.currency, Account::GiftCards(row.source), -row.closing_in_cents)
        };
        let controls = gift_cards.iter().map(control).collect();
        let breakage = breakage.into_values().collect();
        GiftCardReport { period: self.ledger.period, gift_cards, breakage, controls }
    }
}
