//! What a gift card answers, one rule after the other. That its books balance stands in `balance/tests.rs`.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::balance::Balance;
use crate::balance::tests::{Told, Wallet, cents, invoice_id};
use crate::testing::{Given, NOW, decide, given, id, new_id, nothing};
use crate::{Cents, CustomerId, Decider, GiftCardId, GiftCardSpendId, InvoiceId, StoreId};

fn card(amount: i64) -> GiftCardIssued {
    GiftCardIssued {
        gift_card_id: GiftCardId(id(1)),
        store_id: StoreId(id(2)),
        gifter_customer_id: CustomerId(id(3)),
        recipient_customer_id: CustomerId(id(4)),
        currency: "EUR".parse().unwrap(),
        amount_in_cents: cents(amount),
        source: GiftCardSource::Sold,
    }
}

fn issue(amount: i64) -> GiftCardCommand {
    GiftCardCommand::Issue { issued: card(amount), gifter_currency: "EUR".parse().unwrap() }
}

/// The recipient has another currency than the gifter.
fn issue_across_currencies(amount: i64) -> GiftCardCommand {
    let issued = GiftCardIssued { currency: "USD".parse().unwrap(), ..card(amount) };
    GiftCardCommand::Issue { issued, gifter_currency: "EUR".parse().unwrap() }
}

fn mismatch() -> GiftCardRejection {
    GiftCardRejection::CurrencyMismatch { gifter: "EUR".parse().unwrap(), recipient: "USD".parse().unwrap() }
}

fn issued(amount: i64) -> GiftCardEvent {
    card(amount).into()
}

fn hundred() -> Given<GiftCard> {
    given::<GiftCard>([issued(100)])
}

fn spend(invoice: u8, due: i64) -> GiftCardCommand {
    GiftCardCommand::Spend { invoice_id: invoice_id(invoice), due: cents(due) }
}

fn reverse(invoice: u8) -> GiftCardCommand {
    GiftCardCommand::Reverse { invoice_id: invoice_id(invoice) }
}

