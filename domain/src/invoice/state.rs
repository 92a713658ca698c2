//! The fold of an invoice's stream.

use super::events::{CreditRedemption, GiftCardSpend};
use crate::billing::{CouponUse, InvoiceLine};
use crate::ids::*;
use crate::recent::Recent;
use crate::{AmountOutOfRange, Cents};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Invoice {
    #[default]
    None,
    Known(Box<KnownInvoice>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What was paid back as money.
    pub money_refunded_in_cents: Cents,
    /// The last ones. What each was of its lines, the lines have in sum.
    pub refunds: Recent<RefundId, ()>,
    /// At most [`crate::limits::MAX_OPEN_REFUNDS`], oldest first.
    pub open_refunds: Vec<RefundId>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundableLine {
    pub line: InvoiceLine,
    /// With its tax.
    pub refunded: Cents,
    pub tax_refunded: Cents,
}

impl Invoice {
    pub fn known(&self) -> Option<&KnownInvoice> {
        match self {
            Invoice::Known(invoice) => Some(invoice),
            Invoice::None => None,
        }
    }
}

impl KnownInvoice {
    /// What is left to refund, whatever it was paid with: total − discount + tax − refunded.
    pub fn left_to_refund(&self) -> Result<Cents, AmountOutOfRange> {
        self.lines.iter().try_fold(Cents::ZERO, |sum, line| sum.plus(line.left()?))
    }

    /// The money that was collected and not yet refunded as money. A refund takes it first; what exceeds it comes as a
    /// credit, so that a gift card never turns into cash.
    pub fn money_left(&self) -> Result<Cents, AmountOutOfRange> {
        self.amount_due_in_cents.minus(self.money_refunded_in_cents)
    }

    /// What was refunded of the lines, in money or as credit.
    pub fn refunded(&self) -> Result<Cents, AmountOutOfRange> {
        Cents::sum(self.lines.iter().map(|line| line.refunded))
    }
}

impl RefundableLine {
    /// What is left of the line to refund: total − discount + tax − refunded.
    pub fn left(&self) -> Result<Cents, AmountOutOfRange> {
        self.line.gross()?.minus(self.refunded)
    }

    /// The tax in the next `amount` that is refunded of the line. What was refunded up to a moment holds its exact share
    /// of the tax, rounded once; so the parts sum to the line's tax once all of it is refunded, in however many steps.
    pub fn tax_in(&self, amount: Cents) -> Result<Cents, AmountOutOfRange> {
        let refunded = self.refunded.plus(amount)?;
        self.line.tax_amount_in_cents.share(refunded, self.line.gross()?)?.minus(self.tax_refunded)
    }
}
