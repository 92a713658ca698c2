//! Histories: every event of a stream, oldest first (api.md §12, History). Read from the log itself, so that what was deleted
//! keeps its history.

use super::Answer;
use crate::answers::history::{History, HistoryEvent};
use crate::codes::Code;
use crate::mapping::journal_error;
use crate::problem::Problem;
use crate::wire::answer;
use crate::wire::call::Call;
use crate::wire::list::List;
use crate::wire::paging::{Beside, CursorOnly, CursorOnlyParams, Paging};
use crate::wire::path_id::PathId;
use domain::{
    Category, CouponId, CreditId, CustomerId, Event, GiftCardId, InvoiceId, OrderId, ProductId, StoreId,
    credit::CreditEvent,
};
use eventlog::{Room, StreamName};
use journal::{Envelope, Tail};
use projections::Views;

fn stream(category: Category, id: impl std::fmt::Display) -> StreamName {
    StreamName::new(category.stream(id))
}

/// What the events of a page may take in the log, about: of large ones a page has fewer than were asked for.
const PAGE_BYTES: usize = 2 * 1024 * 1024;

/// Up to `limit` events from revision `from` on, if the stream is the store's; another's is as good as empty. And whether there are
/// more.
async fn read(call: &Call, stream: &StreamName, from: u64, limit: usize) -> Result<(Vec<Envelope>, bool), Problem> {
    let tail = Tail { length: from, last_hash: None };
    // One more than is shown tells whether there are more.
    let room = Room { events: limit + 1, bytes: PAGE_BYTES };
    let slice = call.api.parts.journal.read_stream_within(stream, tail, room).await;
    let mut slice = slice.map_err(|error| journal_error(&error))?;
    if slice.events.iter().any(|envelope| envelope.metadata.store_id != call.store_id()) {
        return Ok((Vec::new(), false));
    }
    let mut has_more = slice.events.len() > limit;
    slice.events.truncate(limit);
    if slice.is_full && !has_more {
        let next = call.api.parts.journal.read_stream(stream, slice.tail, 1).await;
        has_more = !next.map_err(|error| journal_error(&error))?.events.is_empty();
    }
    Ok((slice.events, has_more))
}

/// One page of the stream; an empty stream is `missing`.
async fn page(call: &Call, stream: &StreamName, missing: Option<Code>) -> Answer {
    let CursorOnly(paging): CursorOnly = call.parts.params()?;
    let from = call.with_scope(|scope| paging.place(scope))?.unwrap_or(0);
    let limit = paging.limit() as usize;
    call.views().await?;
    let (events, more) = read(call, stream, from, limit).await?;
    if let (true, 0, Some(code)) = (events.is_empty(), from, missing) {
        return Err(Problem::of(code));
    }
    let previous = (from > 0).then(|| from.saturating_sub(limit as u64).to_string());
    let next = events.last().filter(|_| more).map(|last| (last.revision + 1).to_string());
    show(call, &paging, &events, &Beside { previous, next })
}

fn show(call: &Call, paging: &Paging, events: &[Envelope], beside: &Beside) -> Answer {
    let events = events.iter().map(HistoryEvent::try_from).collect::<Result<Vec<_>, _>>().map_err(|error| {
        tracing::error!(%error, "an event of a history could not be shown");
        Problem::of(Code::HistoryDamaged)
    })?;
    let links = call.with_scope(|scope| paging.links(scope, beside));
    Ok(answer::list(&History::page(events, links)))
}

/// The store must have or have had the customer: a deleted one's histories stay.
async fn require_customer_ever(call: &Call, customer: CustomerId) -> Result<(), Problem> {
    match read(call, &stream(Category::Customer, customer), 0, 1).await?.0.is_empty() {
        true => Err(Problem::of(Code::CustomerNotFound)),
        false => Ok(()),
    }
}

/// The history of a thing that the path names by its id.
async fn by_id<I: PathId + std::fmt::Display>(call: &Call, category: Category) -> Answer {
    let id: I = call.parts.id()?;
    page(call, &stream(category, id), Some(I::NOT_FOUND)).await
}

