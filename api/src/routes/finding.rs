//! Finding whatever somebody has a word of (api.md §12, Audit).

use super::Answer;
use crate::answers::audit::{AuditFindings, FoundEvent, FoundObject};
use crate::mapping::{self, journal_error};
use crate::problem::Problem;
use crate::requests::audit::FindParams;
use crate::wire::answer;
use crate::wire::call::Call;
use crate::wire::dates::Named;
use audit::Kind;
use chrono_tz::Tz;
use domain::numbers::Document;
use domain::*;
use eventlog::Position;
use http::StatusCode;
use journal::{Delivery, EventKey};
use projections::Views;
use uuid::Uuid;

/// The most events that are told of one word, the newest.
const EVENTS: usize = 100;

/// Finds objects and events by whatever is known of them
///
/// By any id (of an object, an event, a token, a person at the desk, or what events correlate with), an invoice's or a credit note's number, a
/// coupon's code, a customer's email, the id of a request, or a time: `position` is where the log was then. `complete` is false where
/// there are older events that were not looked through.
#[utoipa::path(
    get, path = "", operation_id = "searchAudit", tag = "Audit", params(FindParams),
    responses((status = 200, description = "What was found", body = AuditFindings)),
    extensions(("x-unversioned" = json!(true)))
)]
pub async fn find(call: Call) -> Answer {
    let FindParams { q } = call.parts.params()?;
    let (views, store) = (call.views().await?, call.store_id());
    let id = Uuid::try_parse(&q).ok().filter(|_| q.len() == 36);
    let mut objects = by_word(views, store, &q).await?;
    if let Some(id) = id {
        objects.extend(by_id(views, store, id).await?);
    }
    let (events, complete) = events(&call, id, &q).await?;
    let position = position(&call, views, &q).await?;
    let found = AuditFindings::new(objects, events, position.map(|position| position.0), complete);
    Ok(answer::json(StatusCode::OK, &found))
}

/// Objects with that id.
async fn by_id(views: &Views, store: StoreId, id: Uuid) -> Result<Vec<FoundObject>, Problem> {
    let mut found = Vec::new();
    let mut there = |kind: Kind, id: Uuid, is_there: bool| found.extend(is_there.then(|| FoundObject::new(kind, id)));
    there(Kind::Store, id, store.0 == id);
    there(Kind::Product, id, views.products_by_ids(store, &[ProductId(id)]).await?.iter().any(Option::is_some));
    there(Kind::Customer, id, views.customer_even_if_deleted(store, CustomerId(id)).await?.is_some());
    there(Kind::Cart, id, views.cart(store, CartId(id)).await?.is_some());
    there(Kind::Invoice, id, views.invoice(store, InvoiceId(id)).await?.is_some());
    there(Kind::Order, id, views.order(store, OrderId(id)).await?.is_some());
    there(Kind::Credit, id, views.credit(store, CreditId(id)).await?.is_some());
    there(Kind::GiftCard, id, views.gift_card(store, GiftCardId(id)).await?.is_some());
    there(Kind::Coupon, id, views.coupon(store, CouponId(id)).await?.is_some());
    if let Some(refund) = views.refund(store, RefundId(id)).await? {
        there(Kind::Invoice, refund.invoice_id.0, true);
    }
    Ok(found)
}

/// Objects that have it as a name of theirs.
async fn by_word(views: &Views, store: StoreId, word: &str) -> Result<Vec<FoundObject>, Problem> {
    let mut found = Vec::new();
    for of in [Document::Invoice, Document::CreditNote] {
        let numbered = views.numbered(store, of, word).await?;
        found.extend(numbered.map(|row| FoundObject::new(Kind::Invoice, row.invoice_id.0)));
    }
    found.dedup();
    let coupon = views.coupon_by_code(store, word).await?;
    found.extend(coupon.map(|row| FoundObject::new(Kind::Coupon, row.coupon_id.0)));
    if word.contains('@') {
        let customer = views.customer_by_email(store, word).await?;
        found.extend(customer.map(|row| FoundObject::new(Kind::Customer, row.customer_id.0)));
    }
    Ok(found)
}

/// Events that have it, newest first and each once; and whether all were looked through.
async fn events(call: &Call, id: Option<Uuid>, word: &str) -> Result<(Vec<FoundEvent>, bool), Problem> {
    let of_id = |id: Uuid| {
        let (token, person) = (EventKey::Token(TokenId(id)), EventKey::Person(ActorId(id)));
        [EventKey::Event(id), EventKey::Correlation(id), EventKey::Causation(id), token, person]
    };
    let keys = id.into_iter().flat_map(of_id).chain([EventKey::Request(word.to_owned())]);
    let (mut positions, mut complete) = (Vec::new(), true);
    for key in keys {
        let found = call.api.parts.index.find(call.store_id(), &key, EVENTS).await.map_err(mapping::index_error)?;
        complete &= found.complete;
        positions.extend(found.positions);
    }
    positions.sort_unstable_by(|one, other| other.cmp(one));
    positions.dedup();
    complete &= positions.len() <= EVENTS;
    positions.truncate(EVENTS);
    let mut events = Vec::with_capacity(positions.len());
    for position in positions {
        let before = Position(position.0.saturating_sub(1));
        let read = call.api.parts.journal.read_all(before, 1).await.map_err(|error| journal_error(&error))?;
        events.extend(read.iter().filter(|delivery| delivery.position() == position).map(told));
    }
    Ok((events, complete))
}

fn told(delivery: &Delivery) -> FoundEvent {
    let (kind, object) = match Category::of_stream(delivery.stream().as_str()) {
        Some((category, id)) => (Kind::ALL.into_iter().find(|kind| kind.category() == category), id.parse().ok()),
        None => (None, None),
    };
    FoundEvent::new(delivery, kind.zip(object))
}

/// Where the log was at the time, if it is one.
async fn position(call: &Call, views: &Views, word: &str) -> Result<Option<Position>, Problem> {
    let Ok(named) = Named::parse(word) else { return Ok(None) };
    let store = views.store(call.store_id()).await?;
    let timezone = store.and_then(|store| store.timezone.parse().ok()).unwrap_or(Tz::UTC);
    let last = named.end(timezone).minus(chrono::TimeDelta::milliseconds(1));
    call.api.parts.index.position(last).await.map_err(mapping::index_error)
}
