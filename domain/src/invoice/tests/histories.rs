//! Random histories: the balance equation holds, and never more goes back than came in, of any line or as money.

use super::*;
use crate::recent::KEPT_IN_TEST;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug)]
enum Step {
    Collect,
    Fail,
    Full {
        as_credit: bool,
    },
    /// So many thousandths of what there was to refund.
    Amount {
        share: i64,
        as_credit: bool,
    },
    Lines {
        lines: Vec<(u8, Option<i64>)>,
        as_credit: bool,
    },
    CloseRefunds,
}

fn any_step() -> impl Strategy<Value = Step> {
    let line = || (0..9u8, proptest::option::weighted(0.7, 0..500i64));
    prop_oneof![
        4 => Just(Step::Collect),
        1 => prop::bool::weighted(0.2).prop_map(|fail| if fail { Step::Fail } else { Step::Collect }),
        2 => any::<bool>().prop_map(|as_credit| Step::Full { as_credit }),
        8 => (0..400i64, any::<bool>()).prop_map(|(share, as_credit)| Step::Amount { share, as_credit }),
        8 => (vec(line(), 0..4), any::<bool>()).prop_map(|(lines, as_credit)| Step::Lines { lines, as_credit }),
        1 => Just(Step::CloseRefunds),
    ]
}

/// A bill as it may come: the wallet pays some share of what is due.
fn any_bill() -> impl Strategy<Value = Bill> {
    let share = || prop_oneof![Just(0i64), 0..=1_000i64, Just(1_000i64)];
    (any_terms(), share(), share()).prop_map(|((terms, discount), of_due, of_wallet)| {
        let due: i64 = terms.lines(discount).unwrap().iter().map(|line| line.gross().unwrap().get()).sum();
        let wallet = thousandths(due, of_due);
        let gift_card = thousandths(wallet, of_wallet);
        let discount = (!discount.is_zero()).then_some(discount);
        Bill { terms, discount, gift_card, credit: wallet - gift_card }
    })
}

fn thousandths(amount: i64, share: i64) -> i64 {
    (i128::from(amount) * i128::from(share) / 1_000) as i64
}

fn command(number: u8, step: &Step, gross: i64) -> InvoiceCommand {
    let refund = |what, as_credit: &bool| {
        InvoiceCommand::Refund(IssueRefund {
            refund_id: refund_id(number),
            what,
            as_credit: *as_credit,
            issued_on: day(),
        })
    };
    match step {
        Step::Collect => InvoiceCommand::Collect,
        Step::Fail => InvoiceCommand::Fail,
        Step::Full { as_credit } => refund(RefundRequest::Full, as_credit),
        Step::Amount { share, as_credit } => refund(amount(thousandths(gross, *share)), as_credit),
        Step::Lines { lines, as_credit } => refund(super::lines(lines), as_credit),
        Step::CloseRefunds => InvoiceCommand::CloseRefunds,
    }
}

/// Keeps the books from the events alone.
struct Auditor {
    issued: InvoiceIssued,
    /// Refunded of each line: with tax, and the tax alone.
    lines: HashMap<InvoiceLineItemId, (i64, i64)>,
    as_money: i64,
    ends: u32,
}

impl Auditor {
    fn see(&mut self, event: &InvoiceEvent) {
        match event {
            InvoiceEvent::InvoiceIssued(event) => {
                assert!(event.adds_up());
                self.issued = event.clone();
            }
            InvoiceEvent::InvoiceCollected(_) | InvoiceEvent::InvoiceFailed(_) => self.ends += 1,
            InvoiceEvent::RefundIssued(event) => self.refund(event),
            InvoiceEvent::RefundsClosed(_) => {}
        }
        assert!(self.ends <= 1, "an invoice ended twice");
    }

