//! What every command on a cart begins and ends with: whether its customer may write, and what follows from its events.

use super::holds;
use crate::executor::{Executed, Refused};
use crate::session::{Session, refused};
use crate::{CommandError, Done, Resource};
use domain::cart::{Cart, CartEvent, CartRejection};
use domain::customer::Customer;
use domain::{CartId, CustomerId};

/// How often a command on a cart starts again because the cart moved meanwhile.
pub(super) const ATTEMPTS: usize = 50;

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

/// Gives back what the events took from the cart, and answers with the cart they were about; without an event, with the one
/// that is open.
pub(super) async fn after_change(
    session: &Session,
    customer: CustomerId,
    executed: Executed<CartEvent>,
) -> Result<Done<CartId>, CommandError> {
    let follow_up = session.follow_up();
    let events = executed.events.clone();
    let releasing = async move {
        let mut outcome = Ok(());
        for event in &events {
            outcome = outcome.and(released(&follow_up, customer, event).await);
        }
        outcome
    };
    let late = session.follow(releasing).await.is_err();
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
