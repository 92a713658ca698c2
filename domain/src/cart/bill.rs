//! The rules of billing: a cart is billed at most once, and only for what is in it.

use super::decide::Decision;
use super::*;
use crate::billing::{BillingTerms, CouponUse};
use crate::coupon::CouponRefusal;
use crate::{CouponId, InvoiceId};

impl Cart {
    pub(super) fn bill(&self, invoice_id: InvoiceId, terms: &BillingTerms) -> Decision {
        let Some(cart) = self.billable(invoice_id, terms)? else {
            return Ok(Vec::new());
        };
        Ok(vec![billed(cart, invoice_id, terms.clone().with_bounded_wallet(), None)])
    }

    pub(super) fn start_billing(
        &self,
        invoice_id: InvoiceId,
        coupon_id: CouponId,
        terms: &BillingTerms,
        request: Option<&RequestKey>,
    ) -> Decision {
        let Some(cart) = self.billable(invoice_id, terms)? else {
            return Ok(Vec::new());
        };
        let started = CartBillingStarted {
            cart_id: cart.cart_id,
            invoice_id,
            coupon_id,
            terms: terms.clone().with_bounded_wallet(),
            request: request.cloned(),
        };
        Ok(vec![started.into()])
    }

    pub(super) fn finish_billing(
        &self,
        invoice_id: InvoiceId,
        answer: &Result<CouponUse, CouponRefusal>,
        longest_title: Option<usize>,
    ) -> Decision {
        let (cart, billing) = match self {
            Cart::Billing { cart, billing } if billing.invoice_id == invoice_id => (cart, billing),
            Cart::Billing { .. } | Cart::None | Cart::NoneOpen { .. } | Cart::Open(_) | Cart::Shut { .. } => {
                return Ok(Vec::new());
            }
        };
        match answer {
            Ok(coupon) => {
                // The coupon was asked with these very items, so its discount fits them.
                billing.terms.items_total()?.minus(coupon.amount_in_cents)?;
                // Nothing was asked of the wallet yet, so that it may still be cut.
                let terms = billing.terms.clone().with_bounded_wallet();
                let terms = match longest_title {
                    Some(most_chars) => terms.with_short_titles(most_chars),
                    None => terms,
                };
                Ok(vec![billed(cart, invoice_id, terms, Some(coupon.clone()))])
            }
            Err(reason) => Ok(vec![CartBillingRefused { cart_id: cart.cart_id, invoice_id, reason: *reason }.into()]),
        }
    }

    /// The open cart, if these terms may bill it; `None` when a cart was billed as this invoice before.
    fn billable(&self, invoice_id: InvoiceId, terms: &BillingTerms) -> Result<Option<&OpenCart>, CartRejection> {
        let open = self.changeable()?;
        if self.billed_as(invoice_id).is_some() {
            return Ok(None);
        }
        let cart = open.ok_or(CartRejection::NoCartIsOpen)?;
        if cart.items.is_empty() {
            return Err(CartRejection::CartIsEmpty);
        }
        if !are_of(terms, cart) {
            return Err(CartRejection::CartHasChanged);
        }
        terms.check_amounts()?;
        Ok(Some(cart))
    }
}

/// Whether the terms bill exactly the cart's lines, in their order.
fn are_of(terms: &BillingTerms, cart: &OpenCart) -> bool {
    let billed = terms.items.iter().map(|item| (item.cart_item_id, item.product_id, item.quantity));
    billed.eq(cart.items.iter().map(|item| (item.cart_item_id, item.product_id, item.quantity)))
}

fn billed(cart: &OpenCart, invoice_id: InvoiceId, terms: BillingTerms, coupon: Option<CouponUse>) -> CartEvent {
    CartBilled {
        cart_id: cart.cart_id,
        invoice_id,
        customer_id: cart.customer_id,
        store_id: cart.store_id,
        terms,
        coupon,
    }
    .into()
}
