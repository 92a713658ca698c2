//! A gift card: goods owed from its issue on, until it is spent or voided.

use super::balance::Balance;
use super::{Document, Made, Misfit};
use crate::entry::Draft;
use crate::{Account, Entry, References};
use domain::gift_card::{GiftCardEvent, GiftCardIssued, GiftCardSource};
use domain::{Cents, Currency, CustomerId, GiftCardId, InvoiceId};
use serde::{Deserialize, Serialize};

/// What is remembered of a gift card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftCard {
    #[serde(rename = "id")]
    gift_card_id: GiftCardId,
    /// Who has it.
    customer_id: CustomerId,
    currency: Currency,
    source: GiftCardSource,
    #[serde(flatten)]
    balance: Balance,
}

impl GiftCard {
    /// How it came to be.
    pub fn source(&self) -> GiftCardSource {
        self.source
    }

    /// The currency of its balance.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// What is left of it, in minor units.
    pub fn left(&self) -> Cents {
        self.balance.left
    }

    fn outstanding(&self) -> Account {
        Account::GiftCards(self.source)
    }

    /// The same with another balance, and the entry of what changed it.
    fn with(&self, balance: Balance, draft: Draft, invoice_id: Option<InvoiceId>) -> Made {
        let refers_to = References {
            customer_id: Some(self.customer_id),
            gift_card_id: Some(self.gift_card_id),
            invoice_id,
            ..References::default()
        };
        let entry = draft.entry(self.currency, refers_to)?;
        Ok((Document::GiftCard(GiftCard { balance, ..*self }), entry))
    }
}

/// `None`: nothing follows from the event, and nothing is changed by it.
pub(super) fn apply(before: Option<&Document>, event: &GiftCardEvent) -> Result<Option<(Document, Entry)>, Misfit> {
    let name = event.event_type();
    let draft = Draft::default();
    let made = match event {
        GiftCardEvent::GiftCardIssued(event) => issued(before, event),
        GiftCardEvent::GiftCardSpendDeclined(_) => return Ok(None),
        GiftCardEvent::GiftCardSpent(event) => {
            let (card, amount) = (known(before, name)?, event.amount_in_cents);
            let balance = card.balance.spent(amount, event.remaining_balance_in_cents, name)?;
            let draft = draft.debit(card.outstanding(), amount).credit(Account::ClearingGiftCards, amount);
            card.with(balance, draft, Some(event.invoice_id))
        }
        GiftCardEvent::GiftCardSpendReversed(event) => {
            let (card, amount) = (known(before, name)?, event.amount_in_cents);
            let balance = card.balance.reversed(amount, event.remaining_balance_in_cents, name)?;
            // What comes back to a card that is voided is nobody's any more.
            let back = if balance.voided { Account::Breakage } else { card.outstanding() };
            card.with(
                balance,
                draft.debit(Account::ClearingGiftCards, amount).credit(back, amount),
                Some(event.invoice_id),
            )
        }
        GiftCardEvent::GiftCardVoided(_) => {
            let card = known(before, name)?;
            let left = card.balance.left;
            let draft = draft.debit(card.outstanding(), left).credit(Account::Breakage, left);
            card.with(card.balance.voided(name)?, draft, None)
        }
    };
    made.map(Some)
}

fn known<'d>(before: Option<&'d Document>, event: &'static str) -> Result<&'d GiftCard, Misfit> {
    match before {
        Some(Document::GiftCard(card)) => Ok(card),
        Some(Document::Billed(_) | Document::Credit(_) | Document::Invoice(_)) => Err(Misfit::OtherKind { event }),
        None => Err(Misfit::NotIssued { event }),
    }
}

fn issued(before: Option<&Document>, event: &GiftCardIssued) -> Made {
    if before.is_some() {
        return Err(Misfit::IssuedAlready { event: "GiftCardIssued" });
    }
    let card = GiftCard {
        gift_card_id: event.gift_card_id,
        customer_id: event.recipient_customer_id,
        currency: event.currency,
        source: event.source,
        balance: Balance::of(event.amount_in_cents),
    };
    let other_side = match event.source {
        GiftCardSource::Sold => Account::ClearingGiftCardSales,
        GiftCardSource::Given => Account::Goodwill,
        GiftCardSource::Unstated => Account::Unstated,
    };
    let amount = event.amount_in_cents;
    let refers_to = References {
        customer_id: Some(event.gifter_customer_id),
        gift_card_id: Some(event.gift_card_id),
        ..References::default()
    };
    let draft = Draft::default().debit(other_side, amount).credit(card.outstanding(), amount);
    Ok((Document::GiftCard(card), draft.entry(event.currency, refers_to)?))
}
