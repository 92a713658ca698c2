//! Refunds of an invoice (api.md §6).

use super::{Answer, invoices};
use crate::answers::invoice::{ClosedRefunds, Invoice, Refund, RefundAnswer, RefundList};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::{FieldError, Problem};
use crate::requests::as_of::AsOf;
use crate::requests::invoice::{RefundLine, RefundLines, RefundListParams, RefundParams};
use crate::wire::answer::Single;
use crate::wire::call::Call;
use crate::wire::paging::{CursorParams, Paging};
use crate::wire::path_id::parse_id;
use domain::invoice::RefundRequest;
use domain::{Cents, InvoiceId, InvoiceLineItemId, RefundId, StoreId};
use http::StatusCode;
use projections::AnyViews;
use std::collections::HashSet;

async fn show(api: &Api, store: StoreId, invoice: InvoiceId, refund: RefundId) -> Result<Option<Single>, Problem> {
    let views = AnyViews::Now(api.parts.views.clone());
    let found = invoices::find(&views, store, invoice).await?;
    let Some(((row, numbers), refund)) = found.zip(api.parts.views.refund(store, refund).await?) else {
        return Ok(None);
    };
    let of_refund = api.parts.views.numbers(&[refund.refund.refund_id.0]).await?;
    let (refund, invoice) = (Refund::new(&refund.refund, &of_refund), Invoice::new(&row, &numbers));
    Ok(Some(Single::of(&RefundAnswer::new(refund, invoice))))
}

/// The last refunds, as the invoice has them.
async fn show_last(api: &Api, store: StoreId, invoice: InvoiceId) -> Result<Option<Single>, Problem> {
    let views = AnyViews::Now(api.parts.views.clone());
    let found = invoices::find(&views, store, invoice).await?;
    Ok(found.map(|(row, numbers)| {
        let refunds = row.refunds.iter().rev().map(|refund| Refund::new(refund, &numbers)).collect();
        Single::of(&ClosedRefunds::new(refunds, Invoice::new(&row, &numbers)))
    }))
}

/// What to refund: exactly one of all, an amount, and lines.
fn what(params: &RefundParams, RefundLines(lines): RefundLines) -> Result<RefundRequest, Problem> {
    let full = params.full == Some(true);
    let amount = params.amount.filter(|amount| *amount > 0);
    match (full, amount, lines.is_empty()) {
        (true, None, true) => Ok(RefundRequest::Full),
        (false, Some(amount), true) => Ok(RefundRequest::Amount(Cents::new(amount)?)),
        (false, None, false) => lines_of(&lines).map(RefundRequest::Lines),
        (false, None, true) => Err(refuse("name what to refund: 'full', an 'amount' or a list of lines")),
        _ => Err(refuse("name only one of 'full', an 'amount' and a list of lines")),
    }
}

fn refuse(detail: &'static str) -> Problem {
    Problem::field(FieldError::body("", detail))
}

fn lines_of(lines: &[RefundLine]) -> Result<Vec<(InvoiceLineItemId, Option<Cents>)>, Problem> {
    let mut seen = HashSet::new();
    let twice =
        lines.iter().enumerate().filter(|(_, line)| !seen.insert(line.invoice_line_item_id.to_ascii_lowercase()));
    let errors: Vec<_> =
        twice.map(|(at, _)| FieldError::body(&format!("/{at}/invoice_line_item_id"), "is named twice")).collect();
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let line = |line: &RefundLine| {
        let amount = line.amount.map(Cents::new).transpose()?;
        Ok((parse_id(&line.invoice_line_item_id)?, amount))
    };
    lines.iter().map(line).collect()
}

/// Refunds a collected or partially refunded invoice
///
/// All that is left, an amount, or lines: exactly one of the three.
#[utoipa::path(
    post, path = "", operation_id = "refundInvoice", tag = "Invoice",
    params(RefundParams), request_body = Option<RefundLines>,
    responses((status = 201, description = "The refund and the invoice", body = RefundAnswer)),
    extensions(("x-errors" = json!([
        "AMOUNT_OUT_OF_RANGE", "INVOICE_LINE_ITEM_NOT_FOUND", "INVOICE_IS_NOT_COLLECTED", "REFUND_EXCEEDS_REMAINDER",
        "TOO_MANY_OPEN_REFUNDS"
    ])))
)]
pub async fn issue(call: Call) -> Answer {
    let invoice: InvoiceId = call.parts.id()?;
    let (params, lines) = call.parts.params_and_body::<RefundParams, RefundLines>()?;
    let what = what(&params, lines)?;
    let as_credit = params.credit == Some(true);
    let done = call.commands().refund_invoice(&call.request_with_body()?, invoice, what, as_credit).await?;
    let refund = done.outcome;
    let ids = [("invoice_id", invoice.to_string()), ("refund_id", refund.to_string())];
    let location = format!("/invoice/{invoice}/refund");
    Ok(call.created(&location, done, ids, show(&call.api, call.store_id(), invoice, refund)).await)
}

/// Lists an invoice's refunds, newest first
///
/// Open and closed ones.
#[utoipa::path(
    get, path = "", operation_id = "listRefunds", tag = "Invoice", params(RefundListParams, AsOf, CursorParams),
    responses((status = 200, description = "One page", body = RefundList))
)]
pub async fn list(call: Call) -> Answer {
    let invoice: InvoiceId = call.parts.id()?;
    let (params, as_of, paging) = call.parts.params::<(RefundListParams, AsOf, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let glance = call.glance(&as_of).await?;
    let views = &glance.views;
    views.invoice(call.store_id(), invoice).await?.ok_or_else(|| Problem::of(Code::InvoiceNotFound))?;
    let page = views.refunds(call.store_id(), invoice, params.credit_note_number.as_deref(), &request).await?;
    let ids: Vec<_> = page.items.iter().map(|row| row.refund.refund_id.0).collect();
    let numbers = views.numbers(&ids).await?;
    Ok(call.glanced_page::<RefundList, _>(&glance, &paging, page, |row| Refund::new(&row.refund, &numbers)))
}

/// Marks the invoice's open refunds as closed
///
/// None open: `REFUND_NOT_FOUND`. The answer has the last refunds, as the invoice does.
#[utoipa::path(
    put, path = "", operation_id = "closeRefunds", tag = "Invoice",
    responses((status = 200, description = "The refunds and the invoice", body = ClosedRefunds)),
    extensions(("x-errors" = json!(["REFUND_NOT_FOUND"])))
)]
pub async fn close(call: Call) -> Answer {
    let invoice = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().close_refunds(&call.request()?, invoice).await?;
    let shown = show_last(&call.api, call.store_id(), invoice);
    Ok(call.done(StatusCode::OK, done, invoices::ids(invoice), shown).await)
}
