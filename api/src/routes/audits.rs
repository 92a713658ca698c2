//! What auditors are told (api.md §12, Audit). Read from the log itself, so that what was deleted keeps its history, and what can't be read is
//! told as such.

use super::{Answer, histories, timezone};
use crate::answers::audit::{AuditBy, AuditEvent, AuditHistory};
use crate::codes::Code;
use crate::mapping::{self, journal_error};
use crate::problem::Problem;
use crate::requests::audit::AuditParams;
use crate::requests::dates::DateParam;
use crate::wire::answer;
use crate::wire::call::Call;
use crate::wire::list::List;
use crate::wire::paging::{Beside, CursorOnly, CursorOnlyParams};
use audit::{AuditedEvent, Filter, History, Kind};
use domain::{CartId, CustomerId, StoreId};
use eventlog::StreamName;
use projections::Views;
use uuid::Uuid;

/// What the absence of such an object is called.
fn not_found(kind: Kind) -> Code {
    match kind {
        Kind::Store => Code::StoreNotFound,
        Kind::Product => Code::ProductNotFound,
        Kind::Customer => Code::CustomerNotFound,
        Kind::Cart => Code::NotFound,
        Kind::Invoice => Code::InvoiceNotFound,
        Kind::Order => Code::OrderNotFound,
        Kind::Credit => Code::CreditNotFound,
        Kind::GiftCard => Code::GiftCardNotFound,
        Kind::Coupon => Code::CouponNotFound,
    }
}

/// The object's history; `None`: the path names nothing that could have one.
async fn history(views: &Views, store_id: StoreId, kind: Kind, named: &str) -> Result<Option<History>, Problem> {
    let id = match kind {
        Kind::Coupon => histories::coupon_id(views, store_id, named).await?.map(|coupon| coupon.0),
        // Hyphenated only, as clients were given it.
        _ => named.parse::<Uuid>().ok().filter(|_| named.len() == 36),
    };
    let Some(id) = id else { return Ok(None) };
    let of = |id: Uuid| History {
        kind,
        store_id,
        stream: StreamName::new(kind.category().stream(id)),
        cart_id: None,
        currency: None,
    };
    if kind != Kind::Cart {
        return Ok(Some(of(id)));
    }
    let cart = views.cart(store_id, CartId(id)).await?;
    let (customer, cart_id) = match cart {
        Some(cart) => (cart.customer_id, Some(cart.cart_id)),
        None => (CustomerId(id), None),
    };
    let known = views.customer_even_if_deleted(store_id, customer).await?;
    Ok(Some(History { cart_id, currency: known.map(|customer| customer.currency), ..of(customer.0) }))
}

/// The events, each with who was behind it.
async fn shown(call: &Call, events: Vec<AuditedEvent>) -> Result<Vec<AuditEvent>, Problem> {
    let metadata: Vec<_> = events.iter().filter_map(AuditedEvent::metadata).collect();
    let behind = call.commands().behind(call.store_id(), &metadata).await.map_err(mapping::command_error)?;
    let mut behind = behind.into_iter().map(AuditBy::of);
    let shown = events.into_iter().map(|event| {
        let by = event.metadata().is_some().then(|| behind.next().flatten()).flatten();
        AuditEvent::new(event, by)
    });
    shown.collect::<Result<Vec<_>, _>>().map_err(|error| {
        tracing::error!(%error, "an event of a history could not be shown");
        Problem::of(Code::HistoryDamaged)
    })
}

/// The history of an object, in words
///
/// Every event with what it changed, oldest first; also of what was deleted. `kind` is one of `store`, `product`, `customer`, `cart`,
/// `invoice`, `order`, `credit`, `gift_card`, `coupon`; a cart is found by its own id or by its customer's, a coupon by its id or its code.
/// Where many events are looked at for few that are wanted, a page may have fewer than `limit`, and a `next` link all the same.
#[utoipa::path(
    get, path = "", operation_id = "getAuditHistory", tag = "Audit", params(AuditParams, CursorOnlyParams),
    responses((status = 200, description = "One page, oldest first", body = AuditHistory)),
    extensions(("x-errors" = json!([
        "STORE_NOT_FOUND", "PRODUCT_NOT_FOUND", "CUSTOMER_NOT_FOUND", "INVOICE_NOT_FOUND", "ORDER_NOT_FOUND",
        "CREDIT_NOT_FOUND", "GIFT_CARD_NOT_FOUND", "COUPON_NOT_FOUND"
    ])))
)]
pub async fn history_of(call: Call) -> Answer {
    let kind = Kind::parse(call.parts.segment("kind")).ok_or_else(|| Problem::of(Code::NotFound))?;
    let (params, CursorOnly(paging)) = call.parts.params::<(AuditParams, CursorOnly)>()?;
    let from = call.with_scope(|scope| paging.place(scope))?.unwrap_or(0);
    let views = call.views().await?;
    let missing = || Problem::of(not_found(kind));
    let history = history(views, call.store_id(), kind, call.parts.segment("object_id")).await?.ok_or_else(missing)?;
    let occurred = DateParam::range(params.startdate, params.enddate, timezone(views, call.store_id()).await?);
    let filter = Filter {
        event_type: params.event_type,
        actor: params.actor,
        request_id: params.request_id,
        from: occurred.from,
        until: occurred.until,
    };
    let limit = paging.limit() as usize;
    let page = history.page(&call.api.parts.journal, from, limit, &filter).await;
    let page = page.map_err(|error| journal_error(&error))?.or_else(|| history.if_empty()).ok_or_else(missing)?;
    let events = shown(&call, page.events).await?;
    let previous = (from > 0).then(|| from.saturating_sub(limit as u64).to_string());
    let beside = Beside { previous, next: page.next.map(|next| next.to_string()) };
    let links = call.with_scope(|scope| paging.links(scope, &beside));
    Ok(answer::list(&AuditHistory::page(events, links)))
}
