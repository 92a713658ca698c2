//! What is stored of an invoice.

use crate::billing::{CouponUse, InvoiceLine, Totals};
use crate::ids::*;
use crate::macros::events;
use crate::{Cents, Currency, cart::ProductQuantity};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Total − discount + tax = gift cards + credits + amount due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceIssued {
    pub invoice_id: InvoiceId,
    pub store_id: StoreId,
    pub customer_id: CustomerId,
    pub cart_id: CartId,
    pub currency: Currency,
    pub lines: Vec<InvoiceLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponUse>,
    pub gift_card_spends: Vec<GiftCardSpend>,
    pub credit_redemptions: Vec<CreditRedemption>,
    pub total_amount_in_cents: Cents,
    pub discount_amount_in_cents: Cents,
    pub tax_amount_in_cents: Cents,
    pub gift_card_used_amount_in_cents: Cents,
    pub credit_used_amount_in_cents: Cents,
    /// What is to collect.
    pub amount_due_in_cents: Cents,
    /// The day in the store's time zone. Events from before this field have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<NaiveDate>,
}

impl InvoiceIssued {
    /// The balance equation: the sums are those of the lines, the coupon and the spends, and
    /// total − discount + tax = gift cards + credits + amount due.
    pub fn adds_up(&self) -> bool {
        let gift_cards = Cents::sum(self.gift_card_spends.iter().map(|spend| spend.amount_in_cents));
        let credits = Cents::sum(self.credit_redemptions.iter().map(|spend| spend.amount_in_cents));
        let paid = Cents::sum([
            self.gift_card_used_amount_in_cents,
            self.credit_used_amount_in_cents,
            self.amount_due_in_cents,
        ]);
        let coupon = self.coupon.as_ref().map_or(Cents::ZERO, |coupon| coupon.amount_in_cents);
        let totals = Totals::of(&self.lines);
        totals.is_ok_and(|totals| {
            totals.total == self.total_amount_in_cents
                && totals.discount == self.discount_amount_in_cents
                && totals.tax == self.tax_amount_in_cents
                && totals.discount == coupon
                && gift_cards == Ok(self.gift_card_used_amount_in_cents)
                && credits == Ok(self.credit_used_amount_in_cents)
                && paid == Ok(totals.due)
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GiftCardSpend {
    pub gift_card_spend_id: GiftCardSpendId,
    pub gift_card_id: GiftCardId,
    pub amount_in_cents: Cents,
    pub remaining_balance_in_cents: Cents,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditRedemption {
    pub credit_redemption_id: CreditRedemptionId,
    pub credit_id: CreditId,
    pub amount_in_cents: Cents,
    pub remaining_balance_in_cents: Cents,
}

/// The amount due was collected; the order `order_id` follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceCollected {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub cart_id: CartId,
    pub amount_in_cents: Cents,
    /// The invoice's. Events from before this field have none: then it stands in `InvoiceIssued` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    pub items: Vec<ProductQuantity>,
}

/// What it spent of gift cards and credits, its coupon use and its stock go back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceFailed {
    pub customer_id: CustomerId,
    pub cart_id: CartId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundIssued {
    pub refund_id: RefundId,
    pub customer_id: CustomerId,
    pub lines: Vec<RefundLine>,
    /// Σ of the lines.
    pub total_amount_in_cents: Cents,
    /// What of the total comes as a credit; the credit follows where it is above 0.
    pub credit_amount_in_cents: Cents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_id: Option<CreditId>,
    /// Nothing is left to refund: a pending order is canceled.
    pub nothing_left: bool,
    /// The day in the store's time zone. Events from before this field have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundLine {
    pub refund_line_item_id: RefundLineItemId,
    pub invoice_line_item_id: InvoiceLineItemId,
    /// With its tax.
    pub total_amount_in_cents: Cents,
    pub tax_amount_in_cents: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundsClosed {
    pub refund_ids: Vec<RefundId>,
}

impl RefundIssued {
    /// What of it is paid back as money.
    pub fn money(&self) -> Result<Cents, crate::AmountOutOfRange> {
        self.total_amount_in_cents.minus(self.credit_amount_in_cents)
    }
}

events! {
    /// The events of an invoice's stream.
    pub enum InvoiceEvent {
        InvoiceIssued = 1, InvoiceCollected = 1, InvoiceFailed = 1, RefundIssued = 1, RefundsClosed = 1,
    }
}
