//! The fold: what each event makes of the state. An event about another cart than the one that is open is [`Impossible`].

use super::*;
use crate::{CartId, Impossible, InvoiceId, ProductId, Timestamp};

pub(super) fn evolve(state: &mut Cart, event: &CartEvent, at: Timestamp) -> Result<(), Impossible> {
    let impossible = Impossible { event: event.event_type(), state: word(state) };
    let folded = match event {
        CartEvent::CartOpened(event) => opened(state, event, at),
        CartEvent::CartItemAdded(event) => item_added(state, event, at),
        CartEvent::CartItemQuantitySet(event) => quantity_set(state, event, at),
        CartEvent::CartItemRemoved(event) => item_removed(state, event, at),
        CartEvent::CartClosed(event) => closed(state, event.cart_id),
        CartEvent::CartItemsRefused(_) | CartEvent::CartHoldsRevoked(_) => revision_moved(state),
        CartEvent::CartBillingStarted(event) => billing_started(state, event),
        CartEvent::CartBillingRefused(event) => billing_refused(state, event.cart_id, event.invoice_id),
        CartEvent::CartBilled(event) => billed(state, event),
        CartEvent::CartStreamShut(event) => shut(state, event),
    };
    folded.ok_or(impossible)
}

fn opened(state: &mut Cart, event: &CartOpened, at: Timestamp) -> Option<()> {
    let ended = match state {
        Cart::None => EndedCarts::default(),
        Cart::NoneOpen { ended, .. } if ended.carts.kept(&event.cart_id).is_none() => std::mem::take(ended),
        Cart::NoneOpen { .. } | Cart::Open(_) | Cart::Billing { .. } | Cart::Shut { .. } => return None,
    };
    *state = Cart::Open(OpenCart {
        cart_id: event.cart_id,
        customer_id: event.customer_id,
        store_id: event.store_id,
        items: Vec::new(),
        last_activity_at: at,
        ended,
    });
    Some(())
}

fn item_added(state: &mut Cart, event: &CartItemAdded, at: Timestamp) -> Option<()> {
    let cart = open(state, event.cart_id)?;
    match cart.items.iter_mut().find(|item| item.product_id == event.product_id) {
        Some(item) if item.cart_item_id == event.cart_item_id => item.quantity = event.line_quantity,
        Some(_) => return None,
        None => cart.items.push(CartItem {
            cart_item_id: event.cart_item_id,
            product_id: event.product_id,
            quantity: event.line_quantity,
        }),
    }
    cart.last_activity_at = at;
    Some(())
}

fn quantity_set(state: &mut Cart, event: &CartItemQuantitySet, at: Timestamp) -> Option<()> {
    let cart = open(state, event.cart_id)?;
    let position = position(cart, event.product_id)?;
    cart.items[position].quantity = event.line_quantity;
    cart.last_activity_at = at;
    Some(())
}

fn item_removed(state: &mut Cart, event: &CartItemRemoved, at: Timestamp) -> Option<()> {
    let cart = open(state, event.cart_id)?;
    let position = position(cart, event.product_id)?;
    cart.items.remove(position);
    cart.last_activity_at = at;
    Some(())
}

fn closed(state: &mut Cart, cart_id: CartId) -> Option<()> {
    let cart = open(state, cart_id)?;
    *state = ended(cart, LastCart::Closed { cart_id }, None);
    Some(())
}

fn revision_moved(state: &Cart) -> Option<()> {
    match state {
        Cart::None | Cart::NoneOpen { .. } | Cart::Open(_) | Cart::Billing { .. } => Some(()),
        Cart::Shut { .. } => None,
    }
}

fn billing_started(state: &mut Cart, event: &CartBillingStarted) -> Option<()> {
    open(state, event.cart_id)?;
    let Cart::Open(cart) = std::mem::take(state) else {
        return None;
    };
    let billing = Box::new(Billing {
        invoice_id: event.invoice_id,
        coupon_id: event.coupon_id,
        terms: event.terms.clone(),
        request: event.request.clone(),
    });
    *state = Cart::Billing { cart, billing };
    Some(())
}

fn billing_refused(state: &mut Cart, cart_id: CartId, invoice_id: InvoiceId) -> Option<()> {
    under_way(state, cart_id, invoice_id)?;
    let Cart::Billing { cart, .. } = std::mem::take(state) else {
        return None;
    };
    *state = Cart::Open(cart);
    Some(())
}

fn billed(state: &mut Cart, event: &CartBilled) -> Option<()> {
    let cart = match &event.coupon {
        Some(_) => under_way(state, event.cart_id, event.invoice_id)?,
        None => open(state, event.cart_id)?,
    };
    if cart.ended.billed.kept(&event.invoice_id).is_some() {
        return None;
    }
    let last = LastCart::Billed { cart_id: event.cart_id, invoice_id: event.invoice_id };
    *state = ended(cart, last, Some(event.invoice_id));
    Some(())
}

fn shut(state: &mut Cart, event: &CartStreamShut) -> Option<()> {
    let ended = match state {
        Cart::None => EndedCarts::default(),
        Cart::NoneOpen { ended, .. } => std::mem::take(ended),
        Cart::Open(_) | Cart::Billing { .. } | Cart::Shut { .. } => return None,
    };
    *state = Cart::Shut { store_id: event.store_id, ended };
    Some(())
}

/// The state after `cart`, which remembers it.
fn ended(cart: &mut OpenCart, last: LastCart, invoice_id: Option<InvoiceId>) -> Cart {
    let mut ended = std::mem::take(&mut cart.ended);
    ended.end(cart.cart_id, invoice_id);
    Cart::NoneOpen { store_id: cart.store_id, last, ended }
}

/// The cart, if it is the open one.
fn open(state: &mut Cart, cart_id: CartId) -> Option<&mut OpenCart> {
    match state {
        Cart::Open(cart) if cart.cart_id == cart_id => Some(cart),
        Cart::Open(_) | Cart::None | Cart::NoneOpen { .. } | Cart::Billing { .. } | Cart::Shut { .. } => None,
    }
}

/// The cart, if it is being billed as that invoice.
fn under_way(state: &mut Cart, cart_id: CartId, invoice_id: InvoiceId) -> Option<&mut OpenCart> {
    match state {
        Cart::Billing { cart, billing } if cart.cart_id == cart_id && billing.invoice_id == invoice_id => Some(cart),
        Cart::Billing { .. } | Cart::Open(_) | Cart::None | Cart::NoneOpen { .. } | Cart::Shut { .. } => None,
    }
}

fn position(cart: &OpenCart, product_id: ProductId) -> Option<usize> {
    cart.items.iter().position(|item| item.product_id == product_id)
}

fn word(state: &Cart) -> &'static str {
    match state {
        Cart::None => "no cart yet",
        Cart::NoneOpen { .. } => "no cart open",
        Cart::Open(_) => "open",
        Cart::Billing { .. } => "being billed",
        Cart::Shut { .. } => "shut",
    }
}
