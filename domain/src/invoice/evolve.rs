//! The fold: what each event makes of the state. Amounts that don't add up, or a refund of more than is left, are
//! [`Impossible`].

use super::*;
use crate::{Cents, Impossible, Timestamp};

pub(super) fn evolve(state: &mut Invoice, event: &InvoiceEvent, _at: Timestamp) -> Result<(), Impossible> {
    let impossible = Impossible { event: event.event_type(), state: word(state) };
    let folded = match (state, event) {
        (state @ Invoice::None, InvoiceEvent::InvoiceIssued(event)) => issued(event).map(|invoice| *state = invoice),
        (Invoice::Known(invoice), event) => fold_known(invoice, event),
        (
            Invoice::None,
            InvoiceEvent::InvoiceCollected(_)
            | InvoiceEvent::InvoiceFailed(_)
            | InvoiceEvent::RefundIssued(_)
            | InvoiceEvent::RefundsClosed(_),
        ) => None,
    };
    folded.ok_or(impossible)
}

fn issued(event: &InvoiceIssued) -> Option<Invoice> {
    if !event.adds_up() {
        return None;
    }
    let lines = event.lines.iter().map(|line| RefundableLine {
        line: line.clone(),
        refunded: Cents::ZERO,
        tax_refunded: Cents::ZERO,
    });
    Some(Invoice::Known(Box::new(KnownInvoice {
        invoice_id: event.invoice_id,
        store_id: event.store_id,
        customer_id: event.customer_id,
        cart_id: event.cart_id,
        currency: event.currency,
        status: InvoiceStatus::Open,
        lines: lines.collect(),
        coupon: event.coupon.clone(),
        gift_card_spends: event.gift_card_spends.clone(),
        credit_redemptions: event.credit_redemptions.clone(),
        amount_due_in_cents: event.amount_due_in_cents,
        refunds: Vec::new(),
    })))
}

fn fold_known(invoice: &mut KnownInvoice, event: &InvoiceEvent) -> Option<()> {
    match event {
        InvoiceEvent::InvoiceIssued(_) => None,
        InvoiceEvent::InvoiceCollected(_) => closed(invoice, InvoiceStatus::Collected),
        InvoiceEvent::InvoiceFailed(_) => closed(invoice, InvoiceStatus::Failed),
        InvoiceEvent::RefundIssued(event) => refunded(invoice, event),
        InvoiceEvent::RefundsClosed(event) => refunds_closed(invoice, event),
    }
}

fn closed(invoice: &mut KnownInvoice, status: InvoiceStatus) -> Option<()> {
    if invoice.status != InvoiceStatus::Open {
        return None;
    }
    invoice.status = status;
    Some(())
}

fn refunded(invoice: &mut KnownInvoice, event: &RefundIssued) -> Option<()> {
    match invoice.status {
        InvoiceStatus::Collected | InvoiceStatus::PartiallyRefunded => {}
        InvoiceStatus::Open | InvoiceStatus::Failed | InvoiceStatus::Refunded => return None,
    }
    let total = Cents::sum(event.lines.iter().map(|line| line.total_amount_in_cents));
    if total != Ok(event.total_amount_in_cents) || invoice.refund(event.refund_id).is_some() {
        return None;
    }
    // On a copy, so that an event that can't be leaves no half of itself behind.
    let mut after = invoice.clone();
    for part in &event.lines {
        let is_line = |line: &&mut RefundableLine| line.line.invoice_line_item_id == part.invoice_line_item_id;
        line_refunded(after.lines.iter_mut().find(is_line)?, part)?;
    }
    after.refunds.push(IssuedRefund {
        refund_id: event.refund_id,
        total_amount_in_cents: event.total_amount_in_cents,
        credit_amount_in_cents: event.credit_amount_in_cents,
        credit_id: event.credit_id,
        open: true,
    });
    // Never more money goes back than came in.
    after.money_left().ok()?;
    let nothing_left = after.left_to_refund().ok()?.is_zero();
    after.status = if nothing_left { InvoiceStatus::Refunded } else { InvoiceStatus::PartiallyRefunded };
    if nothing_left != event.nothing_left {
        return None;
    }
    *invoice = after;
    Some(())
}

/// `None` when more would be refunded than the line has.
fn line_refunded(line: &mut RefundableLine, part: &RefundLine) -> Option<()> {
    line.refunded = line.refunded.plus(part.total_amount_in_cents).ok()?;
    line.tax_refunded = line.tax_refunded.plus(part.tax_amount_in_cents).ok()?;
    line.line.tax_amount_in_cents.minus(line.tax_refunded).ok()?;
    line.left().ok().map(drop)
}

fn refunds_closed(invoice: &mut KnownInvoice, event: &RefundsClosed) -> Option<()> {
    if !event.refund_ids.iter().all(|refund_id| invoice.refund(*refund_id).is_some_and(|refund| refund.open)) {
        return None;
    }
    for refund in invoice.refunds.iter_mut().filter(|refund| event.refund_ids.contains(&refund.refund_id)) {
        refund.open = false;
    }
    Some(())
}

fn word(state: &Invoice) -> &'static str {
    match state.known().map(|invoice| invoice.status) {
        None => "none",
        Some(InvoiceStatus::Open) => "open",
        Some(InvoiceStatus::Collected) => "collected",
        Some(InvoiceStatus::Failed) => "failed",
        Some(InvoiceStatus::PartiallyRefunded) => "partially refunded",
        Some(InvoiceStatus::Refunded) => "refunded",
    }
}
