//! What may be asked of a customer's carts. Holding the stock, and asking the coupon, come before (see the use cases).

use super::events::{CloseReason, RequestKey};
use crate::billing::{BillingTerms, CouponUse};
use crate::coupon::CouponRefusal;
use crate::ids::*;
use crate::{AmountOutOfRange, Cents, Timestamp};

#[derive(Clone, Debug)]
pub enum CartCommand {
    /// Opens a cart; an open one is closed first (`replaced`). Opened already under this id, ended since or not: no event.
    Open { cart_id: CartId, customer_id: CustomerId, store_id: StoreId },
    /// Adds to the open cart, which must be `cart_id`; opens it under that id if none is open. All stock is held. A product
    /// named twice adds up. Without items: no event.
    AddItems { cart_id: CartId, customer_id: CustomerId, store_id: StoreId, items: Vec<ItemToAdd> },
    /// Sets a line's quantity. Raised: the stock is held already. The same: no event.
    SetQuantity { product_id: ProductId, quantity: u32 },
    /// Removes lines, all or none; a product named twice counts once.
    RemoveItems { product_ids: Vec<ProductId> },
    /// Closes the open cart.
    Close { reason: CloseReason },
    /// Closes the open cart if nothing happened to it since `idle_since`; else no event.
    Expire { idle_since: Timestamp },
    /// Moves the revision after stock was held for an add that is refused. In every state but `Shut`, also as the
    /// stream's first event and while a billing is under way, which it doesn't disturb; `cart_id` may never have opened.
    RefuseItems { cart_id: CartId, product_ids: Vec<ProductId> },
    /// Moves the revision before recovery takes holds back. In the same states as [`Self::RefuseItems`].
    RevokeHolds { cart_id: CartId, product_ids: Vec<ProductId> },
    /// Bills the open cart without a coupon. Billed already as this invoice: no event.
    Bill { invoice_id: InvoiceId, terms: BillingTerms },
    /// Fixes the terms before the coupon is asked. Billed already as this invoice: no event; while that billing is under
    /// way, `BillingUnderWay` names it.
    StartBilling { invoice_id: InvoiceId, coupon_id: CouponId, terms: BillingTerms, request: Option<RequestKey> },
    /// The coupon answered. Another billing, or none, is under way: no event. `longest_title`, in characters: what begun terms
    /// must keep to so that an invoice can be stored.
    FinishBilling { invoice_id: InvoiceId, answer: Result<CouponUse, CouponRefusal>, longest_title: Option<usize> },
    /// The customer was deleted: closes the open cart and shuts the stream; a billing under way is finished first
    /// (`BillingUnderWay`). Shut already: no event.
    Shut { customer_id: CustomerId, store_id: StoreId },
}

/// A product as it is when it is put into a cart.
#[derive(Clone, Debug)]
pub struct ItemToAdd {
    pub product_id: ProductId,
    pub product_title: String,
    pub product_vendor: String,
    pub product_type: String,
    pub unit_amount_in_cents: Cents,
    /// At least 1.
    pub quantity: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CartRejection {
    /// The customer was deleted and the stream is shut.
    #[error("the customer was deleted")]
    CustomerDeleted,
    /// A billing waits for its coupon: finish it, then ask again.
    #[error("the cart is being billed as invoice {invoice_id}")]
    BillingUnderWay { invoice_id: InvoiceId },
    #[error("no cart is open")]
    NoCartIsOpen,
    /// Another cart than the one that stock was held for is open: start again.
    #[error("another cart is open")]
    AnotherCartIsOpen,
    /// The cart that is to be opened was closed or billed: a cart's id is never used again, since the stock that its order
    /// holds is held in its name.
    #[error("cart {cart_id} was closed or billed")]
    CartHasEnded { cart_id: CartId },
    #[error("product {product_id} is not in the cart")]
    ProductNotInCart { product_id: ProductId },
    #[error("a line's quantity must stay within 1 to 10000")]
    QuantityOutOfRange { product_id: ProductId },
    #[error("a cart has at most 1000 different products")]
    CartIsFull,
    #[error("the cart is empty")]
    CartIsEmpty,
    /// The terms are not of the lines that the cart has: read it again and start again. A caller that appends at the
    /// revision it read never meets this; it is refused, not asserted away, because what isn't in the cart must not be
    /// billed whatever the caller does.
    #[error("the cart has changed since its terms were fixed")]
    CartHasChanged,
    #[error(transparent)]
    Amount(#[from] AmountOutOfRange),
}
