//! What is stored of a product and its stock.

use crate::Cents;
use crate::ids::*;
use crate::macros::events;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductCreated {
    pub product_id: ProductId,
    pub store_id: StoreId,
    pub title: String,
    pub product_type: String,
    pub vendor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What can be put into carts.
    pub inventory: i64,
    pub sale_price_in_cents: Cents,
    pub tags: Vec<String>,
}

/// Fields that are absent stay as they are; `description` present and null removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductDescribed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
}

/// Reads a field that is there, null or not, as `Some`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// A new price; what is already in an invoice keeps its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductRepriced {
    pub sale_price_in_cents: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductDeleted {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InventoryAdjusted {
    /// Added to (or, negative, taken from) what is available.
    pub change: i64,
    /// What is available afterwards.
    pub inventory: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductTagged {
    pub tag: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProductTagRemoved {
    pub tag: String,
}

/// A cart holds `quantity` of the product from now on (absolute). `available` fell by the difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockHeld {
    pub cart_id: CartId,
    /// Whose cart: the cart's stream.
    pub customer_id: CustomerId,
    /// The number of events in the cart's stream that this was decided on: the fence.
    pub cart_revision: u64,
    pub quantity: u32,
    pub previous_quantity: u32,
}

/// A cart holds only `quantity` from now on (absolute, 0: nothing). `available` rose by the difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockReleased {
    pub cart_id: CartId,
    pub customer_id: CustomerId,
    pub cart_revision: u64,
    pub quantity: u32,
    pub previous_quantity: u32,
}

/// What the cart held was shipped: it is gone for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StockConsumed {
    pub cart_id: CartId,
    pub order_id: OrderId,
    pub quantity: u32,
}

events! {
    /// The events of a product's stream.
    pub enum ProductEvent {
        ProductCreated = 1, ProductDescribed = 1, ProductRepriced = 1, ProductDeleted = 1, InventoryAdjusted = 1,
        ProductTagged = 1, ProductTagRemoved = 1, StockHeld = 1, StockReleased = 1, StockConsumed = 1,
    }
}
