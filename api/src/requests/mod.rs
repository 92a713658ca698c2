//! What clients send: one file per resource. Each body's published schema is what checks it; see `wire::schema`.

pub mod as_of;
pub mod audit;
pub mod cart;
pub mod coupon;
pub mod credit;
pub mod customer;
pub mod dates;
pub mod gift_card;
pub mod invoice;
pub mod named;
pub mod order;
pub mod product;
pub mod store;
pub mod streaming;

use serde::{Deserialize, Deserializer};

/// Tells a field that is null from one that is missing: `Some(None)` and `None`.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
