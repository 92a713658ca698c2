//! Refunds: over the lines, into amount and tax, into money and credit.

use super::*;

/// What a refund gives of each line: (line, amount with tax, tax).
type Parts = Vec<(InvoiceLineItemId, i64, i64)>;

fn refunded(given: &Given<Invoice>, command: &InvoiceCommand) -> RefundIssued {
    let events = decide(&given.state, command, NOW).unwrap();
    match events.into_iter().next() {
        Some(InvoiceEvent::RefundIssued(event)) => event,
        other => panic!("no refund was issued but {other:?}"),
    }
}

fn parts(refund: &RefundIssued) -> Parts {
    let part = |line: &RefundLine| {
        (line.invoice_line_item_id, line.total_amount_in_cents.get(), line.tax_amount_in_cents.get())
    };
    refund.lines.iter().map(part).collect()
}

fn after(given: Given<Invoice>, command: InvoiceCommand) -> Given<Invoice> {
    let refund = refunded(&given, &command);
    given.and([refund])
}

fn status(given: &Given<Invoice>) -> InvoiceStatus {
    given.state.known().unwrap().status
}

/// 10.00 and 20.00 at 10 %, 5.00 shipping: 11.00, 22.00 and 5.00 to refund.
fn three_lines() -> Bill {
    bill(with_shipping(terms(&[(1, 1_000), (2, 1_000)], 1_000), 500))
}

fn shipping() -> InvoiceLineItemId {
    InvoiceLineItemId(id(0x4000))
}

#[test]
fn a_full_refund_gives_back_all_that_is_left_and_is_issued_once() {
    let expected = RefundIssued {
        refund_id: refund_id(1),
        customer_id: CustomerId(id(3)),
        lines: [(line(0), 1_100, 100), (line(1), 2_200, 200), (shipping(), 500, 0)]
            .iter()
            .zip(0..)
            .map(|((line, total, tax), nth)| RefundLine {
                refund_line_item_id: RefundLineItemId(new_id(nth)),
                invoice_line_item_id: *line,
                total_amount_in_cents: cents(*total),
                tax_amount_in_cents: cents(*tax),
            })
            .collect(),
        total_amount_in_cents: cents(3_800),
        credit_amount_in_cents: Cents::ZERO,
        credit_id: None,
        nothing_left: true,
        issued_on: Some(day()),
    };
    let all = collected(&three_lines()).when(refund(1, RefundRequest::Full)).then([expected]);
    let refunded = all.and_a_repeat_gives_nothing();
    assert_eq!(status(&refunded), InvoiceStatus::Refunded);
    refunded.when(refund(2, RefundRequest::Full)).then_rejected(InvoiceRejection::InvoiceIsNotCollected);
}

#[test]
fn an_amount_is_spread_over_what_is_left_of_each_line() {
    let invoice = collected(&three_lines());
    // 38.00 in all: 10.00 are 289.47, 578.95 and 131.58 cents.
    let first = refunded(&invoice, &refund(1, amount(1_000)));
    assert_eq!(parts(&first), [(line(0), 289, 26), (line(1), 579, 53), (shipping(), 132, 0)]);
    let invoice = invoice.and([first]);
    assert_eq!(status(&invoice), InvoiceStatus::PartiallyRefunded);
    // Once a line is gone, the rest is spread over the others.
    let invoice = after(invoice, refund(2, lines(&[(1, None)])));
    let third = refunded(&invoice, &refund(3, amount(100)));
    assert_eq!(parts(&third), [(line(0), 69, 7), (shipping(), 31, 0)]);
    let left = 3_800 - 1_000 - 1_621 - 100;
    let invoice = invoice.and([third]);
    invoice.clone().when(refund(4, amount(left + 1))).then_rejected(exceeds(left, left + 1));
    let last = refunded(&invoice, &refund(4, amount(left)));
    assert!(last.nothing_left);
    assert_eq!(status(&invoice.and([last])), InvoiceStatus::Refunded);
}

#[test]
fn lines_are_refunded_by_their_amount_or_whole_and_never_beyond() {
    let invoice = collected(&three_lines());
    let some = refunded(&invoice, &refund(1, lines(&[(1, Some(550)), (0, None)])));
    assert_eq!(parts(&some), [(line(0), 1_100, 100), (line(1), 550, 50)]);
    let invoice = invoice.and([some]);
    invoice.clone().when(refund(2, lines(&[(1, Some(1_651))]))).then_rejected(exceeds(1_650, 1_651));
    invoice.clone().when(refund(2, lines(&[(0, None), (1, None)]))).then_rejected(exceeds(0, 0));
    invoice.clone().when(refund(2, lines(&[(1, Some(1)), (0, Some(1))]))).then_rejected(exceeds(0, 1));
    // The same line twice does not find its money twice.
    invoice.clone().when(refund(2, lines(&[(1, Some(1_650)), (1, Some(1))]))).then_rejected(exceeds(0, 1));
    invoice.clone().when(refund(2, lines(&[(1, None), (1, None)]))).then_rejected(exceeds(0, 0));
    let missing = InvoiceRejection::LineNotFound { line: line(9) };
    invoice.when(refund(2, lines(&[(1, Some(9_999)), (9, None)]))).then_rejected(missing);
}

#[test]
fn a_refund_of_a_discounted_line_does_not_redistribute_the_discount() {
    // 10 % off 3 × 9.99, of which one is refunded, then the others: each gives back what it cost.
    let bill = Bill { discount: Some(cents(300)), ..bill(terms(&[(1, 999), (1, 999), (1, 999)], 0)) };
    let invoice = collected(&bill);
    let first = refunded(&invoice, &refund(1, lines(&[(0, None)])));
    assert_eq!(parts(&first), [(line(0), 899, 0)]);
    let rest = refunded(&invoice.and([first]), &refund(2, RefundRequest::Full));
    assert_eq!(parts(&rest), [(line(1), 899, 0), (line(2), 899, 0)]);
}

