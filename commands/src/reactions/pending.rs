//! Which events ask for a reaction, and which of those are still waiting for their time.

use domain::cart::CartEvent;
use domain::customer::CustomerEvent;
use domain::invoice::{InvoiceEvent, RefundIssued};
use domain::order::OrderEvent;
use domain::product::ProductEvent;
use domain::store::StoreEvent;
use domain::{
    CartId, Category, Cents, ClaimId, CustomerId, Event, InvoiceId, JobId, OrderId, ProductId, StoreId, Timestamp,
};
use eventlog::{Checkpoint, StreamName};
use journal::Envelope;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// What follows from an event.
#[derive(Clone, Debug)]
pub(super) enum Reaction {
    /// Finish the billing, issue the invoice, or give stock back: as the event says.
    Cart(CustomerId, Box<CartEvent>),
    Invoice(InvoiceId),
    Refund(InvoiceId, Box<RefundIssued>),
    Order(OrderId),
    /// With the claims on the emails that are gone.
    CustomerDeleted(CustomerId, Vec<ClaimId>),
    EmailRemoved(CustomerId, ClaimId),
    Job {
        job_id: JobId,
        amount: Cents,
    },
}

/// A reaction that waits for its time.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) reaction: Reaction,
    pub(super) origin: Cause,
    pub(super) due_at: Timestamp,
}

/// The event that asks for it.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    pub(super) stream: StreamName,
    pub(super) store_id: StoreId,
    pub(super) event_id: Uuid,
    pub(super) correlation_id: Uuid,
    pub(super) recorded_at: Timestamp,
    /// Up to the event before it.
    pub(super) before: Checkpoint,
    /// At the event itself.
    pub(super) at: Checkpoint,
}

/// What the event asks for; most ask for nothing.
pub(super) fn reaction(envelope: &Envelope) -> Option<Reaction> {
    match &envelope.event {
        Event::Cart(event) => cart_reaction(id_of(envelope)?, event),
        Event::Invoice(InvoiceEvent::InvoiceCollected(_) | InvoiceEvent::InvoiceFailed(_)) => {
            id_of(envelope).map(Reaction::Invoice)
        }
        Event::Invoice(InvoiceEvent::RefundIssued(refund)) => {
            Some(Reaction::Refund(id_of(envelope)?, Box::new(refund.clone())))
        }
        Event::Order(OrderEvent::OrderShipped(_) | OrderEvent::OrderDelivered(_) | OrderEvent::OrderCanceled(_)) => {
            id_of(envelope).map(Reaction::Order)
        }
        Event::Customer(CustomerEvent::CustomerDeleted(deleted)) => {
            Some(Reaction::CustomerDeleted(id_of(envelope)?, deleted.claim_ids.clone()))
        }
        Event::Customer(CustomerEvent::CustomerEmailRemoved(removed)) => {
            Some(Reaction::EmailRemoved(id_of(envelope)?, removed.claim_id))
        }
        Event::Store(StoreEvent::BatchCreditStarted(job)) => {
            Some(Reaction::Job { job_id: job.job_id, amount: job.amount_in_cents })
        }
        Event::Store(_)
        | Event::Product(_)
        | Event::Customer(_)
        | Event::Invoice(_)
        | Event::Order(_)
        | Event::GiftCard(_)
        | Event::Credit(_)
        | Event::Coupon(_)
        | Event::Claim(_)
        | Event::Remembered(_) => None,
    }
}

fn cart_reaction(customer: CustomerId, event: &CartEvent) -> Option<Reaction> {
    let asks = match event {
        CartEvent::CartItemRemoved(_)
        | CartEvent::CartClosed(_)
        | CartEvent::CartItemsRefused(_)
        | CartEvent::CartHoldsRevoked(_)
        | CartEvent::CartBillingStarted(_)
        | CartEvent::CartBilled(_) => true,
        CartEvent::CartItemQuantitySet(set) => set.line_quantity < set.previous_quantity,
        CartEvent::CartOpened(_)
        | CartEvent::CartItemAdded(_)
        | CartEvent::CartBillingRefused(_)
        | CartEvent::CartStreamShut(_) => false,
    };
    asks.then(|| Reaction::Cart(customer, Box::new(event.clone())))
}

/// The id in the stream's name.
pub(super) fn id_of<T: std::str::FromStr>(envelope: &Envelope) -> Option<T> {
    Category::of_stream(envelope.stream.as_str()).and_then(|(_, id)| id.parse().ok())
}

/// Holds whose cart has not yet said that it has what is held.
#[derive(Default)]
pub(super) struct UnmatchedHolds {
    by_cart: HashMap<(CartId, ProductId), UnmatchedHold>,
    by_age: BTreeMap<u64, (CartId, ProductId)>,
}

#[derive(Clone, Debug)]
pub(super) struct UnmatchedHold {
    pub(super) cart_id: CartId,
    pub(super) product: ProductId,
    pub(super) customer: CustomerId,
    quantity: u32,
    pub(super) origin: Cause,
}

impl UnmatchedHolds {
    /// Takes note of an event: a hold is added, a cart that has what is held takes its hold off.
    pub(super) fn note(&mut self, envelope: &Envelope, origin: impl FnOnce() -> Cause) {
        match &envelope.event {
            Event::Product(ProductEvent::StockHeld(held)) => {
                let Some(product) = id_of::<ProductId>(envelope) else { return };
                self.remove(held.cart_id, product);
                let origin = origin();
                self.by_age.insert(origin.at.position.0, (held.cart_id, product));
                let hold = UnmatchedHold {
                    cart_id: held.cart_id,
                    product,
                    customer: held.customer_id,
                    quantity: held.quantity,
                    origin,
                };
                self.by_cart.insert((held.cart_id, product), hold);
            }
            Event::Cart(CartEvent::CartItemAdded(added)) => {
                self.matched(added.cart_id, added.product_id, added.line_quantity)
            }
            Event::Cart(CartEvent::CartItemQuantitySet(set)) => {
                self.matched(set.cart_id, set.product_id, set.line_quantity)
            }
            Event::Store(_)
            | Event::Product(_)
            | Event::Customer(_)
            | Event::Cart(_)
            | Event::Invoice(_)
            | Event::Order(_)
            | Event::GiftCard(_)
            | Event::Credit(_)
            | Event::Coupon(_)
            | Event::Claim(_)
            | Event::Remembered(_) => {}
        }
    }

    fn matched(&mut self, cart_id: CartId, product: ProductId, quantity: u32) {
        if self.by_cart.get(&(cart_id, product)).is_some_and(|hold| hold.quantity <= quantity) {
            self.remove(cart_id, product);
        }
    }

    pub(super) fn remove(&mut self, cart_id: CartId, product: ProductId) {
        if let Some(hold) = self.by_cart.remove(&(cart_id, product)) {
            self.by_age.remove(&hold.origin.at.position.0);
        }
    }

    pub(super) fn oldest(&self) -> Option<&UnmatchedHold> {
        self.by_age.first_key_value().and_then(|(_, key)| self.by_cart.get(key))
    }

    pub(super) fn len(&self) -> usize {
        self.by_cart.len()
    }
}
