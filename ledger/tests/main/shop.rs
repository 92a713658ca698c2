//! A shop that does as chance has it, one event after another: each decided by the domain's own rules, and legal where it
//! stands. What follows from an event (a wallet that is asked, spends that go back, the credit of a refund) comes later, with
//! other things between.

use crate::chance::Chance;
use domain::billing::{BilledItem, BilledShipping, BillingTerms, CouponUse, Totals, WalletRef};
use domain::cart::{CartBilled, CartEvent};
use domain::credit::{Credit, CreditCommand, CreditEvent, CreditIssued, CreditSource};
use domain::gift_card::{GiftCard, GiftCardCommand, GiftCardEvent, GiftCardIssued, GiftCardSource};
use domain::invoice::*;
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

struct Billing {
    issue: IssueInvoice,
    /// Not asked yet.
    wallet: Vec<WalletRef>,
    due: Cents,
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
            _ => self.on_invoice(InvoiceCommand::CloseRefunds),
        }
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

    fn issue_card(&mut self) {
        let (gifter, recipient) = (self.chance.below(CUSTOMERS), self.chance.below(CUSTOMERS));
        let source = match (self.is_old, self.chance.percent(70)) {
            (true, _) => GiftCardSource::Unstated,
            (false, true) => GiftCardSource::Sold,
            (false, false) => GiftCardSource::Given,
        };
        let issued = GiftCardIssued {
            gift_card_id: GiftCardId(self.id()),
            store_id: STORE,
            gifter_customer_id: customer(gifter),
            recipient_customer_id: customer(recipient),
            currency: currency_of(recipient),
            amount_in_cents: self.amount(),
            source,
        };
        let gifter_currency = issued.currency;
        self.on_card(issued.gift_card_id, &GiftCardCommand::Issue { issued, gifter_currency });
    }

    fn issue_credit(&mut self) {
        let number = self.chance.below(CUSTOMERS);
        let source = match self.chance.percent(50) {
            true => CreditSource::Issued,
            false => CreditSource::Batch { job_id: JobId(self.id()) },
        };
        let issued = CreditIssued {
            credit_id: CreditId(self.id()),
            store_id: STORE,
            customer_id: customer(number),
            currency: currency_of(number),
            amount_in_cents: self.amount(),
            source,
        };
        self.on_credit(issued.credit_id, &CreditCommand::Issue(issued));
    }

    fn void(&mut self) {
        let cards: Vec<GiftCardId> = self.cards.keys().copied().collect();
        let credits: Vec<CreditId> = self.credits.keys().copied().collect();
        if self.chance.percent(50) && !cards.is_empty() {
            let card = *self.chance.of(&cards);
            self.on_card(card, &GiftCardCommand::Void);
        } else if !credits.is_empty() {
            let credit = *self.chance.of(&credits);
            self.on_credit(credit, &CreditCommand::Void);
        }
    }

    /// What the card answers; the last event.
    fn on_card(&mut self, card: GiftCardId, command: &GiftCardCommand) -> Option<GiftCardEvent> {
        let state = self.cards.entry(card).or_default();
        let events = state.decide(command, &Context { now: self.now, ids: &self.ids }).unwrap();
        for event in &events {
            state.evolve(event, self.now).unwrap();
        }
        let last = events.last().cloned();
        events.into_iter().for_each(|event| self.push(card.0, event));
        last
    }

    fn on_credit(&mut self, credit: CreditId, command: &CreditCommand) -> Option<CreditEvent> {
        let state = self.credits.entry(credit).or_default();
        let events = state.decide(command, &Context { now: self.now, ids: &self.ids }).unwrap();
        for event in &events {
            state.evolve(event, self.now).unwrap();
        }
        let last = events.last().cloned();
        events.into_iter().for_each(|event| self.push(credit.0, event));
        last
    }

    fn terms(&mut self, number: usize) -> BillingTerms {
        let mut items = Vec::new();
        for _ in 0..1 + self.chance.below(4) {
            items.push(BilledItem {
                invoice_line_item_id: InvoiceLineItemId(self.id()),
                cart_item_id: CartItemId(self.id()),
                product_id: ProductId(self.id()),
                product_title: "\" ; # a thing, 2,00".to_owned(),
                quantity: 1 + self.chance.below(3) as u32,
                unit_amount_in_cents: if self.chance.percent(10) { Cents::ZERO } else { self.amount() },
            });
        }
        let shipping = self.chance.percent(50).then(|| BilledShipping {
            invoice_line_item_id: InvoiceLineItemId(self.ids.next()),
            amount_in_cents: cents(490),
        });
        BillingTerms {
            currency: currency_of(number),
            items,
            shipping,
            tax_rate_in_basis_points: *self.chance.of(&RATES),
            wallet: self.wallet(number),
        }
    }

    /// The customer's balances with anything on them, some of them.
    fn wallet(&mut self, number: usize) -> Vec<WalletRef> {
        let (owner, currency) = (customer(number), currency_of(number));
        let cards = self.cards.values().filter_map(GiftCard::known).filter(|card| {
            card.issued.recipient_customer_id == owner
                && card.issued.currency == currency
                && !card.balance.current.is_zero()
        });
        let credits = self.credits.values().filter_map(Credit::known).filter(|credit| {
            credit.issued.customer_id == owner
                && credit.issued.currency == currency
                && !credit.balance.current.is_zero()
        });
        let cards = cards.map(|card| WalletRef::GiftCard(card.issued.gift_card_id));
        let wallet: Vec<WalletRef> =
            cards.chain(credits.map(|credit| WalletRef::Credit(credit.issued.credit_id))).collect();
        wallet.into_iter().filter(|_| self.chance.percent(60)).collect()
    }

    fn bill(&mut self) {
        let number = self.chance.below(CUSTOMERS);
        let terms = self.terms(number);
        let items = terms.items_total().unwrap();
        let discount = match self.chance.below(4) {
            0 => items,
            1 => cents(self.chance.below(items.get() as usize + 1) as i64),
            _ => Cents::ZERO,
        };
        let coupon = (!discount.is_zero()).then(|| CouponUse {
            coupon_id: CouponId(self.ids.next()),
            code: "CODE".to_owned(),
            redemption_id: CouponRedemptionId(self.ids.next()),
            amount_in_cents: discount,
        });
        let issue = IssueInvoice {
            invoice_id: InvoiceId(self.id()),
            store_id: STORE,
            customer_id: customer(number),
            cart_id: CartId(self.id()),
            terms,
            coupon,
            gift_card_spends: Vec::new(),
            credit_redemptions: Vec::new(),
        };
        self.rates.insert(issue.invoice_id, issue.terms.tax_rate_in_basis_points);
        let billed = CartBilled {
            cart_id: issue.cart_id,
            invoice_id: issue.invoice_id,
            customer_id: issue.customer_id,
            store_id: STORE,
            terms: issue.terms.clone(),
            coupon: issue.coupon.clone(),
        };
        self.push(issue.customer_id.0, CartEvent::from(billed));
        let due = Totals::of(&issue.terms.lines(discount).unwrap()).unwrap().due;
        let wallet = issue.terms.wallet.clone();
        self.pending.push(Pending::Billing(Box::new(Billing { issue, wallet, due })));
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

    fn go_on_billing(&mut self, mut billing: Billing) {
        let (invoice_id, due) = (billing.issue.invoice_id, billing.due);
        if billing.wallet.is_empty() {
            return self.decide_invoice(invoice_id, &InvoiceCommand::Issue(Box::new(billing.issue)));
        }
        match billing.wallet.remove(0) {
            WalletRef::GiftCard(card) => {
                let answer = self.on_card(card, &GiftCardCommand::Spend { invoice_id, due });
                if let Some(GiftCardEvent::GiftCardSpent(spent)) = answer {
                    billing.due = due.minus(spent.amount_in_cents).unwrap();
                    billing.issue.gift_card_spends.push(GiftCardSpend {
                        gift_card_spend_id: spent.gift_card_spend_id,
                        gift_card_id: card,
                        amount_in_cents: spent.amount_in_cents,
                        remaining_balance_in_cents: spent.remaining_balance_in_cents,
                    });
                }
            }
            WalletRef::Credit(credit) => {
                let answer = self.on_credit(credit, &CreditCommand::Spend { invoice_id, due });
                if let Some(CreditEvent::CreditSpent(spent)) = answer {
                    billing.due = due.minus(spent.amount_in_cents).unwrap();
                    billing.issue.credit_redemptions.push(CreditRedemption {
                        credit_redemption_id: spent.credit_redemption_id,
                        credit_id: credit,
                        amount_in_cents: spent.amount_in_cents,
                        remaining_balance_in_cents: spent.remaining_balance_in_cents,
                    });
                }
            }
        }
        self.pending.push(Pending::Billing(Box::new(billing)));
    }

    fn on_invoice(&mut self, command: InvoiceCommand) {
        let invoices: Vec<InvoiceId> = self.invoices.keys().copied().collect();
        if !invoices.is_empty() {
            let invoice = *self.chance.of(&invoices);
            self.decide_invoice(invoice, &command);
        }
    }

    fn refund(&mut self) {
        let invoices: Vec<InvoiceId> = self.invoices.keys().copied().collect();
        if invoices.is_empty() {
            return;
        }
        let invoice = *self.chance.of(&invoices);
        let lines: Vec<InvoiceLineItemId> = self.invoices[&invoice]
            .known()
            .map(|known| known.lines.iter().map(|line| line.line.invoice_line_item_id).collect())
            .unwrap_or_default();
        let what = match self.chance.below(3) {
            0 => RefundRequest::Full,
            1 => RefundRequest::Amount(self.amount()),
            _ => {
                let amount = self.chance.percent(50).then(|| self.amount());
                RefundRequest::Lines(vec![(*self.chance.of(&lines), amount)])
            }
        };
        let (refund_id, as_credit) = (RefundId(self.id()), self.chance.percent(25));
        self.decide_invoice(invoice, &InvoiceCommand::Refund { refund_id, what, as_credit });
    }

    /// A command that the invoice refuses gives nothing.
    fn decide_invoice(&mut self, invoice_id: InvoiceId, command: &InvoiceCommand) {
        let state = self.invoices.entry(invoice_id).or_default();
        let Ok(mut events) = state.decide(command, &Context { now: self.now, ids: &self.ids }) else { return };
        for event in &mut events {
            if let (InvoiceEvent::InvoiceIssued(issued), true) = (&mut *event, self.is_old) {
                issued.lines.iter_mut().for_each(|line| line.tax_rate_in_basis_points = None);
            }
            state.evolve(event, self.now).unwrap();
        }
        for event in events {
            self.push(invoice_id.0, event.clone());
            self.follow(invoice_id, event);
        }
    }

    fn follow(&mut self, invoice_id: InvoiceId, event: InvoiceEvent) {
        let invoice = self.invoices[&invoice_id].known().unwrap();
        match event {
            InvoiceEvent::InvoiceFailed(_) => {
                let cards = invoice.gift_card_spends.iter().map(|spend| WalletRef::GiftCard(spend.gift_card_id));
                let credits = invoice.credit_redemptions.iter().map(|spend| WalletRef::Credit(spend.credit_id));
                self.pending.extend(cards.chain(credits).map(|spent| Pending::GoesBack(invoice_id, spent)));
            }
            InvoiceEvent::RefundIssued(refund) => {
                let (currency, refund_id) = (invoice.currency, refund.refund_id);
                self.open_refunds.insert(refund_id, (currency, refund.money().unwrap()));
                self.pending.extend(refund.credit_id.map(|credit_id| {
                    Pending::RefundCredit(CreditIssued {
                        credit_id,
                        store_id: STORE,
                        customer_id: refund.customer_id,
                        currency,
                        amount_in_cents: refund.credit_amount_in_cents,
                        source: CreditSource::Refund { invoice_id, refund_id },
                    })
                }));
            }
            InvoiceEvent::RefundsClosed(closed) => {
                self.open_refunds.retain(|refund_id, _| !closed.refund_ids.contains(refund_id));
            }
            InvoiceEvent::InvoiceIssued(_) | InvoiceEvent::InvoiceCollected(_) => {}
        }
    }
}
