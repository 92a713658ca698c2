//! Customers confirm their email address (api.md §4).

use super::Answer;
use super::customers::{find, ids, show};
use crate::answers::customer::{CustomerAnswer, SentConfirmation};
use crate::parts::Api;
use crate::problem::Problem;
use crate::service::{Confirmed, confirmation_page, prefers_json};
use crate::wire::answer::{self, Single};
use crate::wire::call::{Call, Said};
use axum::extract::State;
use axum::response::Response;
use commands::IdempotencyKey;
use domain::{CustomerId, StoreId};
use http::{Method, StatusCode};

/// Mails a confirmation link
///
/// It lives 24 h. Where mail stays on the machine, `result` is its token. An `Idempotency-Key` is ignored.
#[utoipa::path(
    put, path = "", operation_id = "sendConfirmation", tag = "Customer",
    responses((status = 200, description = "It is sent", body = SentConfirmation)),
    extensions(("x-unversioned" = json!(true)))
)]
pub async fn send(call: Call) -> Answer {
    let customer: CustomerId = call.said.id()?;
    call.said.params::<()>()?;
    let done = call.commands().send_confirmation(&call.unkeyed_request(), customer).await?;
    let result = done.outcome.clone().unwrap_or_else(|| "ok".to_owned());
    let shown = sent(&call.api, call.store_id(), customer, result);
    Ok(call.done(StatusCode::OK, done, ids(customer), shown).await)
}

async fn sent(api: &Api, store: StoreId, customer: CustomerId, result: String) -> Result<Option<Single>, Problem> {
    let found = find(api, store, customer).await?;
    Ok(found.map(|(_, customer)| Single::of(&SentConfirmation { result, customer })))
}

/// Confirms by the link's token
///
/// Works once; the same request with the same `Idempotency-Key` gets the same answer. The link's page does the same.
#[utoipa::path(
    put, path = "", operation_id = "confirmCustomer", tag = "Customer",
    responses((status = 200, description = "The confirmed customer", body = CustomerAnswer))
)]
pub async fn confirm(State(api): State<Api>, said: Said) -> Answer {
    said.params::<()>()?;
    let key = said.idempotency_key(false)?;
    confirmed(&api, &said, key).await
}

async fn confirmed(api: &Api, said: &Said, key: Option<IdempotencyKey>) -> Answer {
    let done = api.commands().confirm(said.segment("token"), said.request_id(), key, said.if_match()).await?;
    let (store, customer) = done.outcome;
    let shown = answer::show(api, store, &done, show(api, store, customer)).await;
    Ok(answer::done(StatusCode::OK, &done, ids(customer), shown))
}

/// The page behind a confirmation link
///
/// Confirms and says so on a page, or in JSON where `Accept` asks for it.
#[utoipa::path(
    get, path = "", operation_id = "openConfirmationLink", tag = "Customer",
    responses((status = 200, description = "A page, or the confirmed customer", content(
        (CustomerAnswer = "application/json"), (String = "text/html")
    )))
)]
pub async fn open_link(State(api): State<Api>, said: Said) -> Answer {
    if said.method == Method::HEAD {
        // Whoever only looks at the link, as mail scanners do, must not use it up.
        return Ok(confirmation_page(Confirmed::Unknown));
    }
    if prefers_json(&said.headers) {
        said.params::<()>()?;
        return confirmed(&api, &said, None).await;
    }
    Ok(page(confirmed(&api, &said, None).await))
}

/// The answer as a page.
fn page(answer: Answer) -> Response {
    match answer {
        Ok(answer) => {
            let mut page = confirmation_page(Confirmed::Yes);
            let position = answer.headers().get(&answer::POSITION).cloned();
            page.headers_mut().extend(position.map(|position| (answer::POSITION, position)));
            page
        }
        Err(problem) if problem.code().status() == StatusCode::NOT_FOUND => confirmation_page(Confirmed::No),
        Err(_) => confirmation_page(Confirmed::NotNow),
    }
}
