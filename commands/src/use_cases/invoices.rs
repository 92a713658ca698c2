//! What happens to an invoice: collected, failed, refunded.

use super::settling;
use super::store_day::today;
use crate::session::{Session, refused};
use crate::{CommandError, Commands, Done, Request, UnderWay};
use domain::invoice::{Invoice, InvoiceCommand, InvoiceEvent, IssueRefund, RefundRequest};
use domain::{InvoiceId, OrderId, RefundId};

impl Commands {
    /// Collects an open invoice and places its order.
    pub fn collect_invoice(&self, request: &Request, invoice: InvoiceId) -> UnderWay<OrderId> {
        self.run("collect_invoice", request, move |session| async move {
            let done = decide(&session, invoice, InvoiceCommand::Collect).await?;
            Ok(done.map(|_| OrderId::of_invoice(invoice)))
        })
    }

    /// Fails an open invoice: balances, coupon use and stock go back. Failed already: nothing changes.
    pub fn fail_invoice(&self, request: &Request, invoice: InvoiceId) -> UnderWay<InvoiceId> {
        self.run("fail_invoice", request, move |session| async move {
            let done = decide(&session, invoice, InvoiceCommand::Fail).await?;
            Ok(done.map(|_| invoice))
        })
    }

    /// Refunds a collected or partially refunded invoice.
    pub fn refund_invoice(
        &self,
        request: &Request,
        invoice: InvoiceId,
        what: RefundRequest,
        as_credit: bool,
    ) -> UnderWay<RefundId> {
        self.run("refund_invoice", request, move |session| async move {
            let refund_id = RefundId(session.new_id("refund"));
            let issued_on = today(&session).await?;
            let refund = IssueRefund { refund_id, what, as_credit, issued_on };
            let done = decide(&session, invoice, InvoiceCommand::Refund(refund)).await?;
            let refunded = |event: &InvoiceEvent| match event {
                InvoiceEvent::RefundIssued(refund) => Some(refund.refund_id),
                InvoiceEvent::InvoiceIssued(_)
                | InvoiceEvent::InvoiceCollected(_)
                | InvoiceEvent::InvoiceFailed(_)
                | InvoiceEvent::RefundsClosed(_) => None,
            };
            Ok(done.map(|events| events.iter().find_map(refunded).unwrap_or(refund_id)))
        })
    }

    /// Marks the invoice's open refunds as closed.
    pub fn close_refunds(&self, request: &Request, invoice: InvoiceId) -> UnderWay<InvoiceId> {
        self.run("close_refunds", request, move |session| async move {
            let done = decide(&session, invoice, InvoiceCommand::CloseRefunds).await?;
            Ok(done.map(|_| invoice))
        })
    }
}

/// Decides on the invoice's stream, then does what follows from it. What can't be done now, the reactions' worker will.
async fn decide(
    session: &Session,
    invoice: InvoiceId,
    command: InvoiceCommand,
) -> Result<Done<Vec<InvoiceEvent>>, CommandError> {
    let executed = session.decide::<Invoice>(&invoice, command).await.map_err(refused::<Invoice>)?;
    let (follow_up, events) = (session.follow_up(), executed.events.clone());
    let late = settling::late(session.follow(async move { settle(&follow_up, invoice, &events).await }).await);
    Ok(Done { late, ..session.done(executed.events, executed.replayed) })
}

async fn settle(session: &Session, invoice: InvoiceId, events: &[InvoiceEvent]) -> Result<(), CommandError> {
    let refunded = |event: &InvoiceEvent| match event {
        InvoiceEvent::RefundIssued(refund) => Some(refund.clone()),
        InvoiceEvent::InvoiceIssued(_)
        | InvoiceEvent::InvoiceCollected(_)
        | InvoiceEvent::InvoiceFailed(_)
        | InvoiceEvent::RefundsClosed(_) => None,
    };
    match events.iter().find_map(refunded) {
        Some(refund) => settling::settle_refund(session, invoice, &refund).await,
        None => settling::settle_invoice(session, invoice).await,
    }
}
