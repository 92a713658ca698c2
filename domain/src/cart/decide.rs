//! The rules of opening, changing and ending a cart. Those of adding to one stand in `add.rs`, of billing one in `bill.rs`.

use super::*;
use crate::limits::MAX_LINE_QUANTITY;
use crate::past::{Fact, PastQuestion};
use crate::{CartId, Category, Context, CustomerId, Decider, Impossible, ProductId, StoreId, Timestamp};
use std::collections::HashSet;

pub(super) type Decision = Result<Vec<CartEvent>, CartRejection>;

impl Decider for Cart {
    const CATEGORY: Category = Category::Cart;

    type Id = crate::CustomerId;
    type Command = CartCommand;
    type Event = CartEvent;
    type Rejection = CartRejection;

    fn decide(&self, command: &CartCommand, context: &Context<'_>) -> Decision {
        match command {
            CartCommand::Open { cart_id, customer_id, store_id } => self.open(*cart_id, *customer_id, *store_id),
            CartCommand::AddItems { cart_id, customer_id, store_id, items } => {
                let opened = CartOpened { cart_id: *cart_id, customer_id: *customer_id, store_id: *store_id };
                self.add_items(opened, items, context)
            }
            CartCommand::SetQuantity { product_id, quantity } => self.set_quantity(*product_id, *quantity),
            CartCommand::RemoveItems { product_ids } => self.remove_items(product_ids),
            CartCommand::Close { reason } => self.close(*reason),
            CartCommand::Expire { idle_since } => self.expire(*idle_since),
            CartCommand::RefuseItems { cart_id, product_ids } => self.refuse_items(*cart_id, product_ids),
            CartCommand::RevokeHolds { cart_id, product_ids } => self.revoke_holds(*cart_id, product_ids),
            CartCommand::Bill { invoice_id, terms } => self.bill(*invoice_id, terms),
            CartCommand::StartBilling { invoice_id, coupon_id, terms, request } => {
                self.start_billing(*invoice_id, *coupon_id, terms, request.as_ref())
            }
            CartCommand::FinishBilling { invoice_id, answer, longest_title } => {
                self.finish_billing(*invoice_id, answer, *longest_title)
            }
            CartCommand::Shut { customer_id, store_id } => self.shut(*customer_id, *store_id),
        }
    }

    fn evolve(&mut self, event: &CartEvent, at: Timestamp) -> Result<(), Impossible> {
        super::evolve::evolve(self, event, at)
    }

    /// A cart or an invoice that is about to begin must be none that there was long ago.
    fn asks(&self, command: &CartCommand) -> Option<PastQuestion> {
        let ended = self.ended()?;
        match command {
            CartCommand::Open { cart_id, .. } | CartCommand::AddItems { cart_id, .. } => {
                let is_open = self.current().is_some_and(|cart| cart.cart_id == *cart_id);
                (!is_open && ended.carts.must_ask(cart_id)).then_some(PastQuestion::EndedCart { cart_id: *cart_id })
            }
            CartCommand::Bill { invoice_id, .. } | CartCommand::StartBilling { invoice_id, .. } => {
                ended.billed.must_ask(invoice_id).then_some(PastQuestion::BilledCart { invoice_id: *invoice_id })
            }
            CartCommand::SetQuantity { .. }
            | CartCommand::RemoveItems { .. }
            | CartCommand::Close { .. }
            | CartCommand::Expire { .. }
            | CartCommand::RefuseItems { .. }
            | CartCommand::RevokeHolds { .. }
            | CartCommand::FinishBilling { .. }
            | CartCommand::Shut { .. } => None,
        }
    }

    fn told(&mut self, asked: &PastQuestion, fact: Option<Fact>) {
        let Some(ended) = self.ended_mut() else { return };
        match (asked, fact) {
            (PastQuestion::EndedCart { cart_id }, Some(Fact::EndedCart { invoice_id, .. })) => {
                ended.carts.tell(*cart_id, Some(invoice_id));
            }
            (PastQuestion::EndedCart { cart_id }, _) => ended.carts.tell(*cart_id, None),
            (PastQuestion::BilledCart { invoice_id }, Some(Fact::BilledCart { cart_id })) => {
                ended.billed.tell(*invoice_id, Some(cart_id));
            }
            (PastQuestion::BilledCart { invoice_id }, _) => ended.billed.tell(*invoice_id, None),
            (_, _) => {}
        }
    }

    fn forget_told(&mut self) {
        if let Some(ended) = self.ended_mut() {
            ended.carts.forget_told();
            ended.billed.forget_told();
        }
    }

    fn event(event: crate::Event) -> Option<CartEvent> {
        match event {
            crate::Event::Cart(event) => Some(event),
            _ => None,
        }
    }

    fn store_id(&self) -> Option<StoreId> {
        match self {
            Cart::None => None,
            Cart::NoneOpen { store_id, .. } | Cart::Shut { store_id, .. } => Some(*store_id),
            Cart::Open(cart) | Cart::Billing { cart, .. } => Some(cart.store_id),
        }
    }

    /// What only moves the revision, and a billing that waits, leave the cart as a client sees it.
    fn changes_representation(event: &CartEvent) -> bool {
        match event {
            CartEvent::CartItemsRefused(_)
            | CartEvent::CartHoldsRevoked(_)
            | CartEvent::CartBillingStarted(_)
            | CartEvent::CartBillingRefused(_) => false,
            CartEvent::CartOpened(_)
            | CartEvent::CartItemAdded(_)
            | CartEvent::CartItemQuantitySet(_)
            | CartEvent::CartItemRemoved(_)
            | CartEvent::CartClosed(_)
            | CartEvent::CartBilled(_)
            | CartEvent::CartStreamShut(_) => true,
        }
    }

