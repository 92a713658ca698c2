//! Carts: stock is held before a cart grows and given back after it shrinks.

use super::{billing, holds};
use crate::executor::{Executed, Refused};
use crate::session::{Session, refused};
use crate::{CommandError, Commands, Done, Request, Resource, UnderWay};
use domain::cart::{Cart, CartCommand, CartEvent, CartRejection, CloseReason};
use domain::customer::Customer;
use domain::{CartId, CustomerId, ProductId};

/// How often a command on a cart starts again because the cart moved meanwhile.
pub(super) const ATTEMPTS: usize = 50;

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
            super::growing::add(&session, customer, items).await
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
            super::growing::set(&session, customer, product, quantity).await
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

/// Writing to carts needs a customer who exists and is confirmed (api.md §5). A repeat by key is let through: what was done
/// stands, also once the customer is gone.
pub(super) async fn confirmed(session: &Session, customer: CustomerId) -> Result<(), CommandError> {
    if session.recall::<Cart>(&customer).await?.is_some() {
        return Ok(());
    }
    let confirmed = session.look(&customer, |customer: &Customer| customer.live().map(|live| live.confirmed)).await?;
    match confirmed.flatten() {
        None => Err(CommandError::NotFound(Resource::Customer)),
        Some(false) => Err(CommandError::CustomerIsNotConfirmed),
        Some(true) => Ok(()),
    }
}

/// Runs a command that only takes from the cart, and gives the stock back afterwards. A billing that waits for its coupon is
/// finished first.
pub(super) async fn shrink(
    session: &Session,
    customer: CustomerId,
    command: impl Fn(u64) -> CartCommand,
) -> Result<Done<CartId>, CommandError> {
    let _turn = session.inner.cart_locks.lock(customer).await;
    for _ in 0..ATTEMPTS {
        let length = session.inner.carts().read(&customer, |loaded| loaded.tail.length).await?;
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

/// Gives back what the events took from the cart, and answers with the cart they were about; without an event, with the one
/// that is open.
pub(super) async fn after_change(
    session: &Session,
    customer: CustomerId,
    executed: Executed<CartEvent>,
) -> Result<Done<CartId>, CommandError> {
    let follow_up = session.follow_up();
    let mut late = false;
    for event in &executed.events {
        late |= released(&follow_up, customer, event).await.is_err();
    }
    let cart = match executed.events.iter().rev().find_map(CartEvent::cart_id) {
        Some(cart) => cart,
        None => session
            .look(&customer, |cart: &Cart| cart.current().map(|cart| cart.cart_id))
            .await?
            .flatten()
            .ok_or(CommandError::Rejected(CartRejection::NoCartIsOpen.into()))?,
    };
    Ok(Done { late, ..session.done(cart, executed.replayed) })
}

/// Brings the holds in line with what the event left of its cart: the reaction to every event that takes from a cart.
pub(crate) async fn released(session: &Session, customer: CustomerId, event: &CartEvent) -> Result<(), CommandError> {
    let (cart_id, products) = match event {
        CartEvent::CartItemRemoved(removed) => (removed.cart_id, vec![removed.product_id]),
        CartEvent::CartItemQuantitySet(set) if set.line_quantity < set.previous_quantity => {
            (set.cart_id, vec![set.product_id])
        }
        CartEvent::CartClosed(closed) => (closed.cart_id, closed.items.iter().map(|item| item.product_id).collect()),
        CartEvent::CartItemsRefused(refused) => (refused.cart_id, refused.product_ids.clone()),
        CartEvent::CartHoldsRevoked(revoked) => (revoked.cart_id, revoked.product_ids.clone()),
        CartEvent::CartOpened(_)
        | CartEvent::CartItemAdded(_)
        | CartEvent::CartItemQuantitySet(_)
        | CartEvent::CartBillingStarted(_)
        | CartEvent::CartBillingRefused(_)
        | CartEvent::CartBilled(_)
        | CartEvent::CartStreamShut(_) => return Ok(()),
    };
    for product in products {
        holds::settle(session, customer, cart_id, product).await?;
    }
    Ok(())
}

/// What a refusal on a cart's stream means to a client.
pub(super) fn cart_refused(refusal: Refused<CartRejection>) -> CommandError {
    match refusal {
        Refused::Rejected(CartRejection::CustomerDeleted) => CommandError::NotFound(Resource::Customer),
        other => refused::<Cart>(other),
    }
}
