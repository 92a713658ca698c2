//! A product as clients see it (api.md §3).

use super::{Time, list, one};
use crate::wire::list::Link;
use projections::views::ProductRow;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A product.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Product {
    pub product_id: Uuid,
    /// The same as `product_id`.
    pub id: Uuid,
    pub title: String,
    pub product_type: String,
    pub description: Option<String>,
    pub vendor: String,
    pub store_id: Uuid,
    /// What can still be put into a cart.
    pub inventory: i64,
    /// What open carts, open invoices and pending orders hold; `inventory` + `reserved` = stock on hand.
    pub reserved: i64,
    /// In minor units of the customer's currency.
    pub sale_price_in_cents: i64,
    pub tags: Vec<Tag>,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub links: Vec<Link>,
}

/// A tag of a product.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Tag {
    pub tag: String,
    pub created_at: Time,
}

/// A product that a search found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FoundProduct {
    #[serde(flatten)]
    pub product: Product,
    /// How well it fits, in units of no meaning of their own: more is better. An integer, as all numbers are.
    pub search_score: i64,
    /// With `explain=true`: the words that were searched for and that the product does not have, as they were typed. Articles and the
    /// like, as all others must be found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = false)]
    pub missed_words: Option<Vec<String>>,
}

/// A product and how often it was ordered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderedProduct {
    #[serde(flatten)]
    pub product: Product,
    /// Pieces, in the customer's collected invoices.
    pub num_ordered: i64,
}

/// A product and how often it was added to carts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AddedProduct {
    #[serde(flatten)]
    pub product: Product,
    /// Pieces added in the window.
    pub number_of_cart_adds: u64,
}

one! {
    /// The product.
    ProductAnswer { product: Product }
}
list! {
    /// One page of products, newest first.
    ProductList { products: Product }
}
list! {
    /// One page of what a search found, best first.
    FoundProducts { products: FoundProduct }
}

/// The links of a product.
pub fn links(product_id: Uuid) -> Vec<Link> {
    vec![
        Link::new("self", format!("/product/{product_id}")),
        Link::new("history", format!("/product/{product_id}/history")),
    ]
}

impl From<&ProductRow> for Product {
    fn from(row: &ProductRow) -> Self {
        let id = row.product_id.0;
        let tags = row.tags.iter().map(|tag| Tag { tag: tag.tag.clone(), created_at: tag.created_at.into() });
        Self {
            product_id: id,
            id,
            title: row.title.clone(),
            product_type: row.product_type.clone(),
            description: row.description.clone(),
            vendor: row.vendor.clone(),
            store_id: row.store_id.0,
            inventory: row.inventory,
            reserved: row.reserved,
            sale_price_in_cents: row.sale_price_in_cents.get(),
            tags: tags.collect(),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            deleted_at: row.deleted_at.map(Time::from),
            links: links(id),
        }
    }
}
