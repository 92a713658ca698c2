//! The fold of a product's stream.

use crate::Cents;
use crate::ids::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Product {
    #[default]
    None,
    Known(Box<KnownProduct>),
}

/// A product, also once deleted: it stays in carts and can be billed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KnownProduct {
    pub product_id: ProductId,
    pub store_id: StoreId,
    pub title: String,
    pub product_type: String,
    pub vendor: String,
    pub description: Option<String>,
    pub sale_price_in_cents: Cents,
    pub tags: Vec<String>,
    pub deleted: bool,
    /// What can still be put into carts; never below 0.
    pub available: i64,
    /// What carts hold, until it is shipped or given back. On hand = available + Σ holds.
    pub holds: HashMap<CartId, Hold>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub customer_id: CustomerId,
    /// The number of events in the cart's stream that the hold was decided on.
    pub cart_revision: u64,
    pub quantity: u32,
}

impl KnownProduct {
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|known| known == tag)
    }

    /// What carts, invoices and orders hold in all. On hand = available + reserved.
    pub fn reserved(&self) -> i64 {
        self.holds.values().map(|hold| i64::from(hold.quantity)).sum()
    }
}

impl Product {
    /// The product, deleted or not.
    pub fn known(&self) -> Option<&KnownProduct> {
        match self {
            Product::Known(product) => Some(product),
            Product::None => None,
        }
    }

    /// The product, unless deleted.
    pub fn live(&self) -> Option<&KnownProduct> {
        self.known().filter(|product| !product.deleted)
    }
}
