//! The fold: what each event makes of the state. A credit's event that the balance could not have given is [`Impossible`].

use super::*;
use crate::balance::{Balance, Reversal};
use crate::{Impossible, Timestamp};

pub(super) fn evolve(state: &mut Credit, event: &CreditEvent, at: Timestamp) -> Result<(), Impossible> {
    let impossible = Impossible { event: event.event_type(), state: word(state) };
    let folded = match (state, event) {
        (state @ Credit::None, CreditEvent::CreditIssued(event)) => {
            *state = issued(event);
            Some(())
        }
        (Credit::Known(credit), event) => fold_known(&mut credit.balance, event, at),
        (
            Credit::None,
            CreditEvent::CreditSpent(_)
            | CreditEvent::CreditSpendDeclined(_)
            | CreditEvent::CreditSpendReversed(_)
            | CreditEvent::CreditVoided(_),
        ) => None,
    };
    folded.ok_or(impossible)
}

fn issued(event: &CreditIssued) -> Credit {
    Credit::Known(Box::new(KnownCredit { issued: event.clone(), balance: Balance::new(event.amount_in_cents) }))
}

fn fold_known(balance: &mut Balance, event: &CreditEvent, at: Timestamp) -> Option<()> {
    match event {
        CreditEvent::CreditIssued(_) => None,
        CreditEvent::CreditSpent(event) => balance.spent(
            event.invoice_id,
            event.credit_redemption_id.0,
            event.amount_in_cents,
            event.remaining_balance_in_cents,
        ),
        CreditEvent::CreditSpendDeclined(event) => balance.declined(event.invoice_id),
        CreditEvent::CreditSpendReversed(event) => balance.reversed(
            event.invoice_id,
            Reversal {
                spend_id: event.credit_redemption_id.0,
                amount: event.amount_in_cents,
                remaining: event.remaining_balance_in_cents,
            },
        ),
        CreditEvent::CreditVoided(_) => balance.voided(at),
    }
}

fn word(state: &Credit) -> &'static str {
    match state {
        Credit::None => "none",
        Credit::Known(credit) if credit.balance.is_voided() => "voided",
        Credit::Known(_) => "issued",
    }
}