    /// A cart that an added item opened is followed by the item.
    fn creates(event: &CartEvent) -> bool {
        match event {
            CartEvent::CartOpened(_) | CartEvent::CartBilled(_) => true,
            CartEvent::CartItemAdded(_)
            | CartEvent::CartItemQuantitySet(_)
            | CartEvent::CartItemRemoved(_)
            | CartEvent::CartClosed(_)
            | CartEvent::CartItemsRefused(_)
            | CartEvent::CartHoldsRevoked(_)
            | CartEvent::CartBillingStarted(_)
            | CartEvent::CartBillingRefused(_)
            | CartEvent::CartStreamShut(_) => false,
        }
    }
}

/// The guards that most commands begin with.
impl Cart {
    /// The cart that is open, or none; neither while a billing is under way nor on a shut stream.
    pub(super) fn changeable(&self) -> Result<Option<&OpenCart>, CartRejection> {
        match self {
            Cart::Shut { .. } => Err(CartRejection::CustomerDeleted),
            Cart::Billing { billing, .. } => Err(CartRejection::BillingUnderWay { invoice_id: billing.invoice_id }),
            Cart::Open(cart) => Ok(Some(cart)),
            Cart::None | Cart::NoneOpen { .. } => Ok(None),
        }
    }

    pub(super) fn open_cart(&self) -> Result<&OpenCart, CartRejection> {
        self.changeable()?.ok_or(CartRejection::NoCartIsOpen)
    }

    fn not_shut(&self) -> Result<(), CartRejection> {
        match self {
            Cart::Shut { .. } => Err(CartRejection::CustomerDeleted),
            Cart::None | Cart::NoneOpen { .. } | Cart::Open(_) | Cart::Billing { .. } => Ok(()),
        }
    }
}

impl Cart {
    fn open(&self, cart_id: CartId, customer_id: CustomerId, store_id: StoreId) -> Decision {
        let open = self.changeable()?;
        if self.has_ended(cart_id) || open.is_some_and(|cart| cart.cart_id == cart_id) {
            return Ok(Vec::new());
        }
        let replaced = open.map(|cart| closed(cart, CloseReason::Replaced));
        let opened = CartOpened { cart_id, customer_id, store_id };
        Ok(replaced.into_iter().chain([opened.into()]).collect())
    }

    fn set_quantity(&self, product_id: ProductId, quantity: u32) -> Decision {
        let cart = self.open_cart()?;
        let item = cart.item(product_id).ok_or(CartRejection::ProductNotInCart { product_id })?;
        check_quantity(product_id, quantity)?;
        if item.quantity == quantity {
            return Ok(Vec::new());
        }
        let set = CartItemQuantitySet {
            cart_id: cart.cart_id,
            cart_item_id: item.cart_item_id,
            product_id,
            line_quantity: quantity,
            previous_quantity: item.quantity,
        };
        Ok(vec![set.into()])
    }

    fn remove_items(&self, product_ids: &[ProductId]) -> Decision {
        let cart = self.open_cart()?;
        let mut seen = HashSet::with_capacity(product_ids.len());
        let mut removed = Vec::with_capacity(product_ids.len());
        for &product_id in product_ids {
            let item = cart.item(product_id).ok_or(CartRejection::ProductNotInCart { product_id })?;
            if seen.insert(product_id) {
                let event = CartItemRemoved {
                    cart_id: cart.cart_id,
                    cart_item_id: item.cart_item_id,
                    product_id,
                    previous_quantity: item.quantity,
                };
                removed.push(event.into());
            }
        }
        Ok(removed)
    }

    fn close(&self, reason: CloseReason) -> Decision {
        Ok(vec![closed(self.open_cart()?, reason)])
    }

    /// Nobody waits for an answer: a cart that ended some other way is no reason to refuse.
    fn expire(&self, idle_since: Timestamp) -> Decision {
        match self {
            Cart::Billing { billing, .. } => Err(CartRejection::BillingUnderWay { invoice_id: billing.invoice_id }),
            Cart::Open(cart) if cart.last_activity_at <= idle_since => Ok(vec![closed(cart, CloseReason::Expired)]),
            Cart::Open(_) | Cart::None | Cart::NoneOpen { .. } | Cart::Shut { .. } => Ok(Vec::new()),
        }
    }

    fn refuse_items(&self, cart_id: CartId, product_ids: &[ProductId]) -> Decision {
        self.not_shut()?;
        Ok(vec![CartItemsRefused { cart_id, product_ids: product_ids.to_vec() }.into()])
    }

    fn revoke_holds(&self, cart_id: CartId, product_ids: &[ProductId]) -> Decision {
        self.not_shut()?;
        Ok(vec![CartHoldsRevoked { cart_id, product_ids: product_ids.to_vec() }.into()])
    }

    fn shut(&self, customer_id: CustomerId, store_id: StoreId) -> Decision {
        if matches!(self, Cart::Shut { .. }) {
            return Ok(Vec::new());
        }
        let closed = self.changeable()?.map(|cart| closed(cart, CloseReason::CustomerDeleted));
        let shut = CartStreamShut { customer_id, store_id };
        Ok(closed.into_iter().chain([shut.into()]).collect())
    }
}

pub(super) fn check_quantity(product_id: ProductId, quantity: u32) -> Result<(), CartRejection> {
    if (1..=MAX_LINE_QUANTITY).contains(&quantity) {
        return Ok(());
    }
    Err(CartRejection::QuantityOutOfRange { product_id })
}

fn closed(cart: &OpenCart, reason: CloseReason) -> CartEvent {
    CartClosed { cart_id: cart.cart_id, reason, items: cart.quantities() }.into()
}
