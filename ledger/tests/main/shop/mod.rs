//! A shop that does as chance has it, one event after another: each decided by the domain's own rules, and legal where it
//! stands. What follows from an event (a wallet that is asked, spends that go back, the credit of a refund) comes later, with
//! other things between.

mod balances;
mod billing;
mod invoices;

use crate::chance::Chance;
use billing::Billing;
use chrono::NaiveDate;
use domain::billing::WalletRef;
use domain::credit::{Credit, CreditCommand, CreditIssued};
use domain::gift_card::{GiftCard, GiftCardCommand};
use domain::invoice::{Invoice, InvoiceCommand};
use domain::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// An event as it stands in the log.
#[derive(Clone, Debug)]
pub struct Step {
    /// The id in its stream's name.
    pub stream: Uuid,
    pub event: Event,
    pub at: Timestamp,
}

/// What is still to come of something.
enum Pending {
    Billing(Box<Billing>),
    GoesBack(InvoiceId, WalletRef),
    RefundCredit(CreditIssued),
}

#[derive(Default)]
struct Ids(AtomicU64);

impl IdSource for Ids {
    fn next(&self) -> Uuid {
        Uuid::from_u128(0xA000_0000_0000 + u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

pub struct Shop {
    chance: Chance,
    ids: Ids,
    now: Timestamp,
    /// Its events are as they were before gift cards had a source and lines a rate.
    is_old: bool,
    pending: Vec<Pending>,
    pub cards: BTreeMap<GiftCardId, GiftCard>,
    pub credits: BTreeMap<CreditId, Credit>,
    pub invoices: BTreeMap<InvoiceId, Invoice>,
    /// What the items of each are taxed at.
    pub rates: BTreeMap<InvoiceId, u32>,
    /// What each open refund is to pay out.
    pub open_refunds: BTreeMap<RefundId, (Currency, Cents)>,
    pub log: Vec<Step>,
}

pub const STORE: StoreId = StoreId(Uuid::from_u128(0x5704E));
/// Each customer pays in one of them.
pub const CURRENCIES: [&str; 3] = ["EUR", "JPY", "KWD"];
pub const RATES: [u32; 3] = [0, 700, 1_900];
const CUSTOMERS: usize = 4;
/// 2024-01-01.
const BEGINNING: Timestamp = Timestamp::from_millis(1_704_067_200_000);

pub fn cents(amount: i64) -> Cents {
    Cents::new(amount).unwrap()
}

fn customer(number: usize) -> CustomerId {
    CustomerId(Uuid::from_u128(0xC000 + number as u128))
}

fn currency_of(number: usize) -> Currency {
    CURRENCIES[number % CURRENCIES.len()].parse().unwrap()
}

impl Shop {
    pub fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            ids: Ids::default(),
            now: BEGINNING,
            is_old: false,
            pending: Vec::new(),
            cards: BTreeMap::new(),
            credits: BTreeMap::new(),
            invoices: BTreeMap::new(),
            rates: BTreeMap::new(),
            open_refunds: BTreeMap::new(),
            log: Vec::new(),
        }
    }

    /// One whose events say neither source nor rate.
    pub fn old(seed: u64) -> Self {
        Self { is_old: true, ..Self::new(seed) }
    }

    /// Whether nothing is still to come of anything.
    pub fn is_quiet(&self) -> bool {
        self.pending.is_empty()
    }

    /// Ends what is under way.
    pub fn settle(&mut self) {
        while !self.pending.is_empty() {
            self.go_on();
        }
    }

    /// Does one thing: it gives an event, or none.
    pub fn step(&mut self) {
        self.now = self.now.plus(chrono::TimeDelta::minutes(self.chance.below(2_000) as i64));
        if !self.pending.is_empty() && self.chance.percent(60) {
            return self.go_on();
        }
        match self.chance.below(100) {
            0..10 => self.issue_card(),
            10..15 => self.issue_credit(),
            15..20 => self.void(),
            20..45 => self.bill(),
            45..65 => self.on_invoice(InvoiceCommand::Collect),
            65..75 => self.on_invoice(InvoiceCommand::Fail),
            75..93 => self.refund(),
            _ => self.close_refunds(),
        }
    }

    fn today(&self) -> NaiveDate {
        self.now.to_utc().date_naive()
    }

    fn id(&self) -> Uuid {
        self.ids.next()
    }

    fn amount(&mut self) -> Cents {
        cents(1 + self.chance.below(10_000) as i64)
    }

    fn push(&mut self, stream: Uuid, event: impl Into<Event>) {
        self.log.push(Step { stream, event: event.into(), at: self.now });
    }

    /// One step of something that is under way.
    fn go_on(&mut self) {
        let at = self.chance.below(self.pending.len());
        match self.pending.swap_remove(at) {
            Pending::Billing(billing) => self.go_on_billing(*billing),
            Pending::GoesBack(invoice_id, WalletRef::GiftCard(card)) => {
                self.on_card(card, &GiftCardCommand::Reverse { invoice_id });
            }
            Pending::GoesBack(invoice_id, WalletRef::Credit(credit)) => {
                self.on_credit(credit, &CreditCommand::Reverse { invoice_id });
            }
            Pending::RefundCredit(issued) => {
                self.on_credit(issued.credit_id, &CreditCommand::Issue(issued));
            }
        }
    }
}
