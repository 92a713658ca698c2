//! The fold: what each event makes of the state. A gift card's event that the balance could not have given is [`Impossible`].

use super::*;
use crate::balance::{Balance, Reversal};
use crate::{Impossible, Timestamp};

pub(super) fn evolve(state: &mut GiftCard, event: &GiftCardEvent, at: Timestamp) -> Result<(), Impossible> {
    let impossible = Impossible { event: event.event_type(), state: word(state) };
    let folded = match (state, event) {
        (state @ GiftCard::None, GiftCardEvent::GiftCardIssued(event)) => {
            *state = issued(event);
            Some(())
        }
        (GiftCard::Known(card), event) => fold_known(&mut card.balance, event, at),
        (
            GiftCard::None,
            GiftCardEvent::GiftCardSpent(_)
            | GiftCardEvent::GiftCardSpendDeclined(_)
            | GiftCardEvent::GiftCardSpendReversed(_)
            | GiftCardEvent::GiftCardVoided(_),
        ) => None,
    };
    folded.ok_or(impossible)
}

fn issued(event: &GiftCardIssued) -> GiftCard {
    GiftCard::Known(Box::new(KnownGiftCard { issued: event.clone(), balance: Balance::new(event.amount_in_cents) }))
}

fn fold_known(balance: &mut Balance, event: &GiftCardEvent, at: Timestamp) -> Option<()> {
    match event {
        GiftCardEvent::GiftCardIssued(_) => None,
        GiftCardEvent::GiftCardSpent(event) => balance.spent(
            event.invoice_id,
            event.gift_card_spend_id.0,
            event.amount_in_cents,
            event.remaining_balance_in_cents,
        ),
        GiftCardEvent::GiftCardSpendDeclined(event) => balance.declined(event.invoice_id),
        GiftCardEvent::GiftCardSpendReversed(event) => balance.reversed(
            event.invoice_id,
            Reversal {
                spend_id: event.gift_card_spend_id.0,
                amount: event.amount_in_cents,
                remaining: event.remaining_balance_in_cents,
            },
        ),
        GiftCardEvent::GiftCardVoided(_) => balance.voided(at),
    }
}

fn word(state: &GiftCard) -> &'static str {
    match state {
        GiftCard::None => "none",
        GiftCard::Known(card) if card.balance.is_voided() => "voided",
        GiftCard::Known(_) => "issued",
    }
}
