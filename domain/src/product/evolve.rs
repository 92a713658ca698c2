//! The fold: what each event makes of the state. An event that does not fit the stock it meets is [`Impossible`]: so
//! on hand = available + Σ holds, and available ≥ 0, hold after every event that was folded.

use super::*;
use crate::{CartId, Impossible};
use std::collections::HashMap;

pub(super) fn evolve(state: &mut Product, event: &ProductEvent) -> Result<(), Impossible> {
    let impossible = Impossible { event: event.event_type(), state: word(state) };
    fold(state, event).ok_or(impossible)
}

fn fold(state: &mut Product, event: &ProductEvent) -> Option<()> {
    match event {
        ProductEvent::ProductCreated(event) => created(state, event),
        ProductEvent::ProductDescribed(event) => described(live(state)?, event),
        ProductEvent::ProductRepriced(event) => {
            live(state)?.sale_price_in_cents = event.sale_price_in_cents;
            Some(())
        }
        ProductEvent::ProductDeleted(_) => {
            live(state)?.deleted = true;
            Some(())
        }
        ProductEvent::InventoryAdjusted(event) => adjusted(live(state)?, event),
        ProductEvent::ProductTagged(event) => tagged(live(state)?, &event.tag),
        ProductEvent::ProductTagRemoved(event) => tag_removed(live(state)?, &event.tag),
        ProductEvent::StockHeld(event) => held(live(state)?, event),
        ProductEvent::StockReleased(event) => released(known(state)?, event),
        ProductEvent::StockConsumed(event) => consumed(known(state)?, event),
    }
}

fn created(state: &mut Product, event: &ProductCreated) -> Option<()> {
    let Product::None = state else { return None };
    *state = Product::Known(Box::new(KnownProduct {
        product_id: event.product_id,
        store_id: event.store_id,
        title: event.title.clone(),
        product_type: event.product_type.clone(),
        vendor: event.vendor.clone(),
        description: event.description.clone(),
        sale_price_in_cents: event.sale_price_in_cents,
        tags: event.tags.clone(),
        deleted: false,
        available: event.inventory,
        holds: HashMap::new(),
    }));
    Some(())
}

fn described(product: &mut KnownProduct, event: &ProductDescribed) -> Option<()> {
    let ProductDescribed { title, product_type, vendor, description } = event;
    set(&mut product.title, title);
    set(&mut product.product_type, product_type);
    set(&mut product.vendor, vendor);
    set(&mut product.description, description);
    Some(())
}

fn set<T: Clone>(field: &mut T, new: &Option<T>) {
    if let Some(new) = new {
        field.clone_from(new);
    }
}

fn adjusted(product: &mut KnownProduct, event: &InventoryAdjusted) -> Option<()> {
    let fits = product.available.checked_add(event.change) == Some(event.inventory) && event.inventory >= 0;
    product.available = event.inventory;
    fits.then_some(())
}

fn tagged(product: &mut KnownProduct, tag: &str) -> Option<()> {
    let new = !product.has_tag(tag);
    product.tags.push(tag.to_owned());
    new.then_some(())
}

fn tag_removed(product: &mut KnownProduct, tag: &str) -> Option<()> {
    let position = product.tags.iter().position(|known| known == tag)?;
    product.tags.remove(position);
    Some(())
}

fn held(product: &mut KnownProduct, event: &StockHeld) -> Option<()> {
    let previous = product.holds.get(&event.cart_id);
    let in_order = previous.is_none_or(|hold| hold.cart_revision <= event.cart_revision);
    let more = event.quantity.checked_sub(event.previous_quantity)?;
    let left = product.available - i64::from(more);
    if !in_order || event.quantity == 0 || quantity(product, event.cart_id) != event.previous_quantity || left < 0 {
        return None;
    }
    product.available = left;
    let StockHeld { customer_id, cart_revision, quantity, .. } = *event;
    product.holds.insert(event.cart_id, Hold { customer_id, cart_revision, quantity });
    Some(())
}

fn released(product: &mut KnownProduct, event: &StockReleased) -> Option<()> {
    let hold = product.holds.get_mut(&event.cart_id)?;
    let back = event.previous_quantity.checked_sub(event.quantity)?;
    if hold.quantity != event.previous_quantity || hold.cart_revision > event.cart_revision {
        return None;
    }
    hold.quantity = event.quantity;
    hold.cart_revision = event.cart_revision;
    if event.quantity == 0 {
        product.holds.remove(&event.cart_id);
    }
    product.available += i64::from(back);
    Some(())
}

fn consumed(product: &mut KnownProduct, event: &StockConsumed) -> Option<()> {
    let hold = product.holds.remove(&event.cart_id)?;
    (hold.quantity == event.quantity).then_some(())
}

fn quantity(product: &KnownProduct, cart_id: CartId) -> u32 {
    product.holds.get(&cart_id).map_or(0, |hold| hold.quantity)
}

fn known(state: &mut Product) -> Option<&mut KnownProduct> {
    match state {
        Product::Known(product) => Some(product),
        Product::None => None,
    }
}

fn live(state: &mut Product) -> Option<&mut KnownProduct> {
    known(state).filter(|product| !product.deleted)
}

fn word(state: &Product) -> &'static str {
    match state {
        Product::None => "none",
        Product::Known(product) if product.deleted => "deleted",
        Product::Known(_) => "live",
    }
}
