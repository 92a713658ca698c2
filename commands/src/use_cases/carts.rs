//! Carts: stock is held before a cart grows and given back after it shrinks.

use super::cart_steps::{ATTEMPTS, after_change, cart_refused, confirmed};
use super::{billing, growing};
use crate::executor::Refused;
use crate::session::Session;
use crate::{CommandError, Commands, Done, Request, UnderWay};
use domain::cart::{Cart, CartCommand, CartRejection, CloseReason};
use domain::{CartId, CustomerId, ProductId};

impl Commands {
    /// Opens a cart; an open one is closed first.
    pub fn open_cart(&self, request: &Request, customer: CustomerId) -> UnderWay<CartId> {
        self.run("open_cart", request, move |session| async move {
            confirmed(&session, customer).await?;
            let store_id = session.store_id();
            shrink(&session, customer, |length| CartCommand::Open {
                cart_id: CartId(session.new_id(&format!("cart at {length}"))),
                customer_id: customer,
                store_id,
            })
            .await
        })
    }

    /// Adds all items or, when one can't be had, none. Opens a cart if none is open. Quantities are at least 1; a product
    /// named twice adds up.
    pub fn add_to_cart(
        &self,
        request: &Request,
        customer: CustomerId,
        items: Vec<(ProductId, u32)>,
    ) -> UnderWay<CartId> {
        self.run("add_to_cart", request, move |session| async move {
            confirmed(&session, customer).await?;
            growing::add(&session, customer, items).await
        })
    }

    /// Sets the quantity (at least 1) of a product in the cart.
    pub fn set_cart_quantity(
        &self,
        request: &Request,
        customer: CustomerId,
        product: ProductId,
        quantity: u32,
    ) -> UnderWay<CartId> {
        self.run("set_cart_quantity", request, move |session| async move {
            confirmed(&session, customer).await?;
            growing::set(&session, customer, product, quantity).await
        })
    }

    /// Removes all of these products or none.
    pub fn remove_from_cart(
        &self,
        request: &Request,
        customer: CustomerId,
        products: Vec<ProductId>,
    ) -> UnderWay<CartId> {
        self.run("remove_from_cart", request, move |session| async move {
            confirmed(&session, customer).await?;
            shrink(&session, customer, |_| CartCommand::RemoveItems { product_ids: products.clone() }).await
        })
    }

    /// Closes the open cart.
    pub fn close_cart(&self, request: &Request, customer: CustomerId) -> UnderWay<CartId> {
        self.run("close_cart", request, move |session| async move {
            confirmed(&session, customer).await?;
            shrink(&session, customer, |_| CartCommand::Close { reason: CloseReason::Closed }).await
        })
    }
}

/// Runs a command that only takes from the cart, and gives the stock back afterwards. A billing that waits for its coupon is
/// finished first.
async fn shrink(
    session: &Session,
    customer: CustomerId,
    command: impl Fn(u64) -> CartCommand,
) -> Result<Done<CartId>, CommandError> {
    let _turn = session.node.cart_locks.lock(customer).await;
    for _ in 0..ATTEMPTS {
        let length = session.node.carts().read(&customer, |loaded| loaded.tail.length).await?;
        match session.decide::<Cart>(&customer, command(length)).await {
            Ok(executed) => return after_change(session, customer, executed).await,
            Err(Refused::Rejected(CartRejection::BillingUnderWay { .. })) => {
                billing::finish_under_way(session, customer).await?
            }
            Err(other) => return Err(cart_refused(other)),
        }
    }
    Err(CommandError::Busy)
}
