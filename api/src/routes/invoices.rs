//! Invoices (api.md §6).

use super::{Answer, orders, require_customer, timezone};
use crate::answers::invoice::{Invoice, InvoiceAnswer, InvoiceList};
use crate::answers::order::OrderAnswer;
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::requests::dates::DateParam;
use crate::requests::invoice::InvoiceParams;
use crate::wire::answer::Single;
use crate::wire::call::Call;
use crate::wire::paging::{CursorParams, Paging};
use domain::{CustomerId, InvoiceId, StoreId};
use http::StatusCode;
use projections::Views;
use projections::views::InvoiceFilter;

/// The invoice as it is answered; `None`: not there.
pub(super) async fn show(api: &Api, store: StoreId, invoice: InvoiceId) -> Result<Option<Single>, Problem> {
    let row = api.parts.views.invoice(store, invoice).await?;
    Ok(row.map(|row| Single::at(row.revision, &InvoiceAnswer::new(Invoice::from(&*row)))))
}

pub(super) fn ids(invoice: InvoiceId) -> [(&'static str, String); 1] {
    [("invoice_id", invoice.to_string())]
}

async fn filter(views: &Views, store: StoreId, params: &InvoiceParams) -> Result<InvoiceFilter, Problem> {
    let timezone = timezone(views, store).await?;
    let created = DateParam::range(params.startdate, params.enddate, timezone);
    Ok(InvoiceFilter { closed_too: params.closed == Some(true), created })
}

/// Lists open invoices, newest first; with `closed=true` the others too
///
/// Dates are of `created_at`.
#[utoipa::path(
    get, path = "", operation_id = "listInvoices", tag = "Invoice", params(InvoiceParams, CursorParams),
    responses((status = 200, description = "One page", body = InvoiceList))
)]
pub async fn list(call: Call) -> Answer {
    let (params, paging) = call.parts.params::<(InvoiceParams, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let views = call.views().await?;
    let filter = filter(views, call.store_id(), &params).await?;
    let page = views.invoices(call.store_id(), &filter, &request).await?;
    Ok(call.page::<InvoiceList, _>(&paging, page, |row| Invoice::from(&*row)))
}

/// Lists the customer's open invoices, newest first; with `closed=true` the others too
///
/// Dates are of `created_at`.
#[utoipa::path(
    get, path = "", operation_id = "listCustomerInvoices", tag = "Invoice", params(InvoiceParams, CursorParams),
    responses((status = 200, description = "One page", body = InvoiceList))
)]
pub async fn of_customer(call: Call) -> Answer {
    let customer: CustomerId = call.parts.id()?;
    let (params, paging) = call.parts.params::<(InvoiceParams, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let views = call.views().await?;
    require_customer(views, call.store_id(), customer).await?;
    let filter = filter(views, call.store_id(), &params).await?;
    let page = views.customer_invoices(call.store_id(), customer, &filter, &request).await?;
    Ok(call.page::<InvoiceList, _>(&paging, page, |row| Invoice::from(&*row)))
}

/// One invoice
///
/// With its lines, what paid it, and its refunds.
#[utoipa::path(
    get, path = "", operation_id = "getInvoice", tag = "Invoice",
    responses((status = 200, description = "The invoice", body = InvoiceAnswer))
)]
pub async fn one(call: Call) -> Answer {
    let invoice = call.parts.id()?;
    call.parts.params::<()>()?;
    call.views().await?;
    let shown = show(&call.api, call.store_id(), invoice).await?;
    Ok(call.single(shown.ok_or_else(|| Problem::of(Code::InvoiceNotFound))?))
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
