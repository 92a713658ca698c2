//! Metrics that stream from the log (api.md §11).

use super::one;
use super::product::AddedProduct;
use serde::Serialize;
use utoipa::ToSchema;

/// A number.
#[derive(Serialize, ToSchema)]
pub struct NumberAnswer {
    pub result: i64,
}

one! {
    /// The products most added to carts, most first.
    TopCartItems { products: Vec<AddedProduct> }
}
