//! What an invoice posts when it is issued, collected, or fails.

use super::{Invoice, InvoiceState};
use crate::document::{Billed, Document, Made, Misfit};
use crate::entry::Draft;
use crate::{Account, References, TaxPart, TaxRate};
use domain::billing::{InvoiceLine, LineKind};
use domain::invoice::{InvoiceCollected, InvoiceIssued};
use domain::{AmountOutOfRange, Cents, InvoiceLineItemId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an invoice posts, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// What is to collect.
    pub due: Cents,
    /// What gift cards paid.
    pub gift_cards: Cents,
    /// What credits paid.
    pub credits: Cents,
    /// What a coupon took off.
    pub discounts: Cents,
    /// What the items cost, before discounts and without tax.
    pub sales: Cents,
    /// What shipping costs.
    pub shipping: Cents,
    /// By rate, the unknown one last.
    pub tax: Vec<TaxPart>,
}

/// Lines of one kind and rate: so an invoice of a thousand of them takes little more than their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// What they are of.
    pub kind: LineKind,
    /// What they are taxed at.
    pub rate: TaxRate,
    /// Which they are.
    pub ids: Vec<InvoiceLineItemId>,
}

impl Amounts {
    fn of(event: &InvoiceIssued, rate_of: impl Fn(&InvoiceLine) -> TaxRate) -> Result<Self, Misfit> {
        let total = |kind| {
            let lines = event.lines.iter().filter(move |line| line.kind == kind);
            Cents::sum(lines.map(|line| line.total_amount_in_cents))
        };
        let mut tax: BTreeMap<TaxRate, (Cents, Cents)> = BTreeMap::new();
        for line in &event.lines {
            let part = tax.entry(rate_of(line)).or_default();
            part.0 = part.0.plus(line.total_amount_in_cents.minus(line.discount_amount_in_cents)?)?;
            part.1 = part.1.plus(line.tax_amount_in_cents)?;
        }
        let part = |(rate, (base, tax)): (TaxRate, (Cents, Cents))| TaxPart {
            rate,
            base_in_cents: base.get(),
            tax_in_cents: tax.get(),
        };
        Ok(Self {
            due: event.amount_due_in_cents,
            gift_cards: event.gift_card_used_amount_in_cents,
            credits: event.credit_used_amount_in_cents,
            discounts: event.discount_amount_in_cents,
            sales: total(LineKind::Item)?,
            shipping: total(LineKind::Shipping)?,
            tax: tax.into_iter().map(part).collect(),
        })
    }

    /// With its tax: what can be refunded.
    fn gross(&self) -> Result<Cents, AmountOutOfRange> {
        Cents::sum([self.due, self.gift_cards, self.credits])
    }

    fn issued(&self) -> Draft {
        let draft = Draft::default()
            .debit(Account::Receivable, self.due)
            .debit(Account::ClearingGiftCards, self.gift_cards)
            .debit(Account::ClearingCredits, self.credits)
            .debit(Account::Discounts, self.discounts)
            .credit(Account::Sales, self.sales)
            .credit(Account::Shipping, self.shipping);
        self.tax.iter().fold(draft, |draft, part| draft.tax(*part))
    }

    fn failed(&self) -> Draft {
        let draft = Draft::default()
            .credit(Account::Receivable, self.due)
            .credit(Account::ClearingGiftCards, self.gift_cards)
            .credit(Account::ClearingCredits, self.credits)
            .credit(Account::Discounts, self.discounts)
            .debit(Account::Sales, self.sales)
            .debit(Account::Shipping, self.shipping);
        self.tax.iter().fold(draft, |draft, part| draft.tax(part.reversed()))
    }
}

/// What a line was taxed at: as it says itself, else as its billing says; shipping is not taxed.
fn rate(line: &InvoiceLine, billed: Option<Billed>) -> TaxRate {
    match (line.tax_rate_in_basis_points, line.kind, billed) {
        (Some(points), _, _) => TaxRate::BasisPoints(points),
        (None, LineKind::Shipping, _) => TaxRate::BasisPoints(0),
        (None, LineKind::Item, Some(billed)) => TaxRate::BasisPoints(billed.tax_rate_in_basis_points),
        (None, LineKind::Item, None) => TaxRate::Unknown,
    }
}

pub(super) fn issued(before: Option<&Document>, event: &InvoiceIssued) -> Made {
    let name = "InvoiceIssued";
    let billed = match before {
        None => None,
        Some(Document::Billed(billed)) => Some(*billed),
        Some(Document::Invoice(_)) => return Err(Misfit::IssuedAlready { event: name }),
        Some(Document::GiftCard(_) | Document::Credit(_)) => return Err(Misfit::OtherKind { event: name }),
    };
    if !event.adds_up() {
        return Err(Misfit::Differs { event: name });
    }
    let amounts = Amounts::of(event, |line| rate(line, billed))?;
    let mut lines: Vec<Lines> = Vec::new();
    for line in &event.lines {
        let (kind, rate, id) = (line.kind, rate(line, billed), line.invoice_line_item_id);
        match lines.iter_mut().find(|lines| lines.kind == kind && lines.rate == rate) {
            Some(lines) => lines.ids.push(id),
            None => lines.push(Lines { kind, rate, ids: vec![id] }),
        }
    }
    let draft = amounts.issued();
    let invoice = Invoice {
        invoice_id: event.invoice_id,
        customer_id: event.customer_id,
        currency: event.currency,
        state: InvoiceState::Open { amounts, lines },
    };
    let entry = draft.entry(event.currency, invoice.refers_to())?;
    Ok((Document::Invoice(Box::new(invoice)), entry))
}

pub(super) fn collected(invoice: &Invoice, event: &InvoiceCollected, name: &'static str) -> Made {
    let InvoiceState::Open { amounts, lines } = &invoice.state else {
        return Err(Misfit::State { event: name, state: invoice.state.word() });
    };
    let due = amounts.due;
    if event.amount_in_cents != due || event.currency.is_some_and(|currency| currency != invoice.currency) {
        return Err(Misfit::Differs { event: name });
    }
    let state = InvoiceState::Collected {
        left: amounts.gross()?,
        money_left: due,
        lines: lines.clone(),
        open_refunds: Vec::new(),
    };
    let refers_to = References { order_id: Some(event.order_id), ..invoice.refers_to() };
    let draft = Draft::default().debit(Account::Cash, due).credit(Account::Receivable, due);
    Ok((invoice.now(state), draft.entry(invoice.currency, refers_to)?))
}

pub(super) fn failed(invoice: &Invoice, name: &'static str) -> Made {
    let InvoiceState::Open { amounts, .. } = &invoice.state else {
        return Err(Misfit::State { event: name, state: invoice.state.word() });
    };
    Ok((invoice.now(InvoiceState::Failed), amounts.failed().entry(invoice.currency, invoice.refers_to())?))
}
