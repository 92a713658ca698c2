//! Metrics that stream from the log (api.md §11).

use super::{Answer, timezone};
use crate::answers::coupon::{Coupon, TopCoupon, UsedCoupon};
use crate::answers::product::{AddedProduct, Product};
use crate::answers::streaming::{NumberAnswer, TopCartItems};
use crate::codes::Code;
use crate::mapping::windows_error;
use crate::problem::{FieldError, Problem};
use crate::requests::streaming::WindowParams;
use crate::wire::answer;
use crate::wire::call::Call;
use crate::wire::list::List;
use crate::wire::paging::{Beside, Paging};
use crate::wire::query::parse_integer;
use axum::response::Response;
use eventlog::Position;
use http::StatusCode;
use streaming::Windows;

/// The windows, once they have counted what the client may know of.
async fn windows(call: &Call) -> Result<&Windows, Problem> {
    let (position, parts) = (call.least_position()?, &call.api.parts);
    if call.parts.is_eventual()? {
        call.parts.reflects(parts.windows.status().position.0);
    }
    let reached = parts.windows.wait_for(Position(position));
    match tokio::time::timeout(parts.settings.view_timeout, reached).await {
        Ok(()) => Ok(&parts.windows),
        Err(_) => {
            let detail = format!("the metrics have not counted up to position {position} yet");
            Err(Problem::new(Code::ReadModelBehind, detail))
        }
    }
}

fn number(number: u64) -> Response {
    answer::json(StatusCode::OK, &NumberAnswer { result: i64::try_from(number).unwrap_or(i64::MAX) })
}

/// The products most added to carts
///
/// By quantity, most first; among equals the smaller id. Only POST of an item counts as an add.
#[utoipa::path(
    get, path = "", operation_id = "getTopCartItems", tag = "Streaming metrics", params(WindowParams),
    responses((status = 200, description = "The products", body = TopCartItems))
)]
pub async fn top_cart_items(call: Call) -> Answer {
    let params: WindowParams = call.parts.params()?;
    let n = parse_integer(call.parts.segment("n")).filter(|n| (1..=100).contains(n));
    let n = n.ok_or_else(|| Problem::field(FieldError::path("n", "must be an integer within 1 to 100")))?;
    let (store, now) = (call.store_id(), call.api.parts.clock.now());
    let views = call.views().await?;
    let timezone = timezone(views, store).await?;
    let windows = windows(&call).await?;
    let n = usize::try_from(n).unwrap_or(1);
    let top = windows.top_cart_items(store, timezone, params.window.unwrap_or_default(), n, now).await;
    let top = top.map_err(windows_error)?;
    let products: Vec<_> = top.iter().map(|(product, _)| *product).collect();
    let rows = views.products_by_ids(store, &products).await?;
    let joined = rows.into_iter().zip(top).filter_map(|(row, (_, number_of_cart_adds))| {
        Some(AddedProduct { product: Product::from(&*row?), number_of_cart_adds })
    });
    let links = call.with_scope(|scope| Paging::default().links(scope, &Beside::default()));
    Ok(answer::list(&TopCartItems::page(joined.collect(), links)))
}

/// What was invoiced in the last two hours
///
/// In minor units, whatever became of the invoices; amounts of all currencies are added.
#[utoipa::path(
    get, path = "", operation_id = "getInvoiceAmount", tag = "Streaming metrics",
    responses((status = 200, description = "The amount", body = NumberAnswer))
)]
pub async fn invoice_amount(call: Call) -> Answer {
    call.parts.params::<()>()?;
    let now = call.api.parts.clock.now();
    let result = windows(&call).await?.invoice_amount(call.store_id(), now).await.map_err(windows_error)?;
    Ok(answer::json(StatusCode::OK, &NumberAnswer { result }))
}

/// The coupon most used in the last two hours
///
/// Among equals the one with the smaller id.
#[utoipa::path(
    get, path = "", operation_id = "getTopCoupon", tag = "Streaming metrics",
    responses((status = 200, description = "The coupon", body = TopCoupon)),
    extensions(("x-errors" = json!(["COUPON_NOT_FOUND"])), ("x-unversioned" = json!(true)))
)]
pub async fn top_coupon(call: Call) -> Answer {
    call.parts.params::<()>()?;
    let now = call.api.parts.clock.now();
    let none = || Problem::new(Code::CouponNotFound, "no coupon was used in the last two hours");
    let top = windows(&call).await?.top_coupon(call.store_id(), now).await.map_err(windows_error)?;
    let (coupon, redemptions) = top.ok_or_else(none)?;
    let row = call.views().await?.coupon(call.store_id(), coupon).await?.ok_or_else(none)?;
    let coupon = UsedCoupon { coupon: Coupon::from(&*row), redemptions };
    Ok(answer::json(StatusCode::OK, &TopCoupon::new(coupon)))
}

/// How many customers were created in the current day
///
/// The day begins where the store is.
#[utoipa::path(
    get, path = "", operation_id = "countNewCustomers", tag = "Streaming metrics",
    responses((status = 200, description = "How many", body = NumberAnswer))
)]
pub async fn new_customers(call: Call) -> Answer {
    call.parts.params::<()>()?;
    let (store, now) = (call.store_id(), call.api.parts.clock.now());
    let timezone = timezone(call.views().await?, store).await?;
    let count = windows(&call).await?.new_customers(store, timezone, now).await;
    Ok(number(count.map_err(windows_error)?))
}

/// How many customers logged in during the last 24 h
///
/// Each counts once, however often.
#[utoipa::path(
    get, path = "", operation_id = "countCustomerLogins", tag = "Streaming metrics",
    responses((status = 200, description = "How many", body = NumberAnswer))
)]
pub async fn customer_logins(call: Call) -> Answer {
    call.parts.params::<()>()?;
    let now = call.api.parts.clock.now();
    let count = windows(&call).await?.customer_logins(call.store_id(), now).await;
    Ok(number(count.map_err(windows_error)?))
}
