//! Invoices that are collected, fail, and are refunded, and what follows from it.

use super::{Pending, STORE, Shop};
use domain::billing::WalletRef;
use domain::credit::{CreditIssued, CreditSource};
use domain::invoice::{Invoice, InvoiceCommand, InvoiceEvent, IssueRefund, RefundRequest};
use domain::*;

impl Shop {
    pub(super) fn on_invoice(&mut self, command: InvoiceCommand) {
        let invoices: Vec<InvoiceId> = self.invoices.keys().copied().collect();
        if !invoices.is_empty() {
            let invoice = *self.chance.of(&invoices);
            self.decide_invoice(invoice, &command);
        }
    }

    /// Of an invoice that has any: of those that chance names most have none.
    pub(super) fn close_refunds(&mut self) {
        let has_any = |invoice: &&Invoice| invoice.known().is_some_and(|known| !known.open_refunds.is_empty());
        let open = self.invoices.values().filter(has_any).filter_map(Invoice::known);
        let open: Vec<InvoiceId> = open.map(|known| known.invoice_id).collect();
        if !open.is_empty() {
            let invoice = *self.chance.of(&open);
            self.decide_invoice(invoice, &InvoiceCommand::CloseRefunds);
        }
    }

    pub(super) fn refund(&mut self) {
        let invoices: Vec<InvoiceId> = self.invoices.keys().copied().collect();
        if invoices.is_empty() {
            return;
        }
        let invoice = *self.chance.of(&invoices);
        let lines: Vec<InvoiceLineItemId> = self.invoices[&invoice]
            .known()
            .map(|known| known.lines.iter().map(|line| line.line.invoice_line_item_id).collect())
            .unwrap_or_default();
        let what = match self.chance.below(3) {
            0 => RefundRequest::Full,
            1 => RefundRequest::Amount(self.amount()),
            _ => {
                let amount = self.chance.percent(50).then(|| self.amount());
                RefundRequest::Lines(vec![(*self.chance.of(&lines), amount)])
            }
        };
        let (refund_id, as_credit) = (RefundId(self.id()), self.chance.percent(25));
        self.decide_invoice(
            invoice,
            &InvoiceCommand::Refund(IssueRefund { refund_id, what, as_credit, issued_on: self.today() }),
        );
    }

    /// A command that the invoice refuses gives nothing.
    pub(super) fn decide_invoice(&mut self, invoice_id: InvoiceId, command: &InvoiceCommand) {
        let state = self.invoices.entry(invoice_id).or_default();
        let Ok(mut events) = state.decide(command, &Context { now: self.now, ids: &self.ids }) else { return };
        for event in &mut events {
            if let (InvoiceEvent::InvoiceIssued(issued), true) = (&mut *event, self.is_old) {
                issued.lines.iter_mut().for_each(|line| line.tax_rate_in_basis_points = None);
            }
            state.evolve(event, self.now).unwrap();
        }
        for event in events {
            self.push(invoice_id.0, event.clone());
            self.follow(invoice_id, event);
        }
    }

    pub(super) fn follow(&mut self, invoice_id: InvoiceId, event: InvoiceEvent) {
        let invoice = self.invoices[&invoice_id].known().unwrap();
        match event {
            InvoiceEvent::InvoiceFailed(_) => {
                let cards = invoice.gift_card_spends.iter().map(|spend| WalletRef::GiftCard(spend.gift_card_id));
                let credits = invoice.credit_redemptions.iter().map(|spend| WalletRef::Credit(spend.credit_id));
                self.pending.extend(cards.chain(credits).map(|spent| Pending::GoesBack(invoice_id, spent)));
            }
            InvoiceEvent::RefundIssued(refund) => {
                let (currency, refund_id) = (invoice.currency, refund.refund_id);
                self.open_refunds.insert(refund_id, (currency, refund.money().unwrap()));
                self.pending.extend(refund.credit_id.map(|credit_id| {
                    Pending::RefundCredit(CreditIssued {
                        credit_id,
                        store_id: STORE,
                        customer_id: refund.customer_id,
                        currency,
                        amount_in_cents: refund.credit_amount_in_cents,
                        source: CreditSource::Refund { invoice_id, refund_id },
                    })
                }));
            }
            InvoiceEvent::RefundsClosed(closed) => {
                self.open_refunds.retain(|refund_id, _| !closed.refund_ids.contains(refund_id));
            }
            InvoiceEvent::InvoiceIssued(_) | InvoiceEvent::InvoiceCollected(_) => {}
        }
    }
}
