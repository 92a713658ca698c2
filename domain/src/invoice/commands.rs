//! What may be asked of an invoice.

use super::events::{CreditRedemption, GiftCardSpend};
use crate::billing::{BillingTerms, CouponUse};
use crate::ids::*;
use crate::{AmountOutOfRange, Cents};

#[derive(Clone, Debug)]
pub enum InvoiceCommand {
    /// Issued already: no event.
    Issue(Box<IssueInvoice>),
    Collect,
    /// Failed already: no event.
    Fail,
    Refund { refund_id: RefundId, what: RefundRequest, as_credit: bool },
    CloseRefunds,
}

/// All that the cart's billing fixed, and what the wallet answered.
#[derive(Clone, Debug)]
pub struct IssueInvoice {
    pub invoice_id: InvoiceId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub cart_id: CartId,
    pub terms: BillingTerms,
    pub coupon: Option<CouponUse>,
    pub gift_card_spends: Vec<GiftCardSpend>,
    pub credit_redemptions: Vec<CreditRedemption>,
}

#[derive(Clone, Debug)]
pub enum RefundRequest {
    /// All that is left.
    Full,
    /// Above 0; spread over the lines in proportion to what is left of each.
    Amount(Cents),
    /// Each line by its amount (above 0), else all that is left of it. No line twice.
    Lines(Vec<(InvoiceLineItemId, Option<Cents>)>),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceRejection {
    #[error("there is no such invoice")]
    InvoiceNotFound,
    #[error("the invoice is not open")]
    InvoiceIsNotOpen,
    #[error("the invoice is not collected")]
    InvoiceIsNotCollected,
    #[error("the invoice has no line {line}")]
    LineNotFound { line: InvoiceLineItemId },
    #[error("{left} cents are left to refund, {asked} were asked for")]
    RefundExceedsRemainder { left: Cents, asked: Cents },
    #[error("the invoice has no open refund")]
    RefundNotFound,
    #[error(transparent)]
    Amount(#[from] AmountOutOfRange),
}
