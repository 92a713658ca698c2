//! How a refund is divided (api.md §6): over the lines, into amount and tax, into money and credit. Never more than is
//! left, of the invoice or of any line.

use super::*;
use crate::limits::MAX_OPEN_REFUNDS;
use crate::{AmountOutOfRange, Cents, Context, CreditId, InvoiceLineItemId, RefundLineItemId};

pub(super) fn refund(
    invoice: &KnownInvoice,
    command: &IssueRefund,
    context: &Context<'_>,
) -> Result<Vec<InvoiceEvent>, InvoiceRejection> {
    let IssueRefund { refund_id, what, as_credit, issued_on } = command;
    if invoice.refunds.contains_key(refund_id) {
        return Ok(Vec::new());
    }
    match invoice.status {
        InvoiceStatus::Collected | InvoiceStatus::PartiallyRefunded => {}
        InvoiceStatus::Open | InvoiceStatus::Failed | InvoiceStatus::Refunded => {
            return Err(InvoiceRejection::InvoiceIsNotCollected);
        }
    }
    if invoice.open_refunds.len() >= MAX_OPEN_REFUNDS {
        return Err(InvoiceRejection::TooManyOpenRefunds);
    }
    let parts = parts(invoice, what)?;
    let total = Cents::sum(parts.iter().copied())?;
    let left = invoice.left_to_refund()?;
    // An invoice of 0 is refunded all the same, so that its order is canceled; one with something left is not, by nothing.
    let is_all_of_nothing = matches!(what, RefundRequest::Full) && left.is_zero();
    if total.is_zero() && !is_all_of_nothing {
        return Err(InvoiceRejection::RefundExceedsRemainder { left, asked: total });
    }
    let credit = if *as_credit { total } else { total.minus(total.min(invoice.money_left()?))? };
    let issued = RefundIssued {
        refund_id: *refund_id,
        customer_id: invoice.customer_id,
        lines: lines(invoice, &parts, context)?,
        total_amount_in_cents: total,
        credit_amount_in_cents: credit,
        credit_id: (!credit.is_zero()).then(|| CreditId::of_refund(*refund_id)),
        nothing_left: total == left,
        issued_on: Some(*issued_on),
    };
    Ok(vec![issued.into()])
}

/// What is given back of each of the invoice's lines, in their order.
fn parts(invoice: &KnownInvoice, what: &RefundRequest) -> Result<Vec<Cents>, InvoiceRejection> {
    let left = invoice.lines.iter().map(RefundableLine::left).collect::<Result<Vec<_>, _>>()?;
    match what {
        RefundRequest::Full => Ok(left),
        RefundRequest::Amount(amount) => {
            let total = Cents::sum(left.iter().copied())?;
            check_left(total, *amount)?;
            Ok(amount.spread(&left))
        }
        RefundRequest::Lines(asked) => parts_of_lines(invoice, left, asked),
    }
}

/// A line that is named twice finds what its first mention left of it.
fn parts_of_lines(
    invoice: &KnownInvoice,
    mut left: Vec<Cents>,
    asked: &[(InvoiceLineItemId, Option<Cents>)],
) -> Result<Vec<Cents>, InvoiceRejection> {
    let position = |line: InvoiceLineItemId| {
        let found = invoice.lines.iter().position(|known| known.line.invoice_line_item_id == line);
        found.ok_or(InvoiceRejection::LineNotFound { line })
    };
    let positions = asked.iter().map(|(line, _)| position(*line)).collect::<Result<Vec<_>, _>>()?;
    let mut parts = vec![Cents::ZERO; left.len()];
    for (position, (_, amount)) in positions.into_iter().zip(asked) {
        let is_gone = left[position].is_zero() && !invoice.lines[position].line.gross()?.is_zero();
        let amount = amount.unwrap_or(left[position]);
        if is_gone {
            return Err(InvoiceRejection::RefundExceedsRemainder { left: Cents::ZERO, asked: amount });
        }
        check_left(left[position], amount)?;
        left[position] = left[position].minus(amount)?;
        parts[position] = parts[position].plus(amount)?;
    }
    Ok(parts)
}

fn check_left(left: Cents, asked: Cents) -> Result<(), InvoiceRejection> {
    if asked > left {
        return Err(InvoiceRejection::RefundExceedsRemainder { left, asked });
    }
    Ok(())
}

/// The lines that anything is given back of.
fn lines(invoice: &KnownInvoice, parts: &[Cents], context: &Context<'_>) -> Result<Vec<RefundLine>, AmountOutOfRange> {
    let touched = invoice.lines.iter().zip(parts).filter(|(_, part)| !part.is_zero());
    let refund_line = |(line, part): (&RefundableLine, &Cents)| {
        Ok(RefundLine {
            refund_line_item_id: RefundLineItemId(context.ids.next()),
            invoice_line_item_id: line.line.invoice_line_item_id,
            total_amount_in_cents: *part,
            tax_amount_in_cents: line.tax_in(*part)?,
        })
    };
    touched.map(refund_line).collect()
}
