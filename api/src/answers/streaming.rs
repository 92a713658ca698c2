//! Metrics that stream from the log (api.md §11).

use super::list;
use super::product::AddedProduct;
use serde::Serialize;
use utoipa::ToSchema;

/// A number.
#[derive(Serialize, ToSchema)]
pub struct NumberAnswer {
    /// The figure itself.
    pub result: i64,
}

list! {
    /// The products most added to carts, most first. There are no other pages.
    TopCartItems { products: AddedProduct }
}
