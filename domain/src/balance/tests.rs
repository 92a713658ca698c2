//! What holds for every balance, whoever has it: random histories of gift cards and credits against one auditor.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use super::*;
use crate::Decider;
use crate::testing::{History, id, keeping};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fmt::Debug;

/// An aggregate with a balance, in the words that gift cards and credits share.
pub(crate) trait Wallet: Decider + PartialEq + Debug
where
    Self::Event: PartialEq + Debug,
    Self::Rejection: PartialEq,
{
    fn issue(amount: Cents) -> Self::Command;
    fn spend(invoice_id: InvoiceId, due: Cents) -> Self::Command;
    fn reverse(invoice_id: InvoiceId) -> Self::Command;
    fn void() -> Self::Command;
    fn tell(event: &Self::Event) -> Told;
    fn balance(&self) -> &Balance;
}

/// What an event says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Told {
    Issued { amount: Cents },
    Spent { invoice_id: InvoiceId, spend_id: Uuid, amount: Cents, remaining: Cents },
    Declined { invoice_id: InvoiceId },
    Reversed { invoice_id: InvoiceId, spend_id: Uuid, amount: Cents, remaining: Cents },
    Voided,
}

#[derive(Clone, Debug)]
enum Step {
    Spend { invoice: u8, due: i64 },
    Reverse { invoice: u8 },
    Void,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (0..12u8, prop_oneof![Just(0i64), 1..50i64, 1..2_000i64])
            .prop_map(|(invoice, due)| Step::Spend { invoice, due }),
        6 => (0..12u8).prop_map(|invoice| Step::Reverse { invoice }),
        1 => Just(Step::Void),
    ]
}

pub(crate) fn invoice_id(number: u8) -> InvoiceId {
    InvoiceId(id(0x300 + u128::from(number)))
}

pub(crate) fn cents(cents: i64) -> Cents {
    Cents::new(cents).unwrap()
}

/// Keeps the books from the events alone.
#[derive(Default)]
struct Auditor {
    original: Cents,
    /// Invoice, spend and amount of the spends that count.
    live: Vec<(InvoiceId, Uuid, Cents)>,
    answered: Vec<InvoiceId>,
    voided: bool,
}

impl Auditor {
    fn balance(&self) -> Cents {
        if self.voided {
            return Cents::ZERO;
        }
        let spent = Cents::sum(self.live.iter().map(|(_, _, amount)| *amount)).unwrap();
        self.original.minus(spent).expect("more was spent than there ever was")
    }

    fn see(&mut self, told: Told, due: Cents) {
        match told {
            Told::Issued { amount } => self.original = amount,
            Told::Spent { invoice_id, spend_id, amount, remaining } => {
                self.answer(invoice_id);
                assert_eq!(amount, self.balance().min(due), "neither more than is due nor less than there is");
                assert!(!amount.is_zero() && !self.live.iter().any(|(_, known, _)| *known == spend_id));
                self.live.push((invoice_id, spend_id, amount));
                assert_eq!(remaining, self.balance());
            }
            Told::Declined { invoice_id } => {
                self.answer(invoice_id);
                assert!(self.balance().is_zero() || due.is_zero(), "declined though it could pay");
            }
            Told::Reversed { invoice_id, spend_id, amount, remaining } => {
                let spend = (invoice_id, spend_id, amount);
                let position = self.live.iter().position(|live| *live == spend).expect("no such spend counts");
                self.live.remove(position);
                assert_eq!(remaining, self.balance());
            }
            Told::Voided => assert!(!std::mem::replace(&mut self.voided, true), "voided twice"),
        }
    }

    fn answer(&mut self, invoice_id: InvoiceId) {
        assert!(!self.answered.contains(&invoice_id), "an invoice was answered twice");
        self.answered.push(invoice_id);
    }
}

/// balance = original − live spends at every step, 0 once voided, and no command counts twice.
fn books_balance<W: Wallet>(original: i64, steps: &[Step])
where
    W::Event: PartialEq + Debug,
    W::Rejection: PartialEq,
{
    let mut history = History::<W>::new();
    let mut auditor = Auditor::default();
    let issue = std::iter::once((W::issue(cents(original)), Cents::ZERO));
    let commands = steps.iter().map(|step| match step {
        Step::Spend { invoice, due } => (W::spend(invoice_id(*invoice), cents(*due)), cents(*due)),
        Step::Reverse { invoice } => (W::reverse(invoice_id(*invoice)), Cents::ZERO),
        Step::Void => (W::void(), Cents::ZERO),
    });
    for (command, due) in issue.chain(commands) {
        let events = history.send(&command).unwrap();
        events.iter().for_each(|event| auditor.see(W::tell(event), due));
        assert_eq!(history.state.balance().current, auditor.balance());
        assert_eq!(history.send(&command), Ok(Vec::new()), "a repeat counted");
    }
    history.assert_survives_storage();
}

proptest! {
    #[test]
    fn the_books_of_a_gift_card_balance(original in 1..3_000i64, steps in vec(any_step(), 0..60), kept in 1..15usize) {
        keeping(kept, || books_balance::<crate::gift_card::GiftCard>(original, &steps));
    }

    #[test]
    fn the_books_of_a_credit_balance(original in 1..3_000i64, steps in vec(any_step(), 0..60), kept in 1..15usize) {
        keeping(kept, || books_balance::<crate::credit::Credit>(original, &steps));
    }
}

#[test]
fn what_an_invoice_was_told_stays_as_it_was() {
    let mut balance = Balance::new(cents(100));
    balance.spent(invoice_id(1), id(1), cents(30), cents(70)).unwrap();
    balance.spent(invoice_id(2), id(2), cents(70), cents(0)).unwrap();
    balance.declined(invoice_id(3)).unwrap();
    balance.reversed(invoice_id(2), balance.reversal(invoice_id(2)).unwrap()).unwrap();
    let told = |number| *balance.answers.get(&invoice_id(number)).unwrap();
    assert_eq!((told(1).amount, told(1).remaining, told(1).reversed), (cents(30), cents(70), false));
    assert_eq!((told(2).amount, told(2).remaining, told(2).reversed), (cents(70), cents(0), true));
    assert_eq!((told(3).amount, told(3).remaining, told(3).reversed), (cents(0), cents(0), false));
    assert_eq!(balance.current, cents(70));
}

#[test]
fn an_answer_that_the_balance_could_not_give_is_not_folded() {
    let mut balance = Balance::new(cents(100));
    assert_eq!(balance.spent(invoice_id(1), id(1), cents(101), cents(0)), None, "more than there is");
    assert_eq!(balance.spent(invoice_id(1), id(1), cents(30), cents(71)), None, "a cent too many remains");
    assert_eq!(balance.spent(invoice_id(1), id(1), cents(0), cents(100)), None, "a spend of nothing");
    balance.spent(invoice_id(1), id(1), cents(30), cents(70)).unwrap();
    assert_eq!(balance.spent(invoice_id(1), id(2), cents(30), cents(40)), None, "a second answer");
    assert_eq!(balance.declined(invoice_id(1)), None, "a second answer");
    let of_another = Reversal { spend_id: id(9), amount: cents(30), remaining: cents(100) };
    assert_eq!(balance.reversed(invoice_id(1), of_another), None, "the reversal of another spend");
    assert_eq!(balance.current, cents(70));
}
