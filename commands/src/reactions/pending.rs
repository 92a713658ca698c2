//! Which events ask for a reaction, and what is known of one that waits.

use super::lane::{Kind, Lane};
use domain::cart::CartEvent;
use domain::customer::CustomerEvent;
use domain::invoice::{InvoiceEvent, RefundIssued};
use domain::order::OrderEvent;
use domain::product::ProductEvent;
use domain::store::StoreEvent;
use domain::{CartId, Category, Cents, ClaimId, CustomerId, Event, InvoiceId, JobId, OrderId, ProductId, StoreId};
use eventlog::{Checkpoint, Position, StreamName};
use journal::{By, Envelope, Unreadable};
use std::sync::Arc;
use std::time::Duration;
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
    /// Take back what is held for a cart that did not say that it has it.
    Hold(HeldStock),
    /// Nobody knows: the event can't be read.
    Unreadable(Arc<Unreadable>),
}

/// Stock that is held for a cart.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldStock {
    pub(super) cart_id: CartId,
    pub(super) product: ProductId,
    pub(super) customer: CustomerId,
}

/// A reaction that waits for its time.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) reaction: Reaction,
    pub(super) origin: Cause,
    /// By [`crate::Clock::running`], as all times here: counted from when this process read the event, whatever the clocks say.
    pub(super) due_at: Duration,
}

/// The event that asks for it.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    pub(super) stream: StreamName,
    pub(super) revision: u64,
    /// Nil where the event can't be read.
    pub(super) store_id: StoreId,
    pub(super) event_id: Uuid,
    pub(super) correlation_id: Uuid,
    /// Whom it is done for.
    pub(super) by: Option<By>,
    /// Up to the event before it.
    pub(super) before: Checkpoint,
    pub(super) position: Position,
}

impl Cause {
    pub(super) fn of(envelope: &Envelope, before: Checkpoint) -> Self {
        Self {
            stream: envelope.stream.clone(),
            revision: envelope.revision,
            store_id: envelope.metadata.store_id,
            event_id: envelope.id,
            correlation_id: envelope.metadata.correlation_id,
            by: envelope.metadata.passed_on(),
            before,
            position: envelope.position,
        }
    }

    pub(super) fn unreadable(unreadable: &Unreadable, before: Checkpoint) -> Self {
        Self {
            stream: unreadable.stream.clone(),
            revision: unreadable.revision,
            store_id: StoreId(Uuid::nil()),
            event_id: unreadable.id,
            correlation_id: unreadable.id,
            by: None,
            before,
            position: unreadable.position,
        }
    }
}

impl Pending {
    /// In whose turn it is done: what follows from one stream's events is done in their order, jobs and holds are on their own.
    pub(super) fn lane(&self) -> Lane {
        let kind = match &self.reaction {
            Reaction::Job { .. } => Kind::Job,
            Reaction::Hold(_) => Kind::Hold,
            Reaction::Cart(..)
            | Reaction::Invoice(_)
            | Reaction::Refund(..)
            | Reaction::Order(_)
            | Reaction::CustomerDeleted(..)
            | Reaction::EmailRemoved(..)
            | Reaction::Unreadable(_) => Kind::Stream,
        };
        Lane::new(kind, &self.origin.stream, self.origin.revision)
    }
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

/// The stock that the event holds.
pub(super) fn held(envelope: &Envelope) -> Option<(HeldStock, u32)> {
    match &envelope.event {
        Event::Product(ProductEvent::StockHeld(held)) => {
            let product = id_of(envelope)?;
            Some((HeldStock { cart_id: held.cart_id, product, customer: held.customer_id }, held.quantity))
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
        | Event::Remembered(_) => None,
    }
}
