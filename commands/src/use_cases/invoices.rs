//! What happens to an invoice: collected, failed, refunded.

use crate::{CommandError, Commands, Done, Request};
use domain::invoice::RefundRequest;
use domain::{InvoiceId, OrderId, RefundId};

impl Commands {
    /// Collects an open invoice and places its order.
    pub async fn collect_invoice(&self, request: &Request, invoice: InvoiceId) -> Result<Done<OrderId>, CommandError> {
        todo!()
    }

    /// Fails an open invoice: balances, coupon use and stock go back. Failed already: nothing changes.
    pub async fn fail_invoice(&self, request: &Request, invoice: InvoiceId) -> Result<Done<InvoiceId>, CommandError> {
        todo!()
    }

    /// Refunds a collected or partially refunded invoice.
    pub async fn refund_invoice(
        &self,
        request: &Request,
        invoice: InvoiceId,
        what: RefundRequest,
        as_credit: bool,
    ) -> Result<Done<RefundId>, CommandError> {
        todo!()
    }

    /// Marks the invoice's open refunds as closed.
    pub async fn close_refunds(&self, request: &Request, invoice: InvoiceId) -> Result<Done<InvoiceId>, CommandError> {
        todo!()
    }
}