/// The history of the store
///
/// How it was created and changed, and the tokens that were issued and revoked; never a secret.
#[utoipa::path(
    get, path = "", operation_id = "getStoreHistory", tag = "History", params(CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = History)),
    extensions(("x-errors" = json!(["STORE_NOT_FOUND"])))
)]
pub async fn store(call: Call) -> Answer {
    page(&call, &stream(Category::Store, call.store_id()), Some(Code::StoreNotFound)).await
}

/// The history of a product
///
/// Also of a deleted one. What carts took and gave back is part of it.
#[utoipa::path(
    get, path = "", operation_id = "getProductHistory", tag = "History", params(CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = History))
)]
pub async fn product(call: Call) -> Answer {
    by_id::<ProductId>(&call, Category::Product).await
}

/// The history of a customer
///
/// Also of a deleted one. Personal data is null once the person was erased.
#[utoipa::path(
    get, path = "", operation_id = "getCustomerHistory", tag = "History", params(CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = History))
)]
pub async fn customer(call: Call) -> Answer {
    by_id::<CustomerId>(&call, Category::Customer).await
}

/// The history of all of a customer's carts
///
/// One stream holds all of them: `cart_id` tells them apart.
#[utoipa::path(
    get, path = "", operation_id = "getCartHistory", tag = "History", params(CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = History))
)]
pub async fn carts(call: Call) -> Answer {
    let customer: CustomerId = call.parts.id()?;
    require_customer_ever(&call, customer).await?;
    page(&call, &stream(Category::Cart, customer), None).await
}

/// The history of an invoice
///
/// From its issue to its last refund.
#[utoipa::path(
    get, path = "", operation_id = "getInvoiceHistory", tag = "History", params(CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = History))
)]
pub async fn invoice(call: Call) -> Answer {
    by_id::<InvoiceId>(&call, Category::Invoice).await
}

/// The history of an order
///
/// From its being placed to its last step.
#[utoipa::path(
    get, path = "", operation_id = "getOrderHistory", tag = "History", params(CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = History))
)]
pub async fn order(call: Call) -> Answer {
    by_id::<OrderId>(&call, Category::Order).await
}

/// The history of a gift card
///
/// What was spent of it, and what went back.
#[utoipa::path(
    get, path = "", operation_id = "getGiftCardHistory", tag = "History", params(CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = History))
)]
pub async fn gift_card(call: Call) -> Answer {
    by_id::<GiftCardId>(&call, Category::GiftCard).await
}

/// The history of a customer's credit
///
/// What was spent of it, and what went back.
#[utoipa::path(
    get, path = "", operation_id = "getCreditHistory", tag = "History", params(CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = History)),
    extensions(("x-errors" = json!(["CREDIT_NOT_FOUND"])))
)]
pub async fn credit(call: Call) -> Answer {
    let customer: CustomerId = call.parts.id()?;
    let stream = stream(Category::Credit, call.parts.id::<CreditId>()?);
    let (first, _) = read(&call, &stream, 0, 1).await?;
    let issued = first.first().and_then(|envelope| match &envelope.event {
        Event::Credit(CreditEvent::CreditIssued(issued)) => Some(issued.customer_id),
        _ => None,
    });
    match issued {
        Some(owner) if owner == customer => page(&call, &stream, Some(Code::CreditNotFound)).await,
        Some(_) | None => {
            require_customer_ever(&call, customer).await?;
            Err(Problem::of(Code::CreditNotFound))
        }
    }
}

/// The coupon that is named by its code or its id.
pub(super) async fn coupon_id(views: &Views, store: StoreId, named: &str) -> Result<Option<CouponId>, Problem> {
    let by_code = views.coupon_by_code(store, named).await?.map(|row| row.coupon_id);
    // Hyphenated only, as clients were given it.
    Ok(by_code.or_else(|| named.parse().ok().filter(|_| named.len() == 36)))
}

/// The history of a coupon code
///
/// By its code or by its id.
#[utoipa::path(
    get, path = "", operation_id = "getCouponHistory", tag = "History", params(CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = History)),
    extensions(("x-errors" = json!(["COUPON_NOT_FOUND"])))
)]
pub async fn coupon(call: Call) -> Answer {
    let coupon = coupon_id(call.views().await?, call.store_id(), call.parts.segment("code")).await?;
    let coupon = coupon.ok_or_else(|| Problem::of(Code::CouponNotFound))?;
    page(&call, &stream(Category::Coupon, coupon), Some(Code::CouponNotFound)).await
}
