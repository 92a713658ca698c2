//! What a credit answers, one rule after the other. That its books balance stands in `balance/tests.rs`.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::balance::Balance;
use crate::balance::tests::{Told, Wallet, cents, invoice_id};
use crate::testing::{Given, NOW, decide, given, id, new_id, nothing};
use crate::{Cents, CreditId, CreditRedemptionId, CustomerId, Decider, InvoiceId, JobId, RefundId, StoreId};

fn credit(amount: i64) -> CreditIssued {
    CreditIssued {
        credit_id: CreditId(id(1)),
        store_id: StoreId(id(2)),
        customer_id: CustomerId(id(3)),
        currency: "EUR".parse().unwrap(),
        amount_in_cents: cents(amount),
        source: CreditSource::Issued,
    }
}

fn issue(amount: i64) -> CreditCommand {
    CreditCommand::Issue(credit(amount))
}

fn issued(amount: i64) -> CreditEvent {
    issued_from(CreditSource::Issued, amount)
}

fn issued_from(source: CreditSource, amount: i64) -> CreditEvent {
    CreditIssued { source, ..credit(amount) }.into()
}

fn hundred() -> Given<Credit> {
    given::<Credit>([issued(100)])
}

fn spend(invoice: u8, due: i64) -> CreditCommand {
    CreditCommand::Spend { invoice_id: invoice_id(invoice), due: cents(due) }
}

fn reverse(invoice: u8) -> CreditCommand {
    CreditCommand::Reverse { invoice_id: invoice_id(invoice) }
}

fn spent(invoice: u8, amount: i64, remaining: i64) -> CreditEvent {
    CreditSpent {
        credit_redemption_id: CreditRedemptionId(new_id(0)),
        invoice_id: invoice_id(invoice),
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
    .into()
}

fn declined(invoice: u8) -> CreditEvent {
    CreditSpendDeclined { invoice_id: invoice_id(invoice) }.into()
}

fn reversed(invoice: u8, amount: i64, remaining: i64) -> CreditEvent {
    CreditSpendReversed {
        credit_redemption_id: CreditRedemptionId(new_id(0)),
        invoice_id: invoice_id(invoice),
        amount_in_cents: cents(amount),
        remaining_balance_in_cents: cents(remaining),
    }
    .into()
}

impl Wallet for Credit {
    fn issue(amount: Cents) -> CreditCommand {
        issue(amount.get())
    }

    fn spend(invoice_id: InvoiceId, due: Cents) -> CreditCommand {
        CreditCommand::Spend { invoice_id, due }
    }

    fn reverse(invoice_id: InvoiceId) -> CreditCommand {
        CreditCommand::Reverse { invoice_id }
    }

    fn void() -> CreditCommand {
        CreditCommand::Void
    }

    fn tell(event: &CreditEvent) -> Told {
        match event {
            CreditEvent::CreditIssued(event) => Told::Issued { amount: event.amount_in_cents },
            CreditEvent::CreditSpent(event) => Told::Spent {
                invoice_id: event.invoice_id,
                spend_id: event.credit_redemption_id.0,
                amount: event.amount_in_cents,
                remaining: event.remaining_balance_in_cents,
            },
            CreditEvent::CreditSpendDeclined(event) => Told::Declined { invoice_id: event.invoice_id },
            CreditEvent::CreditSpendReversed(event) => Told::Reversed {
                invoice_id: event.invoice_id,
                spend_id: event.credit_redemption_id.0,
                amount: event.amount_in_cents,
                remaining: event.remaining_balance_in_cents,
            },
            CreditEvent::CreditVoided(_) => Told::Voided,
        }
    }

    fn balance(&self) -> &Balance {
        &self.known().unwrap().balance
    }
}

#[test]
fn a_credit_is_issued_once_and_a_repeat_finds_it() {
    let sources = [
        CreditSource::Issued,
        CreditSource::Refund { invoice_id: invoice_id(1), refund_id: RefundId(id(8)) },
        CreditSource::Batch { job_id: JobId(id(9)) },
    ];
    for source in sources {
        let issue = |currency: &str, amount| {
            let currency = currency.parse().unwrap();
            CreditCommand::Issue(CreditIssued { source, currency, ..credit(amount) })
        };
        let issued = issued_from(source, 100);
        let first = nothing::<Credit>().when(issue("EUR", 100)).then([issued]).and_a_repeat_gives_nothing();
        // Also when it was used since, and when the customer changed the currency: a batch must get past it.
        first.clone().and([spent(1, 100, 0)]).when(issue("USD", 100)).then_nothing();
        first.clone().when(issue("EUR", 101)).then_rejected(CreditRejection::CreditExists);
        let of_another_job = CreditSource::Batch { job_id: JobId(id(10)) };
        let other = CreditCommand::Issue(CreditIssued { source: of_another_job, ..credit(100) });
        first.when(other).then_rejected(CreditRejection::CreditExists);
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
    let voided = used.when(CreditCommand::Void).then([CreditVoided {}]).and_a_repeat_gives_nothing();
    voided.clone().when(spend(2, 10)).then([declined(2)]);
    let back = voided.when(reverse(1)).then([reversed(1, 30, 0)]).and_a_repeat_gives_nothing();
    assert_eq!(back.state.balance().current, Cents::ZERO);
    back.when(spend(3, 10)).then([declined(3)]);
}

/// Each command breaks the rule it is refused by and as many later ones as it can.
#[test]
fn the_rejections_come_in_the_order_they_are_declared_in() {
    let table = [
        (Credit::None, spend(1, 1), CreditRejection::CreditNotFound),
        (hundred().state, issue(1), CreditRejection::CreditExists),
    ];
    let mut ranks = Vec::new();
    for (state, command, expected) in table {
        ranks.push(rank(&expected));
        assert_eq!(decide(&state, &command, NOW), Err(expected), "{command:?}");
    }
    assert_eq!(ranks, (0..ranks.len()).collect::<Vec<_>>(), "the table names every rule, in order");
    for command in [spend(1, 1), reverse(1), CreditCommand::Void] {
        nothing::<Credit>().when(command).then_rejected(CreditRejection::CreditNotFound);
    }
}

fn rank(rejection: &CreditRejection) -> usize {
    match rejection {
        CreditRejection::CreditNotFound => 0,
        CreditRejection::CreditExists => 1,
    }
}

#[test]
fn what_no_history_can_contain_is_impossible() {
    for event in [spent(1, 1, 99), declined(1), reversed(1, 1, 100), CreditVoided {}.into()] {
        nothing::<Credit>().is_impossible(event);
    }
    hundred().is_impossible(issued(100));
    hundred().is_impossible(spent(1, 101, 0));
    hundred().is_impossible(reversed(1, 1, 100));
    hundred().and([spent(1, 30, 70)]).is_impossible(reversed(1, 30, 99));
    hundred().and([CreditVoided {}]).is_impossible(CreditVoided {});
    hundred().and([CreditVoided {}]).is_impossible(spent(1, 1, 99));
}

#[test]
fn an_invoice_that_was_declined_changes_no_revision() {
    assert!(!Credit::changes_representation(&declined(1)));
    assert!(Credit::changes_representation(&spent(1, 1, 99)));
}
