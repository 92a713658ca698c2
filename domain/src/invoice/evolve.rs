//! The fold: what each event makes of the state. Amounts that don't add up, or a refund of more than is left, are
//! [`Impossible`].

use super::*;
use crate::recent::Recent;
use crate::{Cents, Impossible, Timestamp};
use std::collections::{HashMap, HashSet};

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
        money_refunded_in_cents: Cents::ZERO,
        refunds: Recent::default(),
        open_refunds: Vec::new(),
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
    if total != Ok(event.total_amount_in_cents) || invoice.refunds.kept(&event.refund_id).is_some() {
        return None;
    }
    let money = invoice.money_refunded_in_cents.plus(event.money().ok()?).ok()?;
    // Never more money goes back than came in.
    invoice.amount_due_in_cents.minus(money).ok()?;
    let nothing_left = invoice.left_to_refund().ok()? == event.total_amount_in_cents;
    if nothing_left != event.nothing_left {
        return None;
    }
    // On copies, so that an event that can't be leaves no half of itself behind.
    invoice.lines = lines_refunded(&invoice.lines, &event.lines)?;
    invoice.money_refunded_in_cents = money;
    invoice.refunds.insert(event.refund_id, ());
    invoice.open_refunds.push(event.refund_id);
    invoice.status = if nothing_left { InvoiceStatus::Refunded } else { InvoiceStatus::PartiallyRefunded };
    Some(())
}

fn lines_refunded(lines: &[RefundableLine], parts: &[RefundLine]) -> Option<Vec<RefundableLine>> {
    let mut after = lines.to_vec();
    let places: HashMap<_, _> = (0..).zip(lines).map(|(at, line)| (line.line.invoice_line_item_id, at)).collect();
    for part in parts {
        let at: usize = *places.get(&part.invoice_line_item_id)?;
        line_refunded(&mut after[at], part)?;
    }
    Some(after)
}

/// `None` when more would be refunded than the line has.
fn line_refunded(line: &mut RefundableLine, part: &RefundLine) -> Option<()> {
    line.refunded = line.refunded.plus(part.total_amount_in_cents).ok()?;
    line.tax_refunded = line.tax_refunded.plus(part.tax_amount_in_cents).ok()?;
    line.line.tax_amount_in_cents.minus(line.tax_refunded).ok()?;
    line.left().ok().map(drop)
}

fn refunds_closed(invoice: &mut KnownInvoice, event: &RefundsClosed) -> Option<()> {
    let closed: HashSet<_> = event.refund_ids.iter().collect();
    let open = invoice.open_refunds.len();
    invoice.open_refunds.retain(|refund_id| !closed.contains(refund_id));
    (open - invoice.open_refunds.len() == closed.len()).then_some(())
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
