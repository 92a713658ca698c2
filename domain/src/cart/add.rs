//! The rules of adding to a cart: into the open one, or one that it opens; a product named twice adds up into one event.

use super::decide::{Decision, check_quantity};
use super::*;
use crate::limits::MAX_CART_LINES;
use crate::{CartId, CartItemId, Context};

impl Cart {
    pub(super) fn add_items(&self, opened: CartOpened, items: &[ItemToAdd], context: &Context<'_>) -> Decision {
        let open = self.changeable()?;
        if open.is_some_and(|cart| cart.cart_id != opened.cart_id) {
            return Err(CartRejection::AnotherCartIsOpen);
        }
        if self.has_ended(opened.cart_id) {
            return Err(CartRejection::CartHasEnded { cart_id: opened.cart_id });
        }
        let additions = additions(open, items)?;
        let new_lines = additions.iter().filter(|addition| addition.line.is_none()).count();
        if open.map_or(0, |cart| cart.items.len()) + new_lines > MAX_CART_LINES {
            return Err(CartRejection::CartIsFull);
        }
        let cart_id = opened.cart_id;
        let opens = open.is_none() && !additions.is_empty();
        let added = additions.iter().map(|addition| addition.event(cart_id, context).into());
        Ok(opens.then(|| opened.into()).into_iter().chain(added).collect())
    }
}

/// One product's share of an add, its line if there is one.
struct Addition<'a> {
    item: &'a ItemToAdd,
    line: Option<&'a CartItem>,
    quantity: u32,
    line_quantity: u32,
}

/// One addition per product, in the order of their first mention.
fn additions<'a>(open: Option<&'a OpenCart>, items: &'a [ItemToAdd]) -> Result<Vec<Addition<'a>>, CartRejection> {
    let mut additions: Vec<Addition<'a>> = Vec::with_capacity(items.len());
    for item in items {
        check_quantity(item.product_id, item.quantity)?;
        match additions.iter_mut().find(|addition| addition.item.product_id == item.product_id) {
            Some(addition) => {
                addition.quantity = addition.quantity.saturating_add(item.quantity);
                addition.line_quantity = addition.line_quantity.saturating_add(item.quantity);
            }
            None => {
                let line = open.and_then(|cart| cart.item(item.product_id));
                let line_quantity = line.map_or(0, |line| line.quantity).saturating_add(item.quantity);
                additions.push(Addition { item, line, quantity: item.quantity, line_quantity });
            }
        }
    }
    additions.iter().try_for_each(|addition| check_quantity(addition.item.product_id, addition.line_quantity))?;
    Ok(additions)
}

impl Addition<'_> {
    fn event(&self, cart_id: CartId, context: &Context<'_>) -> CartItemAdded {
        CartItemAdded {
            cart_id,
            cart_item_id: self.line.map_or_else(|| CartItemId(context.ids.next()), |line| line.cart_item_id),
            product_id: self.item.product_id,
            product_title: self.item.product_title.clone(),
            product_vendor: self.item.product_vendor.clone(),
            product_type: self.item.product_type.clone(),
            unit_amount_in_cents: self.item.unit_amount_in_cents,
            quantity: self.quantity,
            line_quantity: self.line_quantity,
        }
    }
}
