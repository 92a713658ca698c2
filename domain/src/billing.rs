//! How the amounts of an invoice come about (api.md §6), written down once: used when a cart is billed, when the
//! coupon is asked, and when the invoice is issued.

use crate::ids::*;
use crate::limits::MAX_WALLET;
use crate::{AmountOutOfRange, Cents, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a billing fixes before anything else is asked: later changes of prices, rates or balances don't reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BillingTerms {
    pub currency: Currency,
    pub items: Vec<BilledItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<BilledShipping>,
    pub tax_rate_in_basis_points: u32,
    /// The balances that will be asked, strictly in this order, until nothing is due. At most [`MAX_WALLET`]; terms that were
    /// fixed before there was a limit may have more.
    pub wallet: Vec<WalletRef>,
}

/// One cart item at its price when the cart was billed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BilledItem {
    pub invoice_line_item_id: InvoiceLineItemId,
    pub cart_item_id: CartItemId,
    pub product_id: ProductId,
    pub product_title: String,
    pub quantity: u32,
    pub unit_amount_in_cents: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BilledShipping {
    pub invoice_line_item_id: InvoiceLineItemId,
    pub amount_in_cents: Cents,
}

/// A balance of the customer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum WalletRef {
    GiftCard(GiftCardId),
    Credit(CreditId),
}

/// The use of a coupon that its stream granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CouponUse {
    pub coupon_id: CouponId,
    /// As it was given when the coupon was created.
    pub code: String,
    pub redemption_id: CouponRedemptionId,
    /// What it takes off the items.
    pub amount_in_cents: Cents,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Item,
    Shipping,
}

/// One line of an invoice. Left to refund: total − discount + tax − refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvoiceLine {
    pub invoice_line_item_id: InvoiceLineItemId,
    #[serde(rename = "type")]
    pub kind: LineKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart_item_id: Option<CartItemId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_title: Option<String>,
    pub quantity: u32,
    pub unit_amount_in_cents: Cents,
    pub total_amount_in_cents: Cents,
    pub discount_amount_in_cents: Cents,
    pub tax_amount_in_cents: Cents,
    /// What it was taxed at, in 1/100 %; 0 for shipping. Lines from before this field have none: then the rate stands in the
    /// terms of `CartBilled` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate_in_basis_points: Option<u32>,
}

impl InvoiceLine {
    /// total − discount + tax.
    pub fn gross(&self) -> Result<Cents, AmountOutOfRange> {
        self.total_amount_in_cents.minus(self.discount_amount_in_cents)?.plus(self.tax_amount_in_cents)
    }
}

/// The sums over an invoice's lines, in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    pub total: Cents,
    pub discount: Cents,
    pub tax: Cents,
    /// total − discount + tax: what is due before gift cards and credits.
    pub due: Cents,
}

impl BillingTerms {
    /// Σ quantity × price of the items, without shipping: what a coupon looks at.
    pub fn items_total(&self) -> Result<Cents, AmountOutOfRange> {
        self.items.iter().try_fold(Cents::ZERO, |sum, item| sum.plus(item.unit_amount_in_cents.times(item.quantity)?))
    }

    /// The same with the first [`MAX_WALLET`] balances alone. Only before the first of them is asked.
    pub fn with_bounded_wallet(mut self) -> Self {
        self.wallet.truncate(MAX_WALLET);
        self
    }

    /// The same with titles of at most so many characters, where that is too many the last of them a `…`. For a bill that was
    /// begun before its size was looked at: the whole titles stand in the events of the cart.
    pub fn with_short_titles(mut self, most_chars: usize) -> Self {
        for item in &mut self.items {
            if item.product_title.chars().count() > most_chars {
                let kept: String = item.product_title.chars().take(most_chars.saturating_sub(1)).collect();
                item.product_title = if most_chars == 0 { kept } else { kept + "…" };
            }
        }
        self
    }

    /// Whether an invoice can come of these terms, whatever a coupon takes off: a discount only ever lowers what is due.
    pub fn check_amounts(&self) -> Result<(), AmountOutOfRange> {
        Totals::of(&self.lines(Cents::ZERO)?).map(drop)
    }

    /// The invoice's lines once the discount is known: it is spread over the item lines in proportion, each taxed on
    /// what is left of it; shipping comes last and is neither discounted nor taxed. A discount above
    /// [`Self::items_total`] is out of range.
    pub fn lines(&self, discount: Cents) -> Result<Vec<InvoiceLine>, AmountOutOfRange> {
        self.items_total()?.minus(discount)?;
        let totals = self
            .items
            .iter()
            .map(|item| item.unit_amount_in_cents.times(item.quantity))
            .collect::<Result<Vec<_>, _>>()?;
        let discounts = discount.spread(&totals);
        let mut lines = Vec::with_capacity(self.items.len() + 1);
        for ((item, total), discount) in self.items.iter().zip(totals).zip(discounts) {
            lines.push(InvoiceLine {
                invoice_line_item_id: item.invoice_line_item_id,
                kind: LineKind::Item,
                cart_item_id: Some(item.cart_item_id),
                product_id: Some(item.product_id),
                product_title: Some(item.product_title.clone()),
                quantity: item.quantity,
                unit_amount_in_cents: item.unit_amount_in_cents,
                total_amount_in_cents: total,
                discount_amount_in_cents: discount,
                tax_amount_in_cents: total.minus(discount)?.tax(self.tax_rate_in_basis_points)?,
                tax_rate_in_basis_points: Some(self.tax_rate_in_basis_points),
            });
        }
        if let Some(shipping) = &self.shipping {
            lines.push(InvoiceLine {
                invoice_line_item_id: shipping.invoice_line_item_id,
                kind: LineKind::Shipping,
                cart_item_id: None,
                product_id: None,
                product_title: None,
                quantity: 1,
                unit_amount_in_cents: shipping.amount_in_cents,
                total_amount_in_cents: shipping.amount_in_cents,
                discount_amount_in_cents: Cents::ZERO,
                tax_amount_in_cents: Cents::ZERO,
                tax_rate_in_basis_points: Some(0),
            });
        }
        Ok(lines)
    }
}

impl Totals {
    pub fn of(lines: &[InvoiceLine]) -> Result<Totals, AmountOutOfRange> {
        let total = Cents::sum(lines.iter().map(|line| line.total_amount_in_cents))?;
        let discount = Cents::sum(lines.iter().map(|line| line.discount_amount_in_cents))?;
        let tax = Cents::sum(lines.iter().map(|line| line.tax_amount_in_cents))?;
        Ok(Totals { total, discount, tax, due: total.minus(discount)?.plus(tax)? })
    }
}

#[cfg(test)]
pub(crate) mod tests;
