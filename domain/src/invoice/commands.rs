//! What may be asked of an invoice.

use super::events::{CreditRedemption, GiftCardSpend};
use crate::billing::{BillingTerms, CouponUse};
use crate::ids::*;
use crate::limits::MAX_OPEN_REFUNDS;
use crate::{AmountOutOfRange, Cents};
use chrono::NaiveDate;

#[derive(Clone, Debug)]
pub enum InvoiceCommand {
    /// Issued already: no event.
    Issue(Box<IssueInvoice>),
    /// From open only, also a repeat.
    Collect,
    /// Failed already: no event.
    Fail,
    /// Issued already under this id: no event. What costs nothing at all, such as an invoice that a coupon paid in full,
    /// can be refunded in full, once, with nothing to give back; an amount or a line of it exceeds what is left.
    Refund(IssueRefund),
    /// Marks the open refunds as closed; none open, so also a repeat: `RefundNotFound`.
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
    /// The day in the store's time zone.
    pub issued_on: NaiveDate,
}

#[derive(Clone, Debug)]
pub struct IssueRefund {
    pub refund_id: RefundId,
    pub what: RefundRequest,
    pub as_credit: bool,
    /// The day in the store's time zone.
    pub issued_on: NaiveDate,
}

#[derive(Clone, Debug)]
pub enum RefundRequest {
    /// All that is left.
    Full,
    /// Above 0; spread over the lines in proportion to what is left of each.
    Amount(Cents),
    /// Each line by its amount (above 0), else all that is left of it. No line twice. A line that was refunded already
    /// exceeds what is left of it; one that cost nothing is passed over.
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
    /// They can be closed, and then more issued.
    #[error("the invoice has {MAX_OPEN_REFUNDS} open refunds already")]
    TooManyOpenRefunds,
    #[error("the invoice has no line {line}")]
    LineNotFound { line: InvoiceLineItemId },
    #[error("{left} cents are left to refund, {asked} were asked for")]
    RefundExceedsRemainder { left: Cents, asked: Cents },
    #[error("the invoice has no open refund")]
    RefundNotFound,

    #[error(transparent)]
    Amount(#[from] AmountOutOfRange),
    /// The spends exceed what is due, or the discount the items: no invoice can come of it.
    #[error("the invoice's amounts don't add up")]
    DoesNotAddUp,
}
