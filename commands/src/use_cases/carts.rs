//! Carts: stock is held before a cart grows and given back after it shrinks.

use crate::{CommandError, Commands, Done, Request};
use domain::{CartId, CustomerId, ProductId};

impl Commands {
    /// Opens a cart; an open one is closed first.
    pub async fn open_cart(&self, request: &Request, customer: CustomerId) -> Result<Done<CartId>, CommandError> {
        todo!()
    }

    /// Adds all items or, when one can't be had, none. Opens a cart if none is open. Quantities are at least 1; a product
    /// named twice adds up.
    pub async fn add_to_cart(&self, request: &Request, customer: CustomerId, items: Vec<(ProductId, u32)>) -> Result<Done<CartId>, CommandError> {
        todo!()
    }

    /// Sets the quantity (at least 1) of a product in the cart.
    pub async fn set_cart_quantity(
        &self,
        request: &Request,
        customer: CustomerId,
        product: ProductId,
        quantity: u32,
    ) -> Result<Done<CartId>, CommandError> {
        todo!()
    }

    /// Removes all of these products or none.
    pub async fn remove_from_cart(&self, request: &Request, customer: CustomerId, products: Vec<ProductId>) -> Result<Done<CartId>, CommandError> {
        todo!()
    }

    /// Closes the open cart.
    pub async fn close_cart(&self, request: &Request, customer: CustomerId) -> Result<Done<CartId>, CommandError> {
        todo!()
    }
}
