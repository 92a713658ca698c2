//! What goes back of an invoice: promised as money or given as a credit, and paid out.

use super::{Invoice, InvoiceState, Lines};
use crate::document::{Made, Misfit};
use crate::entry::Draft;
use crate::{Account, References, TaxPart, TaxRate};
use domain::billing::LineKind;
use domain::invoice::{RefundIssued, RefundLine, RefundsClosed};
use domain::{Cents, InvoiceLineItemId, RefundId};
use std::collections::{HashMap, HashSet};

pub(super) fn issued(invoice: &Invoice, event: &RefundIssued, name: &'static str) -> Made {
    let InvoiceState::Collected { left, money_left, lines, open_refunds } = &invoice.state else {
        return Err(Misfit::State { event: name, state: invoice.state.word() });
    };
    if open_refunds.iter().any(|(refund_id, _)| *refund_id == event.refund_id) {
        return Err(Misfit::RefundOpenAlready { refund: event.refund_id });
    }
    let differs = |_| Misfit::Differs { event: name };
    let money = event.money().map_err(differs)?;
    let (left, money_left) =
        (left.minus(event.total_amount_in_cents).map_err(differs)?, money_left.minus(money).map_err(differs)?);
    let total = Cents::sum(event.lines.iter().map(|line| line.total_amount_in_cents))?;
    if total != event.total_amount_in_cents {
        return Err(Misfit::Differs { event: name });
    }
    let draft = given_back(lines, &event.lines)?
        .credit(Account::RefundsPayable, money)
        .credit(Account::ClearingRefundCredits, event.credit_amount_in_cents);
    let refers_to = References { refund_id: Some(event.refund_id), credit_id: event.credit_id, ..invoice.refers_to() };
    let entry = draft.entry(invoice.currency, refers_to)?;
    let mut open_refunds = open_refunds.clone();
    open_refunds.push((event.refund_id, money));
    // Of what is refunded whole nothing but closings follows.
    let lines = if left.is_zero() { Vec::new() } else { lines.clone() };
    Ok((invoice.now(InvoiceState::Collected { left, money_left, lines, open_refunds }), entry))
}

/// The lines' side of it: net of tax by kind, and the tax by rate.
fn given_back(lines: &[Lines], parts: &[RefundLine]) -> Result<Draft, Misfit> {
    let known: HashMap<InvoiceLineItemId, (LineKind, TaxRate)> =
        lines.iter().flat_map(|lines| lines.ids.iter().map(|id| (*id, (lines.kind, lines.rate)))).collect();
    let mut draft = Draft::default();
    for part in parts {
        let line = part.invoice_line_item_id;
        let (kind, rate) = *known.get(&line).ok_or(Misfit::NoSuchLine { line })?;
        let (net, tax) = (part.total_amount_in_cents.minus(part.tax_amount_in_cents)?, part.tax_amount_in_cents);
        let account = match kind {
            LineKind::Item => Account::Sales,
            LineKind::Shipping => Account::Shipping,
        };
        let sold = TaxPart { rate, base_in_cents: net.get(), tax_in_cents: tax.get() };
        draft = draft.debit(account, net).tax(sold.reversed());
    }
    Ok(draft)
}

pub(super) fn closed(invoice: &Invoice, event: &RefundsClosed, name: &'static str) -> Made {
    let InvoiceState::Collected { left, money_left, lines, open_refunds } = &invoice.state else {
        return Err(Misfit::State { event: name, state: invoice.state.word() });
    };
    let open: HashMap<RefundId, Cents> = open_refunds.iter().copied().collect();
    let (mut closed, mut paid) = (HashSet::new(), Cents::ZERO);
    for refund in &event.refund_ids {
        let money = open.get(refund).filter(|_| closed.insert(*refund));
        paid = paid.plus(*money.ok_or(Misfit::RefundNotOpen { refund: *refund })?)?;
    }
    let refund_id = if let [refund_id] = event.refund_ids[..] { Some(refund_id) } else { None };
    let refers_to = References { refund_id, ..invoice.refers_to() };
    let draft = Draft::default().debit(Account::RefundsPayable, paid).credit(Account::Cash, paid);
    let entry = draft.entry(invoice.currency, refers_to)?;
    let open_refunds = open_refunds.iter().filter(|(refund_id, _)| !closed.contains(refund_id)).copied().collect();
    let state = InvoiceState::Collected { left: *left, money_left: *money_left, lines: lines.clone(), open_refunds };
    Ok((invoice.now(state), entry))
}
