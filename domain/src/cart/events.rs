//! What is stored in the stream of all of a customer's carts.

use crate::billing::{BillingTerms, CouponUse};
use crate::ids::*;
use crate::macros::events;
use crate::{Cents, coupon::CouponRefusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartOpened {
    pub cart_id: CartId,
    pub customer_id: CustomerId,
    pub store_id: StoreId,
}

/// `quantity` more of the product; the line has `line_quantity` now. The stock is held already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartItemAdded {
    pub cart_id: CartId,
    /// New with the line's first add; the same at every later one.
    pub cart_item_id: CartItemId,
    pub product_id: ProductId,
    pub product_title: String,
    pub product_vendor: String,
    pub product_type: String,
    /// The price at the time.
    pub unit_amount_in_cents: Cents,
    pub quantity: u32,
    pub line_quantity: u32,
}

/// The line was set to `line_quantity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartItemQuantitySet {
    pub cart_id: CartId,
    pub cart_item_id: CartItemId,
    pub product_id: ProductId,
    pub line_quantity: u32,
    pub previous_quantity: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartItemRemoved {
    pub cart_id: CartId,
    pub cart_item_id: CartItemId,
    pub product_id: ProductId,
    pub previous_quantity: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum CloseReason {
    /// A new cart took its place.
    #[serde(rename = "replaced")]
    Replaced,
    #[serde(rename = "closed")]
    Closed,
    #[serde(rename = "expired")]
    Expired,
    #[serde(rename = "customer deleted")]
    CustomerDeleted,
}

/// The cart is closed; the stock of `items` is given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartClosed {
    pub cart_id: CartId,
    pub reason: CloseReason,
    pub items: Vec<ProductQuantity>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductQuantity {
    pub product_id: ProductId,
    pub quantity: u32,
}

/// An add was refused after some of its stock had been held for `cart_id`. Moves the stream's revision, so that any slow
/// command in flight conflicts before the holds are taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartItemsRefused {
    pub cart_id: CartId,
    pub product_ids: Vec<ProductId>,
}

/// Recovery found more held for `cart_id` than it has. Moves the stream's revision, as [`CartItemsRefused`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartHoldsRevoked {
    pub cart_id: CartId,
    pub product_ids: Vec<ProductId>,
}

/// The billing with a coupon has begun and its terms are fixed; other commands on the cart wait for the coupon's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartBillingStarted {
    pub cart_id: CartId,
    pub invoice_id: InvoiceId,
    pub coupon_id: CouponId,
    pub terms: BillingTerms,
    /// Stands in [`CartBilled`]'s metadata if the billing succeeds: the request that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestKey>,
}

/// HMACs of an `Idempotency-Key` and of the request that carried it, in hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestKey {
    pub key: String,
    pub fingerprint: String,
}

/// The coupon said no; the cart is open again and nothing else happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartBillingRefused {
    pub cart_id: CartId,
    pub invoice_id: InvoiceId,
    pub reason: CouponRefusal,
}

/// The cart is billed, for ever and once. What is spent of the wallet and the invoice follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartBilled {
    pub cart_id: CartId,
    pub invoice_id: InvoiceId,
    pub customer_id: CustomerId,
    pub store_id: StoreId,
    pub terms: BillingTerms,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponUse>,
}

/// The customer was deleted: nothing is accepted on this stream any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CartStreamShut {
    pub customer_id: CustomerId,
    pub store_id: StoreId,
}

events! {
    /// The events of a cart stream: all carts of one customer.
    pub enum CartEvent {
        CartOpened = 1, CartItemAdded = 1, CartItemQuantitySet = 1, CartItemRemoved = 1, CartClosed = 1,
        CartItemsRefused = 1, CartHoldsRevoked = 1, CartBillingStarted = 1, CartBillingRefused = 1, CartBilled = 1,
        CartStreamShut = 1,
    }
}

impl CartEvent {
    /// The cart that the event is about; `None` for the end of the stream.
    pub fn cart_id(&self) -> Option<CartId> {
        match self {
            Self::CartOpened(event) => Some(event.cart_id),
            Self::CartItemAdded(event) => Some(event.cart_id),
            Self::CartItemQuantitySet(event) => Some(event.cart_id),
            Self::CartItemRemoved(event) => Some(event.cart_id),
            Self::CartClosed(event) => Some(event.cart_id),
            Self::CartItemsRefused(event) => Some(event.cart_id),
            Self::CartHoldsRevoked(event) => Some(event.cart_id),
            Self::CartBillingStarted(event) => Some(event.cart_id),
            Self::CartBillingRefused(event) => Some(event.cart_id),
            Self::CartBilled(event) => Some(event.cart_id),
            Self::CartStreamShut(_) => None,
        }
    }
}