fn spent(invoice: u8, amount: i64, remaining: i64) -> GiftCardEvent {
    GiftCardSpent {
        gift_card_spend_id: GiftCardSpendId(new_id(0)),
        invoice_id: invoice_id(invoice),
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
    .into()
}

fn declined(invoice: u8) -> GiftCardEvent {
    GiftCardSpendDeclined { invoice_id: invoice_id(invoice) }.into()
}

fn reversed(invoice: u8, amount: i64, remaining: i64) -> GiftCardEvent {
    GiftCardSpendReversed {
        gift_card_spend_id: GiftCardSpendId(new_id(0)),
        invoice_id: invoice_id(invoice),
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
    .into()
}

impl Wallet for GiftCard {
    fn issue(amount: Cents) -> GiftCardCommand {
        issue(amount.get())
    }

    fn spend(invoice_id: InvoiceId, due: Cents) -> GiftCardCommand {
        GiftCardCommand::Spend { invoice_id, due }
    }

    fn reverse(invoice_id: InvoiceId) -> GiftCardCommand {
        GiftCardCommand::Reverse { invoice_id }
    }

    fn void() -> GiftCardCommand {
        GiftCardCommand::Void
    }

    fn tell(event: &GiftCardEvent) -> Told {
        match event {
            GiftCardEvent::GiftCardIssued(event) => Told::Issued { amount: event.amount_in_cents },
            GiftCardEvent::GiftCardSpent(event) => Told::Spent {
                invoice_id: event.invoice_id,
                spend_id: event.gift_card_spend_id.0,
                amount: event.amount_in_cents,
                remaining: event.remaining_balance_in_cents,
            },
            GiftCardEvent::GiftCardSpendDeclined(event) => Told::Declined { invoice_id: event.invoice_id },
            GiftCardEvent::GiftCardSpendReversed(event) => Told::Reversed {
                invoice_id: event.invoice_id,
                spend_id: event.gift_card_spend_id.0,
                amount: event.amount_in_cents,
                remaining: event.remaining_balance_in_cents,
            },
            GiftCardEvent::GiftCardVoided(_) => Told::Voided,
        }
    }

    fn balance(&self) -> &Balance {
        &self.known().unwrap().balance
    }
}

#[test]
fn a_gift_card_is_issued_once_and_a_repeat_finds_it() {
    let first = nothing::<GiftCard>().when(issue(100)).then([issued(100)]).and_a_repeat_gives_nothing();
    first.clone().when(issue(101)).then_rejected(GiftCardRejection::GiftCardExists);
    let to_another = GiftCardIssued { recipient_customer_id: CustomerId(id(5)), ..card(100) };
    let to_another = GiftCardCommand::Issue { issued: to_another, gifter_currency: "EUR".parse().unwrap() };
    first.clone().when(to_another).then_rejected(GiftCardRejection::GiftCardExists);
    first.clone().when(issue_from(GiftCardSource::Given)).then_rejected(GiftCardRejection::GiftCardExists);
    // Also when it was used since, and when a customer changed the currency.
    first.and([spent(1, 100, 0)]).when(issue_across_currencies(100)).then_nothing();
    nothing::<GiftCard>().when(issue_across_currencies(100)).then_rejected(mismatch());
}

fn from(source: GiftCardSource) -> GiftCardIssued {
    GiftCardIssued { source, ..card(100) }
}

fn issue_from(source: GiftCardSource) -> GiftCardCommand {
    GiftCardCommand::Issue { issued: from(source), gifter_currency: "EUR".parse().unwrap() }
}

/// A card from before events said where it comes from is stored and read without, and a repeat finds it whatever it says.
#[test]
fn a_card_of_before_says_nothing_of_its_source_and_a_repeat_finds_it() {
    let before = from(GiftCardSource::Unstated);
    let stored = serde_json::to_value(&before).unwrap();
    assert!(stored.get("source").is_none());
    assert_eq!(serde_json::from_value::<GiftCardIssued>(stored).unwrap(), before);
    for source in [GiftCardSource::Sold, GiftCardSource::Given] {
        given::<GiftCard>([GiftCardEvent::from(before.clone())]).when(issue_from(source)).then_nothing();
        let stored = serde_json::to_value(from(source)).unwrap();
        assert_eq!(serde_json::from_value::<GiftCardIssued>(stored).unwrap().source, source);
    }
}

#[test]
fn an_invoice_gets_what_is_due_or_what_there_is_and_the_first_answer_stands() {
    let some = hundred().when(spend(1, 30)).then([spent(1, 30, 70)]).and_a_repeat_gives_nothing();
    some.clone().when(spend(1, 99)).then_nothing();
    let all = some.when(spend(2, 71)).then([spent(2, 70, 0)]).and_a_repeat_gives_nothing();
    let empty = all.when(spend(3, 1)).then([declined(3)]).and_a_repeat_gives_nothing();
    // What comes back goes to others: the declined invoice has its answer.
    let back = empty.when(reverse(2)).then([reversed(2, 70, 70)]).and_a_repeat_gives_nothing();
    back.clone().when(spend(3, 1)).then_nothing();
    back.clone().when(spend(2, 1)).then_nothing();
    back.when(spend(4, 80)).then([spent(4, 70, 0)]);
}

#[test]
fn an_invoice_that_spent_nothing_gives_nothing_back() {
    hundred().when(reverse(1)).then_nothing();
    hundred().and([spent(1, 100, 0), declined(2)]).when(reverse(2)).then_nothing();
}

#[test]
fn once_voided_the_balance_stays_zero() {
    let used = hundred().and([spent(1, 30, 70)]);
    let voided = used.when(GiftCardCommand::Void).then([GiftCardVoided {}]).and_a_repeat_gives_nothing();
    voided.clone().when(spend(2, 10)).then([declined(2)]);
    let back = voided.when(reverse(1)).then([reversed(1, 30, 0)]).and_a_repeat_gives_nothing();
    assert_eq!(back.state.balance().current, Cents::ZERO);
    back.when(spend(3, 10)).then([declined(3)]);
}

/// Each command breaks the rule it is refused by and as many later ones as it can.
#[test]
fn the_rejections_come_in_the_order_they_are_declared_in() {
    let table = [
        (GiftCard::None, spend(1, 1), GiftCardRejection::GiftCardNotFound),
        (hundred().state, issue_across_currencies(1), GiftCardRejection::GiftCardExists),
        (GiftCard::None, issue_across_currencies(1), mismatch()),
    ];
    let mut ranks = Vec::new();
    for (state, command, expected) in table {
        ranks.push(rank(&expected));
        assert_eq!(decide(&state, &command, NOW), Err(expected), "{command:?}");
    }
    assert_eq!(ranks, (0..ranks.len()).collect::<Vec<_>>(), "the table names every rule, in order");
    for command in [spend(1, 1), reverse(1), GiftCardCommand::Void] {
        nothing::<GiftCard>().when(command).then_rejected(GiftCardRejection::GiftCardNotFound);
    }
}

fn rank(rejection: &GiftCardRejection) -> usize {
    match rejection {
        GiftCardRejection::GiftCardNotFound => 0,
        GiftCardRejection::GiftCardExists => 1,
        GiftCardRejection::CurrencyMismatch { .. } => 2,
    }
}

#[test]
fn what_no_history_can_contain_is_impossible() {
    for event in [spent(1, 1, 99), declined(1), reversed(1, 1, 100), GiftCardVoided {}.into()] {
        nothing::<GiftCard>().is_impossible(event);
    }
    hundred().is_impossible(issued(100));
    hundred().is_impossible(spent(1, 101, 0));
    hundred().is_impossible(reversed(1, 1, 100));
    hundred().and([spent(1, 30, 70)]).is_impossible(reversed(1, 30, 99));
    hundred().and([GiftCardVoided {}]).is_impossible(GiftCardVoided {});
    hundred().and([GiftCardVoided {}]).is_impossible(spent(1, 1, 99));
}

#[test]
fn an_invoice_that_was_declined_changes_no_revision() {
    assert!(!GiftCard::changes_representation(&declined(1)));
    assert!(GiftCard::changes_representation(&spent(1, 1, 99)));
}
