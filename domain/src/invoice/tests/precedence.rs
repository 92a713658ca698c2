//! Which rule speaks first where several are broken.

use super::*;
use crate::limits::MAX_OPEN_REFUNDS;

/// Each command breaks the rule it is refused by and as many later ones as it can.
#[test]
fn the_rejections_come_in_the_order_they_are_declared_in() {
    let plain = bill(terms(&[(1, 1_000)], 0));
    let beyond = || refund(1, lines(&[(9, None), (0, Some(9_999))]));
    let overpriced = bill(terms(&[(1, Cents::MAX.get()), (1, 1)], 0));
    let overpaid = Bill { gift_card: 1_001, ..plain.clone() };
    let line_9 = InvoiceRejection::LineNotFound { line: line(9) };
    let table = [
        (Invoice::None, beyond(), InvoiceRejection::InvoiceNotFound),
        (collected(&plain).state, InvoiceCommand::Collect, InvoiceRejection::InvoiceIsNotOpen),
        (open(&plain).state, beyond(), InvoiceRejection::InvoiceIsNotCollected),
        (crowded(&plain), beyond(), InvoiceRejection::TooManyOpenRefunds),
        (collected(&plain).state, beyond(), line_9),
        (collected(&plain).state, refund(1, lines(&[(0, Some(9_999))])), exceeds(1_000, 9_999)),
        (collected(&plain).state, InvoiceCommand::CloseRefunds, InvoiceRejection::RefundNotFound),
        (Invoice::None, issue(&overpriced), InvoiceRejection::Amount(AmountOutOfRange)),
        (Invoice::None, issue(&overpaid), InvoiceRejection::DoesNotAddUp),
    ];
    let mut ranks = Vec::new();
    for (state, command, expected) in table {
        ranks.push(rank(&expected));
        assert_eq!(decide(&state, &command, NOW), Err(expected), "{command:?}");
    }
    assert_eq!(ranks, (0..ranks.len()).collect::<Vec<_>>(), "the table names every rule, in order");
    for command in [InvoiceCommand::Collect, InvoiceCommand::Fail, InvoiceCommand::CloseRefunds] {
        nothing::<Invoice>().when(command).then_rejected(InvoiceRejection::InvoiceNotFound);
    }
}

/// Collected, with as many open refunds as there may be.
fn crowded(bill: &Bill) -> Invoice {
    let mut state = collected(bill).state;
    if let Invoice::Known(invoice) = &mut state {
        invoice.open_refunds = (0..MAX_OPEN_REFUNDS as u128).map(|number| RefundId(id(0x900 + number))).collect();
    }
    state
}

fn rank(rejection: &InvoiceRejection) -> usize {
    match rejection {
        InvoiceRejection::InvoiceNotFound => 0,
        InvoiceRejection::InvoiceIsNotOpen => 1,
        InvoiceRejection::InvoiceIsNotCollected => 2,
        InvoiceRejection::TooManyOpenRefunds => 3,
        InvoiceRejection::LineNotFound { .. } => 4,
        InvoiceRejection::RefundExceedsRemainder { .. } => 5,
        InvoiceRejection::RefundNotFound => 6,
        InvoiceRejection::Amount(_) => 7,
        InvoiceRejection::DoesNotAddUp => 8,
    }
}
