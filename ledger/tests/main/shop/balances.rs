//! Gift cards and credits, issued, spent and voided.

use super::{CUSTOMERS, STORE, Shop, currency_of, customer};
use domain::credit::{Credit, CreditCommand, CreditEvent, CreditIssued, CreditSource};
use domain::gift_card::{GiftCard, GiftCardCommand, GiftCardEvent, GiftCardIssued, GiftCardSource};
use domain::*;

impl Shop {
    pub(super) fn issue_card(&mut self) {
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

    pub(super) fn issue_credit(&mut self) {
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

    pub(super) fn void(&mut self) {
        // Of most nothing is left, and now and then such a one is voided too.
        let also_empty = self.chance.percent(20);
        let cards = self.cards.values().filter_map(GiftCard::known);
        let cards = cards.filter(|card| also_empty || !card.balance.current.is_zero());
        let cards: Vec<GiftCardId> = cards.map(|card| card.issued.gift_card_id).collect();
        let credits = self.credits.values().filter_map(Credit::known);
        let credits = credits.filter(|credit| also_empty || !credit.balance.current.is_zero());
        let credits: Vec<CreditId> = credits.map(|credit| credit.issued.credit_id).collect();
        if self.chance.percent(50) && !cards.is_empty() {
            let card = *self.chance.of(&cards);
            self.on_card(card, &GiftCardCommand::Void);
        } else if !credits.is_empty() {
            let credit = *self.chance.of(&credits);
            self.on_credit(credit, &CreditCommand::Void);
        }
    }

    /// What the card answers; the last event.
    pub(super) fn on_card(&mut self, card: GiftCardId, command: &GiftCardCommand) -> Option<GiftCardEvent> {
        let state = self.cards.entry(card).or_default();
        let events = state.decide(command, &Context { now: self.now, ids: &self.ids }).unwrap();
        for event in &events {
            state.evolve(event, self.now).unwrap();
        }
        let last = events.last().cloned();
        events.into_iter().for_each(|event| self.push(card.0, event));
        last
    }

    pub(super) fn on_credit(&mut self, credit: CreditId, command: &CreditCommand) -> Option<CreditEvent> {
        let state = self.credits.entry(credit).or_default();
        let events = state.decide(command, &Context { now: self.now, ids: &self.ids }).unwrap();
        for event in &events {
            state.evolve(event, self.now).unwrap();
        }
        let last = events.last().cloned();
        events.into_iter().for_each(|event| self.push(credit.0, event));
        last
    }
}
