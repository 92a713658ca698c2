//! Invoices (api.md §6).

use super::{Answer, orders, require_customer, timezone};
use crate::answers::invoice::{Invoice, InvoiceAnswer, InvoiceList};
use crate::answers::order::OrderAnswer;
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::requests::as_of::AsOf;
use crate::requests::dates::DateParam;
use crate::requests::invoice::InvoiceParams;
use crate::wire::answer::Single;
use crate::wire::call::Call;
use crate::wire::paging::{CursorParams, Paging};
use chrono_tz::Tz;
use domain::{CustomerId, InvoiceId, StoreId};
use http::StatusCode;
use projections::AnyViews;
use projections::views::{DocumentNumbers, InvoiceFilter, InvoiceRow};
use std::sync::Arc;

/// The invoice as it is answered; `None`: not there.
pub(super) async fn show(api: &Api, store: StoreId, invoice: InvoiceId) -> Result<Option<Single>, Problem> {
    let views = AnyViews::Now(api.parts.views.clone());
    let found = find(&views, store, invoice).await?;
    Ok(found.map(|(row, numbers)| single(&row, &numbers)))
}

fn single(row: &InvoiceRow, numbers: &DocumentNumbers) -> Single {
    Single::at(row.revision, &InvoiceAnswer::new(Invoice::new(row, numbers)))
}

/// The invoice, with its numbers.
pub(super) async fn find(
    views: &AnyViews,
    store: StoreId,
    invoice: InvoiceId,
) -> Result<Option<(Arc<InvoiceRow>, DocumentNumbers)>, Problem> {
    let Some(row) = views.invoice(store, invoice).await? else { return Ok(None) };
    let numbers = views.numbers(&Invoice::documents(std::slice::from_ref(&row))).await?;
    Ok(Some((row, numbers)))
}

pub(super) fn ids(invoice: InvoiceId) -> [(&'static str, String); 1] {
    [("invoice_id", invoice.to_string())]
}

fn filter(params: &InvoiceParams, timezone: Tz) -> InvoiceFilter {
    let created = DateParam::range(params.startdate, params.enddate, timezone);
    let closed_too = params.closed.unwrap_or(params.invoice_number.is_some());
    InvoiceFilter { number: params.invoice_number.clone(), closed_too, created }
}

/// Lists open invoices, newest first; with `closed=true` the others too
///
/// Dates are of `created_at`. With `invoice_number` the one that has it, also where it is not open any more, unless `closed=false`.
#[utoipa::path(
    get, path = "", operation_id = "listInvoices", tag = "Invoice", params(InvoiceParams, CursorParams),
    responses((status = 200, description = "One page", body = InvoiceList))
)]
pub async fn list(call: Call) -> Answer {
    let (params, paging) = call.parts.params::<(InvoiceParams, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let views = call.views().await?;
    let filter = filter(&params, timezone(views, call.store_id()).await?);
    let page = views.invoices(call.store_id(), &filter, &request).await?;
    let numbers = views.numbers(&Invoice::documents(&page.items)).await?;
    Ok(call.page::<InvoiceList, _>(&paging, page, |row| Invoice::new(&row, &numbers)))
}

/// Lists the customer's open invoices, newest first; with `closed=true` the others too
///
/// Dates are of `created_at`. With `invoice_number` the one that has it, also where it is not open any more, unless `closed=false`.
#[utoipa::path(
    get, path = "", operation_id = "listCustomerInvoices", tag = "Invoice", params(InvoiceParams, AsOf, CursorParams),
    responses((status = 200, description = "One page", body = InvoiceList))
)]
pub async fn of_customer(call: Call) -> Answer {
    let customer: CustomerId = call.parts.id()?;
    let (params, as_of, paging) = call.parts.params::<(InvoiceParams, AsOf, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let glance = call.glance(&as_of).await?;
    require_customer(&glance, call.store_id(), customer).await?;
    let filter = filter(&params, glance.timezone(call.store_id()).await?);
    let page = glance.views.customer_invoices(call.store_id(), customer, &filter, &request).await?;
    let numbers = glance.views.numbers(&Invoice::documents(&page.items)).await?;
    Ok(call.glanced_page::<InvoiceList, _>(&glance, &paging, page, |row| Invoice::new(&row, &numbers)))
}

/// One invoice
///
/// With its lines, what paid it, and its refunds.
#[utoipa::path(
    get, path = "", operation_id = "getInvoice", tag = "Invoice", params(AsOf),
    responses((status = 200, description = "The invoice", body = InvoiceAnswer))
)]
pub async fn one(call: Call) -> Answer {
    let invoice = call.parts.id()?;
    let glance = call.glance(&call.parts.params()?).await?;
    let found = find(&glance.views, call.store_id(), invoice).await?;
    let (row, numbers) = found.ok_or_else(|| Problem::of(Code::InvoiceNotFound))?;
    Ok(call.glanced(&glance, single(&row, &numbers)))
}

/// Collects an open invoice and places its order
///
/// Also one with nothing left to collect.
#[utoipa::path(
    post, path = "", operation_id = "collectInvoice", tag = "Invoice",
    responses((status = 201, description = "The order", body = OrderAnswer)),
    extensions(("x-errors" = json!(["INVOICE_IS_NOT_OPEN"])))
)]
pub async fn collect(call: Call) -> Answer {
    let invoice: InvoiceId = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().collect_invoice(&call.request()?, invoice).await?;
    let order = done.outcome;
    let ids = [("invoice_id", invoice.to_string()), ("order_id", order.to_string())];
    let shown = orders::show(&call.api, call.store_id(), order);
    Ok(call.created(&format!("/order/{order}"), done, ids, shown).await)
}

/// Fails an open invoice
///
/// What it spent, its coupon use and its stock go back. Failed already: nothing changes.
#[utoipa::path(
    put, path = "", operation_id = "failInvoice", tag = "Invoice",
    responses((status = 200, description = "The failed invoice", body = InvoiceAnswer)),
    extensions(("x-errors" = json!(["INVOICE_IS_NOT_OPEN"])))
)]
pub async fn fail(call: Call) -> Answer {
    let invoice = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().fail_invoice(&call.request()?, invoice).await?;
    Ok(call.done(StatusCode::OK, done, ids(invoice), show(&call.api, call.store_id(), invoice)).await)
}
