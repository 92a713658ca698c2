//! The rules of what carts hold of a product.
//!
//! A hold is absolute and fenced by the cart's stream: it remembers the number of events that the cart's stream had when
//! the hold was decided. Only a newer revision lowers a hold or replaces it; so whoever still acts on an older one is
//! refused here or conflicts on the cart's stream, and never less is held than carts hold. Available never falls below 0.

use super::decide::Decision;
use super::*;
use crate::{CartId, OrderId};

impl Product {
    /// A newer revision replaces the hold, also where the quantity stays: the fence moves, so that nobody who decided on
    /// an older one lowers what the cart is about to have.
    pub(super) fn hold_stock(&self, cart_id: CartId, asked: Hold) -> Decision {
        let product = self.found()?;
        let hold = product.holds.get(&cart_id);
        if let Some(hold) = hold.filter(|hold| hold.cart_revision > asked.cart_revision) {
            return Err(ProductRejection::StaleHold { held: hold.cart_revision, asked: asked.cart_revision });
        }
        let kept =
            hold.is_some_and(|hold| hold.cart_revision == asked.cart_revision && hold.quantity >= asked.quantity);
        let previous = hold.map_or(0, |hold| hold.quantity);
        if kept || (hold.is_none() && asked.quantity == 0) {
            return Ok(Vec::new());
        }
        if asked.quantity < previous {
            return Ok(vec![released(cart_id, asked, previous)]);
        }
        let more = i64::from(asked.quantity - previous);
        if more > product.available {
            let (product_id, available) = (product.product_id, product.available);
            return Err(ProductRejection::InsufficientInventory { product_id, available, asked: more });
        }
        Ok(vec![held(cart_id, asked, previous)])
    }

    /// Works on a deleted product too: it stays in carts.
    pub(super) fn lower_hold(&self, cart_id: CartId, cart_revision: u64, quantity: u32) -> Decision {
        let product = self.known().ok_or(ProductRejection::ProductNotFound)?;
        Ok(match product.holds.get(&cart_id) {
            Some(hold) if hold.cart_revision < cart_revision && hold.quantity > quantity => {
                vec![released(cart_id, Hold { cart_revision, quantity, ..*hold }, hold.quantity)]
            }
            Some(_) | None => Vec::new(),
        })
    }

    /// Not fenced: the cart was billed, nothing grows it any more.
    pub(super) fn release_hold(&self, cart_id: CartId) -> Decision {
        let product = self.known().ok_or(ProductRejection::ProductNotFound)?;
        let hold = product.holds.get(&cart_id);
        Ok(hold.map(|hold| released(cart_id, Hold { quantity: 0, ..*hold }, hold.quantity)).into_iter().collect())
    }

    /// Not fenced, as [`Self::release_hold`]. Only what was ordered leaves: an add that was cut off may have left more held.
    pub(super) fn consume_hold(&self, cart_id: CartId, order_id: OrderId, ordered: u32) -> Decision {
        let product = self.known().ok_or(ProductRejection::ProductNotFound)?;
        let Some(hold) = product.holds.get(&cart_id) else { return Ok(Vec::new()) };
        let quantity = ordered.min(hold.quantity);
        let rest = (quantity < hold.quantity).then(|| released(cart_id, Hold { quantity, ..*hold }, hold.quantity));
        let consumed = (quantity > 0).then(|| StockConsumed { cart_id, order_id, quantity }.into());
        Ok(rest.into_iter().chain(consumed).collect())
    }
}

fn held(cart_id: CartId, hold: Hold, previous_quantity: u32) -> ProductEvent {
    let Hold { customer_id, cart_revision, quantity } = hold;
    StockHeld { cart_id, customer_id, cart_revision, quantity, previous_quantity }.into()
}

fn released(cart_id: CartId, hold: Hold, previous_quantity: u32) -> ProductEvent {
    let Hold { customer_id, cart_revision, quantity } = hold;
    StockReleased { cart_id, customer_id, cart_revision, quantity, previous_quantity }.into()
}
