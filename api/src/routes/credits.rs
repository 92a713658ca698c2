//! Store credits, and batches of them (api.md §9).

use super::{Answer, require_customer};
use crate::answers::credit::{Credit, CreditAnswer, CreditList, JobAnswer, JobStatus};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::requests::as_of::AsOf;
use crate::requests::credit::amount;
use crate::requests::gift_card::ActiveParams;
use crate::wire::answer::{self, Single};
use crate::wire::call::Call;
use crate::wire::paging::{CursorParams, Paging};
use domain::{CreditId, CustomerId, StoreId};
use http::StatusCode;
use projections::views::CreditRow;

/// The customer's credit as it is answered; `None`: not there.
async fn show(api: &Api, store: StoreId, customer: CustomerId, credit: CreditId) -> Result<Option<Single>, Problem> {
    let row = api.parts.views.credit(store, credit).await?.filter(|row| row.customer_id == customer);
    Ok(row.map(|row| single(&row)))
}

fn single(row: &CreditRow) -> Single {
    Single::at(row.revision, &CreditAnswer::new(Credit::from(row)))
}

fn ids(customer: CustomerId, credit: CreditId) -> [(&'static str, String); 2] {
    [("customer_id", customer.to_string()), ("credit_id", credit.to_string())]
}

/// Issues a credit to the customer
///
/// The last part of the path is its amount in minor units, above 0.
#[utoipa::path(
    post, path = "", operation_id = "issueCredit", tag = "Credit",
    responses((status = 201, description = "The new credit", body = CreditAnswer)),
    extensions(("x-errors" = json!(["AMOUNT_OUT_OF_RANGE"])))
)]
pub async fn issue(call: Call) -> Answer {
    let customer = call.parts.id()?;
    call.parts.params::<()>()?;
    let amount = amount(call.parts.segment("credit_id_or_amount"))?;
    let done = call.commands().issue_credit(&call.request()?, customer, amount).await?;
    let credit = done.outcome;
    let shown = show(&call.api, call.store_id(), customer, credit);
    let location = format!("/customer/{customer}/credit/{credit}");
    Ok(call.created(&location, done, ids(customer, credit), shown).await)
}

/// Voids a credit
///
/// Its balance is 0 then. Voided already: nothing changes.
#[utoipa::path(
    delete, path = "", operation_id = "voidCredit", tag = "Credit",
    responses((status = 204, description = "It is voided")),
    extensions(("x-errors" = json!(["CREDIT_NOT_FOUND"])))
)]
pub async fn void(call: Call) -> Answer {
    let (customer, credit) = (call.parts.id()?, call.parts.id()?);
    call.parts.params::<()>()?;
    let done = call.commands().void_credit(&call.request()?, customer, credit).await?;
    Ok(call.deleted(done, ids(customer, credit)))
}

/// Lists the customer's credits, newest first
///
/// Also voided and spent ones, unless `active=true`.
#[utoipa::path(
    get, path = "", operation_id = "listCredits", tag = "Credit", params(ActiveParams, AsOf, CursorParams),
    responses((status = 200, description = "One page", body = CreditList))
)]
pub async fn list(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let (params, as_of, paging) = call.parts.params::<(ActiveParams, AsOf, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let glance = call.glance(&as_of).await?;
    require_customer(&glance, call.store_id(), customer).await?;
    let page = glance.views.credits(call.store_id(), customer, params.active == Some(true), &request).await?;
    Ok(call.glanced_page::<CreditList, _>(&glance, &paging, page, |row| Credit::from(&*row)))
}

/// One credit of the customer
///
/// With what invoices spent of it.
#[utoipa::path(
    get, path = "", operation_id = "getCredit", tag = "Credit", params(AsOf),
    responses((status = 200, description = "The credit", body = CreditAnswer)),
    extensions(("x-errors" = json!(["CREDIT_NOT_FOUND"])))
)]
pub async fn one(call: Call) -> Answer {
    let (customer, credit) = (call.parts.id()?, call.parts.id()?);
    let glance = call.glance(&call.parts.params()?).await?;
    require_customer(&glance, call.store_id(), customer).await?;
    let row = glance.views.credit(call.store_id(), credit).await?.filter(|row| row.customer_id == customer);
    let shown = row.map(|row| single(&row)).ok_or_else(|| Problem::of(Code::CreditNotFound))?;
    Ok(call.glanced(&glance, shown))
}

/// Issues a credit to every customer of the store, in the background
///
/// Nobody gets two, whatever crashes.
#[utoipa::path(
    post, path = "", operation_id = "issueCreditToAll", tag = "Credit",
    responses((status = 202, description = "The job", body = JobAnswer)),
    extensions(("x-errors" = json!(["AMOUNT_OUT_OF_RANGE"])))
)]
pub async fn issue_to_all(call: Call) -> Answer {
    call.parts.params::<()>()?;
    let amount = amount(call.parts.segment("amount"))?;
    let done = call.commands().start_batch_credit(&call.request()?, amount).await?;
    let response = answer::json(StatusCode::ACCEPTED, &JobAnswer::new(done.outcome.0));
    let response = answer::located(response, &format!("/customer/credit/status/{}", done.outcome));
    Ok(call.with_position(response, &done))
}

/// How far such a job is
///
/// `running` until everybody has the credit who was a customer when it began.
#[utoipa::path(
    get, path = "", operation_id = "getCreditJob", tag = "Credit", params(AsOf),
    responses((status = 200, description = "How far it is", body = JobStatus))
)]
pub async fn job(call: Call) -> Answer {
    let job = call.parts.id()?;
    let glance = call.glance(&call.parts.params()?).await?;
    let progress = glance.views.job_progress(call.store_id(), job).await?;
    let progress = progress.ok_or_else(|| Problem::of(Code::JobNotFound))?;
    Ok(call.glanced_at(&glance, answer::json(StatusCode::OK, &JobStatus::from(progress))))
}