#[test]
fn the_tax_parts_sum_to_the_lines_tax_in_however_many_steps() {
    // 0.33 at 19 %: 6 cents of tax in 39.
    let mut invoice = collected(&bill(terms(&[(1, 33)], 1_900)));
    let mut tax = 0;
    for step in 0..39 {
        let one_cent = refunded(&invoice, &refund(step, amount(1)));
        let part = parts(&one_cent)[0].2;
        assert!((0..=1).contains(&part));
        tax += part;
        invoice = invoice.and([one_cent]);
    }
    assert_eq!((tax, status(&invoice)), (6, InvoiceStatus::Refunded));
}

#[test]
fn a_gift_card_never_turns_into_money() {
    // 33.00 + 5.00: 18.00 by gift card, 10.00 by credit, 10.00 in money.
    let bill = Bill { gift_card: 1_800, credit: 1_000, ..three_lines() };
    let invoice = collected(&bill);
    let money_and_credit = |refund: &RefundIssued| {
        let credit = refund.credit_amount_in_cents.get();
        (refund.total_amount_in_cents.get() - credit, credit, refund.credit_id)
    };
    let first = refunded(&invoice, &refund(1, amount(700)));
    assert_eq!(money_and_credit(&first), (700, 0, None));
    let as_credit = InvoiceCommand::Refund(IssueRefund {
        refund_id: refund_id(2),
        what: amount(600),
        as_credit: true,
        issued_on: day(),
    });
    let invoice = invoice.and([first]);
    let second = refunded(&invoice, &as_credit);
    assert_eq!(money_and_credit(&second), (0, 600, Some(CreditId::of_refund(refund_id(2)))));
    // What was given as a credit left the money where it was: 3.00 of it are there still.
    let third = refunded(&invoice.and([second]), &refund(3, RefundRequest::Full));
    assert_eq!(money_and_credit(&third), (300, 2_200, Some(CreditId::of_refund(refund_id(3)))));
    assert!(third.nothing_left);
}

#[test]
fn what_cost_nothing_is_refunded_in_full_or_not_at_all() {
    let free = Bill { discount: Some(cents(1_000)), ..bill(terms(&[(1, 1_000)], 1_900)) };
    let nothing = RefundIssued {
        refund_id: refund_id(1),
        customer_id: CustomerId(id(3)),
        lines: Vec::new(),
        total_amount_in_cents: Cents::ZERO,
        credit_amount_in_cents: Cents::ZERO,
        credit_id: None,
        nothing_left: true,
        issued_on: Some(day()),
    };
    for as_credit in [false, true] {
        let all = InvoiceCommand::Refund(IssueRefund {
            refund_id: refund_id(1),
            what: RefundRequest::Full,
            as_credit,
            issued_on: day(),
        });
        let after = collected(&free).when(all).then([nothing.clone()]).and_a_repeat_gives_nothing();
        assert_eq!(status(&after), InvoiceStatus::Refunded);
        after.when(refund(2, RefundRequest::Full)).then_rejected(InvoiceRejection::InvoiceIsNotCollected);
    }
    collected(&free).when(refund(1, lines(&[(0, None)]))).then_rejected(exceeds(0, 0));
    collected(&free).when(refund(1, amount(1))).then_rejected(exceeds(0, 1));
    // A free line among others is passed over.
    let with_gift = collected(&bill(terms(&[(1, 1_000), (1, 0)], 0)));
    let all = refunded(&with_gift, &refund(1, lines(&[(0, None), (1, None)])));
    assert_eq!((parts(&all), all.nothing_left), (vec![(line(0), 1_000, 0)], true));
}

#[test]
fn open_refunds_are_closed_together_and_once() {
    let none = InvoiceRejection::RefundNotFound;
    collected(&three_lines()).when(InvoiceCommand::CloseRefunds).then_rejected(none.clone());
    let two = after(after(collected(&three_lines()), refund(1, amount(1))), refund(2, amount(1)));
    let closed = RefundsClosed { refund_ids: vec![refund_id(1), refund_id(2)] };
    let closed = two.when(InvoiceCommand::CloseRefunds).then([closed]).and_a_repeat_is_rejected(none);
    let third = after(closed, refund(3, RefundRequest::Full));
    third.when(InvoiceCommand::CloseRefunds).then([RefundsClosed { refund_ids: vec![refund_id(3)] }]);
}

#[test]
fn a_refund_that_no_history_can_contain_is_impossible() {
    let invoice = collected(&three_lines());
    let good = refunded(&invoice, &refund(1, RefundRequest::Full));
    let spoil: [fn(&mut RefundIssued); 5] = [
        |refund| refund.nothing_left = false,
        |refund| refund.total_amount_in_cents = cents(3_799),
        |refund| refund.lines[0].total_amount_in_cents = cents(1_101),
        |refund| refund.lines[0].tax_amount_in_cents = cents(101),
        |refund| refund.lines[0].invoice_line_item_id = line(9),
    ];
    for spoil in spoil {
        let mut spoilt = good.clone();
        spoil(&mut spoilt);
        invoice.is_impossible(spoilt);
    }
    open(&three_lines()).is_impossible(good.clone());
    let partly = after(invoice, refund(1, amount(1)));
    let under_a_used_id = RefundIssued { refund_id: refund_id(1), ..refunded(&partly, &refund(2, amount(1))) };
    partly.is_impossible(under_a_used_id);
    partly.is_impossible(good);
}
