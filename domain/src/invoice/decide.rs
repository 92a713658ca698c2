//! The rules. How a refund is divided stands in `refund.rs`, how the amounts come about in [`crate::billing`].

use super::refund::refund;
use super::*;
use crate::billing::{LineKind, Totals};
use crate::cart::ProductQuantity;
use crate::past::{Fact, PastQuestion};
use crate::{Category, Cents, Context, Decider, Impossible, OrderId, StoreId, Timestamp};

type Decision = Result<Vec<InvoiceEvent>, InvoiceRejection>;

impl Decider for Invoice {
    const CATEGORY: Category = Category::Invoice;

    type Id = crate::InvoiceId;
    type Command = InvoiceCommand;
    type Event = InvoiceEvent;
    type Rejection = InvoiceRejection;

    fn decide(&self, command: &InvoiceCommand, context: &Context<'_>) -> Decision {
        match command {
            InvoiceCommand::Issue(command) => self.issue(command),
            InvoiceCommand::Collect => collect(self.existing()?),
            InvoiceCommand::Fail => fail(self.existing()?),
            InvoiceCommand::Refund(command) => refund(self.existing()?, command, context),
            InvoiceCommand::CloseRefunds => close_refunds(self.existing()?),
        }
    }

    fn evolve(&mut self, event: &InvoiceEvent, at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event, at)
    }

    fn asks(&self, command: &InvoiceCommand) -> Option<PastQuestion> {
        let invoice = self.known()?;
        match command {
            InvoiceCommand::Refund(IssueRefund { refund_id, .. }) => {
                invoice.refunds.must_ask(refund_id).then_some(PastQuestion::Refund { refund_id: *refund_id })
            }
            InvoiceCommand::Issue(_)
            | InvoiceCommand::Collect
            | InvoiceCommand::Fail
            | InvoiceCommand::CloseRefunds => None,
        }
    }

    fn told(&mut self, asked: &PastQuestion, fact: Option<Fact>) {
        if let (Invoice::Known(invoice), PastQuestion::Refund { refund_id }) = (self, asked) {
            invoice.refunds.tell(*refund_id, fact.map(drop));
        }
    }

    fn forget_told(&mut self) {
        if let Invoice::Known(invoice) = self {
            invoice.refunds.forget_told();
        }
    }

    fn event(event: crate::Event) -> Option<InvoiceEvent> {
        match event {
            crate::Event::Invoice(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        self.known().map(|invoice| invoice.store_id)
    }

    /// Collecting makes the order.
    fn creates(event: &InvoiceEvent) -> bool {
        match event {
            InvoiceEvent::InvoiceIssued(_) | InvoiceEvent::InvoiceCollected(_) | InvoiceEvent::RefundIssued(_) => true,
            InvoiceEvent::InvoiceFailed(_) | InvoiceEvent::RefundsClosed(_) => false,
        }
    }
}

impl Invoice {
    fn existing(&self) -> Result<&KnownInvoice, InvoiceRejection> {
        self.known().ok_or(InvoiceRejection::InvoiceNotFound)
    }

    fn issue(&self, command: &IssueInvoice) -> Decision {
        if self.known().is_some() {
            return Ok(Vec::new());
        }
        let discount = command.coupon.as_ref().map_or(Cents::ZERO, |coupon| coupon.amount_in_cents);
        if discount > command.terms.items_total()? {
            return Err(InvoiceRejection::DoesNotAddUp);
        }
        let lines = command.terms.lines(discount)?;
        let totals = Totals::of(&lines)?;
        let gift_cards = Cents::sum(command.gift_card_spends.iter().map(|spend| spend.amount_in_cents))?;
        let credits = Cents::sum(command.credit_redemptions.iter().map(|spend| spend.amount_in_cents))?;
        let due = totals.due.minus(gift_cards).and_then(|due| due.minus(credits));
        let issued = InvoiceIssued {
            invoice_id: command.invoice_id,
            store_id: command.store_id,
            customer_id: command.customer_id,
            cart_id: command.cart_id,
            currency: command.terms.currency,
            lines,
            coupon: command.coupon.clone(),
            gift_card_spends: command.gift_card_spends.clone(),
            credit_redemptions: command.credit_redemptions.clone(),
            total_amount_in_cents: totals.total,
            discount_amount_in_cents: totals.discount,
            tax_amount_in_cents: totals.tax,
            gift_card_used_amount_in_cents: gift_cards,
            credit_used_amount_in_cents: credits,
            amount_due_in_cents: due.map_err(|_| InvoiceRejection::DoesNotAddUp)?,
            issued_on: Some(command.issued_on),
        };
        if !issued.adds_up() {
            return Err(InvoiceRejection::DoesNotAddUp);
        }
        Ok(vec![issued.into()])
    }
}

fn collect(invoice: &KnownInvoice) -> Decision {
    if invoice.status != InvoiceStatus::Open {
        return Err(InvoiceRejection::InvoiceIsNotOpen);
    }
    let collected = InvoiceCollected {
        order_id: OrderId::of_invoice(invoice.invoice_id),
        customer_id: invoice.customer_id,
        cart_id: invoice.cart_id,
        amount_in_cents: invoice.amount_due_in_cents,
        currency: Some(invoice.currency),
        items: ordered_items(invoice),
    };
    Ok(vec![collected.into()])
}

/// What the order is about: the item lines, not the shipping.
fn ordered_items(invoice: &KnownInvoice) -> Vec<ProductQuantity> {
    let items = invoice.lines.iter().filter_map(|RefundableLine { line, .. }| match (line.kind, line.product_id) {
        (LineKind::Item, Some(product_id)) => Some(ProductQuantity { product_id, quantity: line.quantity }),
        (LineKind::Item, None) | (LineKind::Shipping, _) => None,
    });
    items.collect()
}

fn fail(invoice: &KnownInvoice) -> Decision {
    match invoice.status {
        InvoiceStatus::Open => {
            let failed = InvoiceFailed { customer_id: invoice.customer_id, cart_id: invoice.cart_id };
            Ok(vec![failed.into()])
        }
        InvoiceStatus::Failed => Ok(Vec::new()),
        InvoiceStatus::Collected | InvoiceStatus::PartiallyRefunded | InvoiceStatus::Refunded => {
            Err(InvoiceRejection::InvoiceIsNotOpen)
        }
    }
}

fn close_refunds(invoice: &KnownInvoice) -> Decision {
    if invoice.open_refunds.is_empty() {
        return Err(InvoiceRejection::RefundNotFound);
    }
    Ok(vec![RefundsClosed { refund_ids: invoice.open_refunds.clone() }.into()])
}
