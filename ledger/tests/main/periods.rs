//! Reports by their controls, in any period of shops made of chance.

use crate::books::Books;
use crate::chance::{Chance, for_seeds};
use crate::shop::Shop;
use crate::story::*;
use chrono::Days;
use domain::Currency;
use domain::gift_card::GiftCardSource;
use ledger::reports::*;
use ledger::{Account, Dated, MoneyEvent, TrialBalance};
use std::collections::BTreeMap;

/// An entry that no event makes is found.
#[test]
fn a_control_that_disagrees_says_so() {
    let mut entries = story();
    let moved = entries.iter().position(|dated| dated.event_type == MoneyEvent::GiftCardSpent).unwrap();
    entries[moved].event_type = MoneyEvent::InvoiceCollected;
    let mut report = GiftCards::new(february());
    entries.iter().for_each(|dated| report.add(dated));
    let controls = report.finish().controls;
    let wrong: Vec<&Control> = controls.iter().filter(|control| !control.agrees()).collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0].accounts, [Account::GiftCards(GiftCardSource::Sold)]);
    assert_eq!((wrong[0].reported_in_cents, wrong[0].ledger_in_cents), (-600, -100));
}

/// Both reports share the account of breakage, and have all of it.
fn breakage_is_of_gift_cards_and_credits(cards: &GiftCardReport, credits: &CreditReport, entries: &[Dated]) {
    let mut said: BTreeMap<Currency, i128> = BTreeMap::new();
    for row in &cards.breakage {
        *said.entry(row.currency).or_default() += row.voided_in_cents + row.returned_to_voided_in_cents;
    }
    for row in &credits.credits {
        *said.entry(row.currency).or_default() += row.voided_in_cents + row.returned_to_voided_in_cents;
    }
    let days = cards.period.from()..=cards.period.to();
    let mut posted = TrialBalance::default();
    entries.iter().filter(|dated| days.contains(&dated.date)).for_each(|dated| posted.add(&dated.entry));
    for (currency, amount) in said {
        assert_eq!(amount, -posted.of(currency, Account::Breakage));
    }
}

#[test]
fn controls_agree_in_any_period_of_any_shop_and_periods_join() {
    for_seeds(6, |seed| {
        let mut shop = Shop::new(seed);
        (0..500).for_each(|_| shop.step());
        let entries = Books::of(&shop).entries;
        let mut chance = Chance::new(seed);
        let first = entries[0].date;
        let days = entries.last().unwrap().date.signed_duration_since(first).num_days() as usize;
        for _ in 0..20 {
            let mut edges = [0; 3].map(|_| first.checked_add_days(Days::new(chance.below(days) as u64)).unwrap());
            edges.sort();
            let [from, middle, to] = edges;
            let (one, two) = (Period::new(from, middle).unwrap(), middle.succ_opt().unwrap());
            let (whole, two) = (Period::new(from, to.max(two)).unwrap(), Period::new(two, to.max(two)).unwrap());
            let [one, two, whole] = [one, two, whole].map(|period| {
                let tax = report!(Tax, period, entries).0;
                let sales = report!(Sales, period, entries).0;
                let refunds = report!(Refunds, period, entries).0;
                report!(Receivables, period, entries);
                (report!(GiftCards, period, entries).0, report!(Credits, period, entries).0, tax, sales, refunds)
            });
            breakage_is_of_gift_cards_and_credits(&whole.0, &whole.1, &entries);
            // What one period ends with the next begins with, and what moved in both moved in the whole.
            for row in &two.0.gift_cards {
                let same = |other: &&GiftCardRow| (other.currency, other.source) == (row.currency, row.source);
                let before = one.0.gift_cards.iter().find(same).map_or(0, |row| row.closing_in_cents);
                assert_eq!(row.opening_in_cents, before);
                let all = whole.0.gift_cards.iter().find(same).unwrap();
                assert_eq!(all.closing_in_cents, row.closing_in_cents);
            }
            for row in &whole.2.tax {
                let of = |report: &TaxReport| {
                    let same = |other: &&TaxRow| (other.currency, other.rate) == (row.currency, row.rate);
                    report.tax.iter().find(same).map_or(0, |row| row.net.tax_in_cents)
                };
                assert_eq!(row.net.tax_in_cents, of(&one.2) + of(&two.2));
            }
            for row in &whole.4.refunds {
                let of = |report: &RefundReport| {
                    let found = report.refunds.iter().find(|other| other.currency == row.currency);
                    found.map_or(0, |row| row.paid_out_in_cents)
                };
                assert_eq!(row.paid_out_in_cents, of(&one.4) + of(&two.4));
            }
        }
    });
}
