//! Products and their stock.

use crate::{CommandError, Commands, Done, Request};
use domain::product::ChangeProduct;
use domain::{Cents, ProductId};

#[derive(Clone, Debug)]
pub struct NewProduct {
    pub title: String,
    pub product_type: String,
    pub vendor: String,
    pub description: Option<String>,
    pub inventory: i64,
    pub sale_price_in_cents: Cents,
    pub tags: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InventoryChange {
    /// Added to what is available, or taken from it.
    By(i64),
    /// What is available from now on.
    To(i64),
}

impl Commands {
    pub async fn create_product(&self, request: &Request, new: NewProduct) -> Result<Done<ProductId>, CommandError> {
        todo!()
    }

    pub async fn change_product(
        &self,
        request: &Request,
        product: ProductId,
        change: ChangeProduct,
    ) -> Result<Done<ProductId>, CommandError> {
        todo!()
    }

    pub async fn delete_product(&self, request: &Request, product: ProductId) -> Result<Done<ProductId>, CommandError> {
        todo!()
    }

    pub async fn change_inventory(
        &self,
        request: &Request,
        product: ProductId,
        change: InventoryChange,
    ) -> Result<Done<ProductId>, CommandError> {
        todo!()
    }

    pub async fn add_product_tag(
        &self,
        request: &Request,
        product: ProductId,
        tag: String,
    ) -> Result<Done<ProductId>, CommandError> {
        todo!()
    }

    /// Removes one tag, or all (`None`).
    pub async fn remove_product_tag(
        &self,
        request: &Request,
        product: ProductId,
        tag: Option<String>,
    ) -> Result<Done<ProductId>, CommandError> {
        todo!()
    }
}
