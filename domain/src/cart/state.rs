//! The fold of the stream of all of a customer's carts.

use super::events::RequestKey;
use crate::Timestamp;
use crate::billing::BillingTerms;
use crate::ids::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Cart {
    /// No cart is open: none ever was, or the last one was closed or billed.
    #[default]
    None,
    /// As `None`, after a first cart.
    NoneOpen { store_id: StoreId, last: LastCart },
    Open(OpenCart),
    /// A billing with a coupon waits for the coupon's answer.
    Billing { cart: OpenCart, billing: Box<Billing> },
    /// The customer was deleted.
    Shut { store_id: StoreId },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenCart {
    pub cart_id: CartId,
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    /// In the order of their first add.
    pub items: Vec<CartItem>,
    pub last_activity_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartItem {
    pub cart_item_id: CartItemId,
    pub product_id: ProductId,
    pub quantity: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
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
}
