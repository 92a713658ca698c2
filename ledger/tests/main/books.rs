//! The books of a shop, and what they must come to by the domain's own states.

use crate::shop::{Shop, Step};
use domain::billing::LineKind;
use domain::credit::CreditSource;
use domain::gift_card::GiftCardSource;
use domain::invoice::InvoiceStatus;
use domain::{Cents, Currency};
use ledger::{Account, Dated, Document, MoneyEvent, TaxRate, TrialBalance};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// What is folded of a log.
#[derive(Default)]
pub struct Books {
    pub documents: HashMap<Uuid, Document>,
    pub balance: TrialBalance,
    pub entries: Vec<Dated>,
}

impl Books {
    /// Folds the event, and adds its entry.
    pub fn take(&mut self, step: &Step) {
        self.take_without(step, None);
    }

    /// The same with a fold that forgets the entries of one type.
    pub fn take_without(&mut self, step: &Step, forgotten: Option<MoneyEvent>) {
        let mut document = Document::id(step.stream, &step.event).and_then(|id| self.documents.remove(&id));
        let entry = Document::apply(&mut document, &step.event).unwrap();
        assert_eq!(entry.is_some(), ledger::is_money_event(step.event.event_type()));
        if let Some((id, document)) = Document::id(step.stream, &step.event).zip(document) {
            self.documents.insert(id, document);
        }
        let Some(entry) = entry else { return };
        let event_type: MoneyEvent = step.event.event_type().parse().unwrap();
        if Some(event_type) == forgotten {
            return;
        }
        assert_eq!(entry.postings().iter().map(|posting| i128::from(posting.amount_in_cents)).sum::<i128>(), 0);
        self.balance.add(&entry);
        let position = self.entries.len() as u64 + 1;
        self.entries.push(Dated {
            date: step.at.to_utc().date_naive(),
            at: step.at,
            position,
            event_id: Uuid::from_u128(u128::from(position)),
            event_type,
            entry,
            number: None,
        });
    }

    /// The books of all that the shop did.
    pub fn of(shop: &Shop) -> Self {
        let mut books = Self::default();
        shop.log.iter().for_each(|step| books.take(step));
        books
    }
}

/// Amounts by currency and account.
type Amounts = BTreeMap<(Currency, Account), i128>;

/// What each account must be at, by the states. Of a shop where something is under way without those of clearing.
pub struct Expected {
    amounts: Amounts,
    /// Says which accounts `amounts` has all of.
    is_quiet: bool,
}

impl Expected {
    pub fn of(shop: &Shop) -> Self {
        let mut amounts = Amounts::new();
        balances(shop, &mut amounts);
        invoices(shop, &mut amounts);
        for (currency, money) in shop.open_refunds.values() {
            add(&mut amounts, *currency, Account::RefundsPayable, -wide(*money));
        }
        Self { amounts, is_quiet: shop.is_quiet() }
    }

    /// What the balance says otherwise.
    pub fn broken(&self, balance: &TrialBalance) -> Vec<String> {
        let mut broken: Vec<String> = balance
            .currencies()
            .filter(|currency| balance.sum(*currency) != 0)
            .map(|currency| format!("{currency} sums to {}", balance.sum(currency)))
            .collect();
        let posted = balance.iter().map(|(currency, account, _)| (currency, account));
        let accounts: BTreeSet<(Currency, Account)> = self.amounts.keys().copied().chain(posted).collect();
        for (currency, account) in accounts.into_iter().filter(|(_, account)| self.knows(*account)) {
            let wanted = self.amounts.get(&(currency, account)).copied().unwrap_or(0);
            let found = balance.of(currency, account);
            if found != wanted {
                broken.push(format!("{account} is at {found} {currency}, not at {wanted}"));
            }
        }
        broken
    }

    /// Breakage is what all others leave.
    fn knows(&self, account: Account) -> bool {
        match account {
            Account::ClearingGiftCards | Account::ClearingCredits | Account::ClearingRefundCredits => self.is_quiet,
            Account::Breakage => false,
            _ => true,
        }
    }
}

fn wide(amount: Cents) -> i128 {
    i128::from(amount.get())
}

fn add(amounts: &mut Amounts, currency: Currency, account: Account, amount: i128) {
    *amounts.entry((currency, account)).or_default() += amount;
}

fn balances(shop: &Shop, amounts: &mut Amounts) {
    for card in shop.cards.values().filter_map(|card| card.known()) {
        let (currency, source) = (card.issued.currency, card.issued.source);
        let other_side = match source {
            GiftCardSource::Sold => Account::ClearingGiftCardSales,
            GiftCardSource::Given => Account::Goodwill,
            GiftCardSource::Unstated => Account::Unstated,
        };
        add(amounts, currency, other_side, wide(card.balance.original));
        add(amounts, currency, Account::GiftCards(source), -wide(card.balance.current));
    }
    for credit in shop.credits.values().filter_map(|credit| credit.known()) {
        let currency = credit.issued.currency;
        if !matches!(credit.issued.source, CreditSource::Refund { .. }) {
            add(amounts, currency, Account::Goodwill, wide(credit.balance.original));
        }
        add(amounts, currency, Account::Credits, -wide(credit.balance.current));
    }
}

fn invoices(shop: &Shop, amounts: &mut Amounts) {
    for invoice in shop.invoices.values().filter_map(|invoice| invoice.known()) {
        let currency = invoice.currency;
        match invoice.status {
            InvoiceStatus::Failed => continue,
            InvoiceStatus::Open => add(amounts, currency, Account::Receivable, wide(invoice.amount_due_in_cents)),
            InvoiceStatus::Collected | InvoiceStatus::PartiallyRefunded | InvoiceStatus::Refunded => {
                let open = invoice.open_refunds.iter().map(|refund| wide(shop.open_refunds[refund].1));
                let paid_out = wide(invoice.money_refunded_in_cents) - open.sum::<i128>();
                add(amounts, currency, Account::Cash, wide(invoice.amount_due_in_cents) - paid_out);
            }
        }
        for line in &invoice.lines {
            let (rate, account) = match line.line.kind {
                LineKind::Item => (shop.rates[&invoice.invoice_id], Account::Sales),
                LineKind::Shipping => (0, Account::Shipping),
            };
            let refunded = wide(line.refunded) - wide(line.tax_refunded);
            add(amounts, currency, account, refunded - wide(line.line.total_amount_in_cents));
            add(amounts, currency, Account::Discounts, wide(line.line.discount_amount_in_cents));
            let tax = wide(line.line.tax_amount_in_cents) - wide(line.tax_refunded);
            add(amounts, currency, Account::TaxPayable(TaxRate::BasisPoints(rate)), -tax);
        }
    }
}
