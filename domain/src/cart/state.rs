//! The fold of the stream of all of a customer's carts.

use super::events::{ProductQuantity, RequestKey};
use crate::Timestamp;
use crate::billing::BillingTerms;
use crate::ids::*;
use crate::recent::Recent;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cart {
    /// No cart is open: none ever was, or the last one was closed or billed.
    #[default]
    None,
    /// As `None`, after a first cart.
    NoneOpen {
        store_id: StoreId,
        last: LastCart,
        ended: EndedCarts,
    },
    Open(OpenCart),
    /// A billing with a coupon waits for the coupon's answer.
    Billing {
        cart: OpenCart,
        billing: Box<Billing>,
    },
    /// The customer was deleted.
    Shut {
        store_id: StoreId,
        ended: EndedCarts,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenCart {
    pub cart_id: CartId,
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    /// In the order of their first add.
    pub items: Vec<CartItem>,
    /// The moment of the last add, removal or change of a quantity, else of the opening.
    pub last_activity_at: Timestamp,
    pub ended: EndedCarts,
}

/// The carts before this one, each with its invoice if it was billed. Their ids, and those of their invoices, are never
/// used again: a request that is repeated with its `Idempotency-Key` long after gives the same ids (api.md §1), and must
/// neither open a second cart nor bill one under them. The last ones are kept here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedCarts {
    pub(super) carts: Recent<CartId, Option<InvoiceId>>,
    pub(super) billed: Recent<InvoiceId, CartId>,
}

/// What a state knows of how a cart ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Closed,
    Billed(InvoiceId),
    /// It never began, or has not ended.
    Never,
    /// Only the index can tell.
    NotKept,
}

impl EndedCarts {
    pub fn contains(&self, cart_id: CartId) -> bool {
        self.carts.contains_key(&cart_id)
    }

    pub fn billed_as(&self, invoice_id: InvoiceId) -> Option<CartId> {
        self.billed.get(&invoice_id).copied()
    }

    fn ending(&self, cart_id: CartId) -> Ending {
        match self.carts.kept(&cart_id) {
            Some(None) => Ending::Closed,
            Some(Some(invoice_id)) => Ending::Billed(*invoice_id),
            None if self.carts.is_complete() => Ending::Never,
            None => Ending::NotKept,
        }
    }

    pub(super) fn end(&mut self, cart_id: CartId, invoice_id: Option<InvoiceId>) {
        self.carts.insert(cart_id, invoice_id);
        if let Some(invoice_id) = invoice_id {
            self.billed.insert(invoice_id, cart_id);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartItem {
    pub cart_item_id: CartItemId,
    pub product_id: ProductId,
    pub quantity: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billing {
    pub invoice_id: InvoiceId,
    pub coupon_id: CouponId,
    pub terms: BillingTerms,
    pub request: Option<RequestKey>,
}

/// How the last cart ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LastCart {
    Closed { cart_id: CartId },
    Billed { cart_id: CartId, invoice_id: InvoiceId },
}

impl Cart {
    /// The cart that is open or being billed.
    pub fn current(&self) -> Option<&OpenCart> {
        match self {
            Cart::Open(cart) | Cart::Billing { cart, .. } => Some(cart),
            Cart::None | Cart::NoneOpen { .. } | Cart::Shut { .. } => None,
        }
    }

    /// Whether the cart was closed or billed.
    pub fn has_ended(&self, cart_id: CartId) -> bool {
        self.ended().is_some_and(|ended| ended.contains(cart_id))
    }

    /// The cart that became this invoice.
    pub fn billed_as(&self, invoice_id: InvoiceId) -> Option<CartId> {
        self.ended().and_then(|ended| ended.billed_as(invoice_id))
    }

    /// How the cart ended, as far as it is known here.
    pub fn ending(&self, cart_id: CartId) -> Ending {
        self.ended().map_or(Ending::Never, |ended| ended.ending(cart_id))
    }

    pub(super) fn ended(&self) -> Option<&EndedCarts> {
        match self {
            Cart::NoneOpen { ended, .. } | Cart::Open(OpenCart { ended, .. }) | Cart::Shut { ended, .. } => Some(ended),
            Cart::Billing { cart, .. } => Some(&cart.ended),
            Cart::None => None,
        }
    }

    pub(super) fn ended_mut(&mut self) -> Option<&mut EndedCarts> {
        match self {
            Cart::NoneOpen { ended, .. } | Cart::Open(OpenCart { ended, .. }) | Cart::Shut { ended, .. } => Some(ended),
            Cart::Billing { cart, .. } => Some(&mut cart.ended),
            Cart::None => None,
        }
    }

    /// The billing that waits for its coupon.
    pub fn billing(&self) -> Option<&Billing> {
        match self {
            Cart::Billing { billing, .. } => Some(billing),
            Cart::None | Cart::NoneOpen { .. } | Cart::Open(_) | Cart::Shut { .. } => None,
        }
    }
}

impl OpenCart {
    pub fn item(&self, product_id: ProductId) -> Option<&CartItem> {
        self.items.iter().find(|item| item.product_id == product_id)
    }
    /// What the cart holds of each product.
    pub fn quantities(&self) -> Vec<ProductQuantity> {
        let held = |item: &CartItem| ProductQuantity { product_id: item.product_id, quantity: item.quantity };
        self.items.iter().map(held).collect()
    }
}
