//! The rules. How much an invoice may spend stands in [`crate::balance`].

use super::*;
use crate::balance::NewAnswer;
use crate::past::{Fact, PastQuestion};
use crate::{Category, Cents, Context, Currency, Decider, GiftCardSpendId, Impossible, InvoiceId, StoreId, Timestamp};

type Decision = Result<Vec<GiftCardEvent>, GiftCardRejection>;

impl Decider for GiftCard {
    const CATEGORY: Category = Category::GiftCard;

    type Id = crate::GiftCardId;
    type Command = GiftCardCommand;
    type Event = GiftCardEvent;
    type Rejection = GiftCardRejection;

    fn decide(&self, command: &GiftCardCommand, context: &Context<'_>) -> Decision {
        match command {
            GiftCardCommand::Issue { issued, gifter_currency } => self.issue(issued, *gifter_currency),
            GiftCardCommand::Spend { invoice_id, due } => self.spend(*invoice_id, *due, context),
            GiftCardCommand::Reverse { invoice_id } => self.reverse(*invoice_id),
            GiftCardCommand::Void => self.void(),
        }
    }

    fn evolve(&mut self, event: &GiftCardEvent, at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event, at)
    }

    fn asks(&self, command: &GiftCardCommand) -> Option<PastQuestion> {
        let card = self.known()?;
        match command {
            GiftCardCommand::Spend { invoice_id, .. } | GiftCardCommand::Reverse { invoice_id } => {
                card.balance.asks(card.issued.gift_card_id.0, *invoice_id)
            }
            GiftCardCommand::Issue { .. } | GiftCardCommand::Void => None,
        }
    }

    fn told(&mut self, asked: &PastQuestion, fact: Option<Fact>) {
        if let GiftCard::Known(card) = self {
            card.balance.told(asked, fact);
        }
    }

    fn forget_told(&mut self) {
        if let GiftCard::Known(card) = self {
            card.balance.forget_told();
        }
    }

    fn event(event: crate::Event) -> Option<GiftCardEvent> {
        match event {
            crate::Event::GiftCard(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        self.known().map(|card| card.issued.store_id)
    }

    /// An invoice that was told 'nothing' leaves no trace that a client sees.
    fn changes_representation(event: &GiftCardEvent) -> bool {
        !matches!(event, GiftCardEvent::GiftCardSpendDeclined(_))
    }

    fn creates(event: &GiftCardEvent) -> bool {
        matches!(event, GiftCardEvent::GiftCardIssued(_))
    }
}

impl GiftCard {
    fn issue(&self, issued: &GiftCardIssued, gifter: Currency) -> Decision {
        if let Some(card) = self.known() {
            let repeat = card.was_issued_by(issued);
            return if repeat { Ok(Vec::new()) } else { Err(GiftCardRejection::GiftCardExists) };
        }
        if gifter != issued.currency {
            return Err(GiftCardRejection::CurrencyMismatch { gifter, recipient: issued.currency });
        }
        Ok(vec![issued.clone().into()])
    }

    fn spend(&self, invoice_id: InvoiceId, due: Cents, context: &Context<'_>) -> Decision {
        let card = self.known().ok_or(GiftCardRejection::GiftCardNotFound)?;
        Ok(match card.balance.answer(invoice_id, due) {
            Some(NewAnswer::Spent { amount, remaining }) => vec![
                GiftCardSpent {
                    gift_card_spend_id: GiftCardSpendId(context.ids.next()),
                    invoice_id,
                    amount_in_cents: amount,
                    remaining_balance_in_cents: remaining,
                }
                .into(),
            ],
            Some(NewAnswer::Declined) => vec![GiftCardSpendDeclined { invoice_id }.into()],
            None => Vec::new(),
        })
    }

    fn reverse(&self, invoice_id: InvoiceId) -> Decision {
        let card = self.known().ok_or(GiftCardRejection::GiftCardNotFound)?;
        let reversed = card.balance.reversal(invoice_id).map(|reversal| GiftCardSpendReversed {
            gift_card_spend_id: GiftCardSpendId(reversal.spend_id),
            invoice_id,
            amount_in_cents: reversal.amount,
            remaining_balance_in_cents: reversal.remaining,
        });
        Ok(reversed.map(Into::into).into_iter().collect())
    }

    fn void(&self) -> Decision {
        let card = self.known().ok_or(GiftCardRejection::GiftCardNotFound)?;
        if card.balance.is_voided() {
            return Ok(Vec::new());
        }
        Ok(vec![GiftCardVoided {}.into()])
    }
}
