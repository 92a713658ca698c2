//! Doing what follows from events: for the first time, and again from where a stream was parked.

use super::lane::Kind;
use super::lanes::LaneItem;
use super::parked::Parked;
use super::pending::{Cause, Pending, Reaction, held, reaction};
use crate::CommandError;
use crate::node::Node;
use crate::session::{FollowsFrom, Session};
use crate::use_cases::settling::{settle_invoice, settle_order, settle_refund, shut_carts};
use crate::use_cases::{batch_credit, billing, cart_steps, emails, holds, wallet};
use domain::cart::CartEvent;
use eventlog::{Checkpoint, Position};
use futures::FutureExt;
use journal::Envelope;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// Events that are read at once of a stream that was parked.
const PAGE: usize = 100;

/// What can't be done, and where.
pub(super) struct Failed {
    pub(super) revision: u64,
    pub(super) position: Position,
    pub(super) error: CommandError,
}

/// A defect of ours.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a reaction panicked")]
struct Panicked;

/// Does it, all of it; done already: nothing happens. Gives the revision after the last event that was looked at. A panic is a defect
/// of ours that concerns this stream alone.
pub(super) async fn carry_out(node: &Arc<Node>, work: &LaneItem) -> Result<u64, Failed> {
    let (revision, position) = match work {
        LaneItem::First(pending) => (pending.origin.revision, pending.origin.position),
        LaneItem::Again(parked) => (parked.revision, parked.position),
    };
    let done = async move {
        match work {
            LaneItem::First(pending) => match react(node, pending).await {
                Ok(()) => Ok(revision + 1),
                Err(error) => Err(Failed { revision, position, error }),
            },
            LaneItem::Again(parked) => again(node, parked).await,
        }
    };
    let broke_off = |_| {
        let error = CommandError::BrokeOff { source: Panicked.into() };
        Err(Failed { revision, position, error })
    };
    AssertUnwindSafe(done).catch_unwind().await.unwrap_or_else(broke_off)
}

/// What follows from the stream's events from the revision on, in their order; of a hold or a job, from that event alone.
async fn again(node: &Arc<Node>, parked: &Parked) -> Result<u64, Failed> {
    let Parked { stream, kind, mut revision, mut position, .. } = parked.clone();
    let page = if kind == Kind::Stream { PAGE } else { 1 };
    loop {
        let read = node.events_from(&stream, revision, page).await;
        let events = read.map_err(|error| Failed { revision, position, error })?;
        for envelope in &events {
            (revision, position) = (envelope.revision, envelope.position);
            if let Some(pending) = asked_for(envelope, kind) {
                react(node, &pending).await.map_err(|error| Failed { revision, position, error })?;
            }
            revision += 1;
        }
        if events.len() < page || kind != Kind::Stream {
            return Ok(revision);
        }
    }
}

/// What the event asks for in a lane of that kind.
fn asked_for(envelope: &Envelope, kind: Kind) -> Option<Pending> {
    let asked = match kind {
        Kind::Hold => held(envelope).map(|(held, _)| Reaction::Hold(held)),
        Kind::Stream | Kind::Job => reaction(envelope),
    }?;
    // Nothing waits for this checkpoint: what is parked is kept apart from it.
    let before = Checkpoint::start(eventlog::LogId(uuid::Uuid::nil()));
    let pending = Pending { reaction: asked, origin: Cause::of(envelope, before), due_at: std::time::Duration::ZERO };
    (pending.lane().is_job() == (kind == Kind::Job)).then_some(pending)
}

async fn react(node: &Arc<Node>, pending: &Pending) -> Result<(), CommandError> {
    let Pending { reaction, origin, .. } = pending;
    let follows_from =
        FollowsFrom { event_id: origin.event_id, correlation_id: origin.correlation_id, by: origin.by.clone() };
    let session = &Session::system(Arc::clone(node), origin.store_id, Some(follows_from));
    match reaction {
        Reaction::Cart(customer, event) => match event.as_ref() {
            CartEvent::CartBillingStarted(_) => billing::finish_under_way(session, *customer).await,
            CartEvent::CartBilled(billed) => wallet::issue_invoice(session, billed).await,
            other => cart_steps::released(session, *customer, other).await,
        },
        Reaction::Invoice(invoice) => settle_invoice(session, *invoice).await,
        Reaction::Refund(invoice, refund) => settle_refund(session, *invoice, refund).await,
        Reaction::Order(order) => settle_order(session, *order).await,
        Reaction::CustomerDeleted(customer, claims) => {
            shut_carts(session, *customer).await?;
            emails::release_unnamed(session, *customer, claims).await
        }
        Reaction::EmailRemoved(customer, claim) => emails::release_unnamed(session, *customer, &[*claim]).await,
        Reaction::Job { job_id, amount } => batch_credit::run_job(session, *job_id, *amount, origin.position).await,
        Reaction::Hold(held) => holds::settle(session, held.customer, held.cart_id, held.product).await,
        Reaction::Unreadable(unreadable) => Err(CommandError::Damaged { source: Arc::clone(unreadable).into() }),
    }
}
