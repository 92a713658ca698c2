//! Orders (api.md §7).

use super::{Answer, require_customer, timezone};
use crate::answers::order::{Order, OrderAnswer, OrderList};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::requests::as_of::AsOf;
use crate::requests::dates::DateParam;
use crate::requests::order::OrderParams;
use crate::wire::answer::Single;
use crate::wire::call::Call;
use crate::wire::paging::{CursorParams, Paging};
use chrono_tz::Tz;
use commands::Done;
use domain::{CustomerId, OrderId, StoreId};
use http::StatusCode;
use projections::views::{OrderFilter, OrderRow};

/// The order as it is answered; `None`: not there.
pub(super) async fn show(api: &Api, store: StoreId, order: OrderId) -> Result<Option<Single>, Problem> {
    let row = api.parts.views.order(store, order).await?;
    Ok(row.map(|row| single(&row)))
}

fn single(row: &OrderRow) -> Single {
    Single::at(row.revision, &OrderAnswer::new(Order::from(row)))
}

fn filter(params: OrderParams, timezone: Tz) -> OrderFilter {
    OrderFilter {
        status: params.status,
        created: DateParam::range(params.created_at_startdate, params.created_at_enddate, timezone),
        shipped: DateParam::range(params.shipped_at_startdate, params.shipped_at_enddate, timezone),
        delivered: DateParam::range(params.delivered_at_startdate, params.delivered_at_enddate, timezone),
        canceled: DateParam::range(params.canceled_at_startdate, params.canceled_at_enddate, timezone),
    }
}

/// Lists orders, newest first
///
/// All filters that are given must hold.
#[utoipa::path(
    get, path = "", operation_id = "listOrders", tag = "Order", params(OrderParams, CursorParams),
    responses((status = 200, description = "One page", body = OrderList))
)]
pub async fn list(call: Call) -> Answer {
    let (params, paging) = call.parts.params::<(OrderParams, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let views = call.views().await?;
    let filter = filter(params, timezone(views, call.store_id()).await?);
    let page = views.orders(call.store_id(), &filter, &request).await?;
    Ok(call.page::<OrderList, _>(&paging, page, |row| Order::from(&*row)))
}

/// Lists the customer's orders, newest first
///
/// All filters that are given must hold.
#[utoipa::path(
    get, path = "", operation_id = "listCustomerOrders", tag = "Order", params(OrderParams, AsOf, CursorParams),
    responses((status = 200, description = "One page", body = OrderList))
)]
pub async fn of_customer(call: Call) -> Answer {
    let customer: CustomerId = call.parts.id()?;
    let (params, as_of, paging) = call.parts.params::<(OrderParams, AsOf, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let glance = call.glance(&as_of).await?;
    require_customer(&glance, call.store_id(), customer).await?;
    let filter = filter(params, glance.timezone(call.store_id()).await?);
    let page = glance.views.customer_orders(call.store_id(), customer, &filter, &request).await?;
    Ok(call.glanced_page::<OrderList, _>(&glance, &paging, page, |row| Order::from(&*row)))
}

/// One order
///
/// With its lines.
#[utoipa::path(
    get, path = "", operation_id = "getOrder", tag = "Order", params(AsOf),
    responses((status = 200, description = "The order", body = OrderAnswer))
)]
pub async fn one(call: Call) -> Answer {
    let order = call.parts.id()?;
    let glance = call.glance(&call.parts.params()?).await?;
    let row = glance.views.order(call.store_id(), order).await?;
    let shown = row.map(|row| single(&row)).ok_or_else(|| Problem::of(Code::OrderNotFound))?;
    Ok(call.glanced(&glance, shown))
}

async fn answer(call: &Call, done: Done<OrderId>) -> Answer {
    let order = done.outcome;
    let ids = [("order_id", order.to_string())];
    Ok(call.done(StatusCode::OK, done, ids, show(&call.api, call.store_id(), order)).await)
}

/// Ships a pending order
///
/// The stock it held is gone for good. Shipped already: nothing changes.
#[utoipa::path(
    put, path = "", operation_id = "shipOrder", tag = "Order",
    responses((status = 200, description = "The order", body = OrderAnswer)),
    extensions(("x-errors" = json!(["ORDER_IS_DELIVERED", "ORDER_IS_CANCELED"])))
)]
pub async fn ship(call: Call) -> Answer {
    let order = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().ship_order(&call.request()?, order).await?;
    answer(&call, done).await
}

/// Delivers a pending or shipped order
///
/// Delivered already: nothing changes.
#[utoipa::path(
    put, path = "", operation_id = "deliverOrder", tag = "Order",
    responses((status = 200, description = "The order", body = OrderAnswer)),
    extensions(("x-errors" = json!(["ORDER_IS_CANCELED"])))
)]
pub async fn deliver(call: Call) -> Answer {
    let order = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().deliver_order(&call.request()?, order).await?;
    answer(&call, done).await
}

/// Cancels a pending order
///
/// Its stock goes back; it refunds nothing. Canceled already: nothing changes.
#[utoipa::path(
    put, path = "", operation_id = "cancelOrder", tag = "Order",
    responses((status = 200, description = "The order", body = OrderAnswer)),
    extensions(("x-errors" = json!(["ORDER_IS_SHIPPED", "ORDER_IS_DELIVERED"])))
)]
pub async fn cancel(call: Call) -> Answer {
    let order = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().cancel_order(&call.request()?, order).await?;
    answer(&call, done).await
}
