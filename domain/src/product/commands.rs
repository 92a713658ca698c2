//! What may be asked of a product and its stock.

use super::events::ProductCreated;
use crate::ids::*;
use crate::{AmountOutOfRange, Cents};

#[derive(Clone, Debug)]
pub enum ProductCommand {
    /// A tag named twice counts once.
    Create(ProductCreated),
    Change(ChangeProduct),
    /// Gone from lists, but carts keep what they hold. Deleted already: not found.
    Delete,
    /// Adds to, or with a negative amount takes from, what is available. 0: no event.
    AdjustInventory {
        amount: i64,
    },
    /// Sets what is available. Is so already: no event.
    SetInventory {
        inventory: i64,
    },
    AddTag {
        tag: String,
    },
    RemoveTag {
        tag: String,
    },
    RemoveAllTags,
    /// Raises what a cart holds. Absolute and fenced by the cart's stream: a newer `cart_revision` than the hold's
    /// replaces it, the same keeps the larger quantity, an older one is refused as stale.
    HoldStock {
        cart_id: CartId,
        customer_id: CustomerId,
        cart_revision: u64,
        quantity: u32,
    },
    /// Lowers what a cart holds, if it holds more, decided at a newer revision than the hold's; else nothing happens.
    /// It never creates or raises a hold.
    LowerHold {
        cart_id: CartId,
        cart_revision: u64,
        quantity: u32,
    },
    /// Gives back all that the cart holds: its invoice failed or its order was canceled. Without a hold: no event.
    ReleaseHold {
        cart_id: CartId,
    },
    /// The ordered quantity of what the cart holds was shipped; what it holds beyond that, left by an add that was cut off, is
    /// given back. Without a hold: no event.
    ConsumeHold {
        cart_id: CartId,
        order_id: OrderId,
        quantity: u32,
    },
}

/// `None` leaves a field as it is. A field set to what it already is gives no event.
#[derive(Clone, Debug, Default)]
pub struct ChangeProduct {
    pub title: Option<String>,
    pub product_type: Option<String>,
    pub vendor: Option<String>,
    pub description: Option<Option<String>>,
    pub sale_price_in_cents: Option<Cents>,
    /// Says what is available, and never changes it: another number is refused.
    pub given_inventory: Option<i64>,
    /// Says which tags there are, in any order, and never changes them: others are refused.
    pub given_tags: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProductRejection {
    #[error("there is no such product")]
    ProductNotFound,
    #[error("the product exists already")]
    ProductExists,
    /// The hold was decided on an older revision of the cart than one that is already known: start again.
    #[error("the cart was read at revision {asked}, the hold is of revision {held}")]
    StaleHold { held: u64, asked: u64 },
    #[error("product {product_id} has {available} left, {asked} were asked for")]
    InsufficientInventory { product_id: ProductId, available: i64, asked: i64 },
    #[error("would leave an inventory that is not within 0 to 1000000000")]
    InventoryOutOfRange,
    #[error("is not what the product has; it has routes of its own")]
    GivenInventoryDiffers,
    #[error("is not what the product has; it has routes of its own")]
    GivenTagsDiffer,
    #[error("the product has the tag already")]
    TagAlreadyExists,
    #[error("the product has no such tag")]
    TagNotFound,
    #[error("a product has at most 250 tags")]
    TooManyTags,
    #[error(transparent)]
    Amount(#[from] AmountOutOfRange),
}
