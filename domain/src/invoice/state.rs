//! The fold of an invoice's stream.

use super::events::{CreditRedemption, GiftCardSpend};
use crate::Cents;
use crate::billing::{CouponUse, InvoiceLine};
use crate::ids::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Invoice {
    #[default]
    None,
    Known(Box<KnownInvoice>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KnownInvoice {
    pub invoice_id: InvoiceId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub cart_id: CartId,
    pub currency: crate::Currency,
    pub status: InvoiceStatus,
    pub lines: Vec<RefundableLine>,
    pub coupon: Option<CouponUse>,
    pub gift_card_spends: Vec<GiftCardSpend>,
    pub credit_redemptions: Vec<CreditRedemption>,
    pub amount_due_in_cents: Cents,
    pub refunds: Vec<IssuedRefund>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvoiceStatus {
    Open,
    Collected,
    Failed,
    PartiallyRefunded,
    Refunded,
}

/// A line and what of it was refunded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefundableLine {
    pub line: InvoiceLine,
    /// With its tax.
    pub refunded: Cents,
    pub tax_refunded: Cents,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct IssuedRefund {
    pub refund_id: RefundId,
    pub total_amount_in_cents: Cents,
    pub credit_amount_in_cents: Cents,
    pub credit_id: Option<CreditId>,
    pub open: bool,
}

impl Invoice {
    pub fn known(&self) -> Option<&KnownInvoice> {
        match self {
            Invoice::Known(invoice) => Some(invoice),
            Invoice::None => None,
        }
    }
}