    fn refund(&mut self, refund: &RefundIssued) {
        assert_eq!(self.ends, 1, "refunded though never collected");
        let mut total = 0;
        for part in &refund.lines {
            let (amount, tax) = (part.total_amount_in_cents.get(), part.tax_amount_in_cents.get());
            assert!(amount > 0 && tax <= amount);
            let refunded = self.lines.entry(part.invoice_line_item_id).or_default();
            *refunded = (refunded.0 + amount, refunded.1 + tax);
            total += amount;
        }
        assert_eq!(total, refund.total_amount_in_cents.get());
        let credit = refund.credit_amount_in_cents;
        assert_eq!(refund.credit_id, (!credit.is_zero()).then(|| CreditId::of_refund(refund.refund_id)));
        self.as_money += total - credit.get();
        assert!(self.as_money <= self.issued.amount_due_in_cents.get(), "more money went back than came in");
        self.check_lines(refund.nothing_left);
    }

    fn check_lines(&self, nothing_left: bool) {
        let mut all_gone = true;
        for line in &self.issued.lines {
            let (refunded, tax) = self.lines.get(&line.invoice_line_item_id).copied().unwrap_or_default();
            let (gross, of_tax) = (line.gross().unwrap().get(), line.tax_amount_in_cents.get());
            assert!(refunded <= gross && tax <= of_tax, "more was refunded than the line cost");
            assert!(refunded < gross || tax == of_tax, "the tax parts don't sum to the line's tax");
            all_gone &= refunded == gross;
        }
        assert_eq!(all_gone, nothing_left);
    }
}

proptest! {
    #[test]
    fn never_more_goes_back_than_came_in(bill in any_bill(), steps in vec(any_step(), 0..25), kept in 1..10usize) {
        KEPT_IN_TEST.set(kept);
        let mut history = History::<Invoice>::new();
        let mut auditor = Auditor { issued: issued(&bill), lines: HashMap::new(), as_money: 0, ends: 0 };
        let gross = auditor.issued.lines.iter().map(|line| line.gross().unwrap().get()).sum();
        history.send(&issue(&bill)).unwrap();
        for (number, step) in (0u8..).zip(&steps) {
            let command = command(number, step, gross);
            let Ok(events) = history.send(&command) else { continue };
            events.iter().for_each(|event| auditor.see(event));
            let repeat = history.send(&command);
            match step {
                Step::Collect => prop_assert_eq!(repeat, Err(InvoiceRejection::InvoiceIsNotOpen)),
                Step::CloseRefunds => prop_assert_eq!(repeat, Err(InvoiceRejection::RefundNotFound)),
                Step::Fail | Step::Full { .. } | Step::Amount { .. } | Step::Lines { .. } => {
                    prop_assert_eq!(repeat, Ok(Vec::new()), "{:?} was repeated", step);
                }
            }
        }
        assert_agrees(history.state.known().unwrap(), &auditor);
        history.assert_survives_storage();
    }
}

fn assert_agrees(invoice: &KnownInvoice, auditor: &Auditor) {
    let refunded: i64 = auditor.lines.values().map(|(amount, _)| amount).sum();
    let gross: i64 = auditor.issued.lines.iter().map(|line| line.gross().unwrap().get()).sum();
    assert_eq!(invoice.left_to_refund().unwrap().get(), gross - refunded);
    assert_eq!(invoice.money_left().unwrap().get(), auditor.issued.amount_due_in_cents.get() - auditor.as_money);
    let expected = match (refunded, gross - refunded) {
        // Of nothing all can be refunded.
        (0, 0) => {
            vec![InvoiceStatus::Open, InvoiceStatus::Collected, InvoiceStatus::Failed, InvoiceStatus::Refunded]
        }
        (0, _) => vec![InvoiceStatus::Open, InvoiceStatus::Collected, InvoiceStatus::Failed],
        (_, 0) => vec![InvoiceStatus::Refunded],
        (_, _) => vec![InvoiceStatus::PartiallyRefunded],
    };
    assert!(expected.contains(&invoice.status));
}
