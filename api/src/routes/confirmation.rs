//! Customers confirm their email address (api.md §4).

use super::Answer;
use super::customers::{find, ids, show};
use crate::answers::customer::{ConfirmationLink, ConfirmationLinkAnswer, CustomerAnswer, SentConfirmation};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::service::{Page, prefers_json, prefers_page};
use crate::wire::answer::{self, Single};
use crate::wire::call::Call;
use crate::wire::glance::Glance;
use crate::wire::request_parts::RequestParts;
use axum::extract::State;
use axum::response::IntoResponse;
use commands::{IdempotencyKey, Request};
use domain::store::Role;
use domain::{CustomerId, StoreId};
use http::StatusCode;

/// Mails a confirmation link
///
/// It lives 24 h, and confirms the email that is the primary one now. Where mail stays on the machine, `result` is its token. An
/// `Idempotency-Key` is ignored. An address gets at most 5 an hour (429). A mail server that did not say in time whether it took
/// the mail is a 503 `OUTCOME_UNKNOWN`: the mail may come.
#[utoipa::path(
    put, path = "", operation_id = "sendConfirmation", tag = "Customer",
    responses((status = 200, description = "It is sent", body = SentConfirmation)),
    extensions(("x-unversioned" = json!(true)), ("x-errors" = json!(["MAIL_REFUSED"])))
)]
pub async fn send(call: Call) -> Answer {
    let customer: CustomerId = call.parts.id()?;
    call.parts.params::<()>()?;
    let done =
        call.commands().send_confirmation(&Request { if_match: None, ..call.unkeyed_request()? }, customer).await?;
    // Who looks through a shop window confirms by what is in the mail.
    let told = done.outcome.clone().filter(|_| call.store.role != Role::Storefront);
    let result = told.unwrap_or_else(|| "ok".to_owned());
    let shown = sent(&call.api, call.store_id(), customer, result);
    Ok(call.done(StatusCode::OK, done, ids(customer), shown).await)
}

async fn sent(api: &Api, store: StoreId, customer: CustomerId, result: String) -> Result<Option<Single>, Problem> {
    let found = find(&Glance::now(api), store, customer).await?;
    Ok(found.map(|(_, customer)| Single::of(&SentConfirmation { result, customer })))
}

/// Confirms by the link's token
///
/// Works once; the same request with the same `Idempotency-Key` gets the same answer.
#[utoipa::path(
    put, path = "", operation_id = "confirmCustomer", tag = "Customer",
    responses((status = 200, description = "The confirmed customer", body = CustomerAnswer))
)]
pub async fn confirm(State(api): State<Api>, request: RequestParts) -> Answer {
    request.params::<()>()?;
    let key = request.idempotency_key(false)?;
    confirmed(&api, &request, key).await
}

async fn confirmed(api: &Api, request: &RequestParts, key: Option<IdempotencyKey>) -> Answer {
    let done = api.commands().confirm(request.segment("token"), request.request_id(), key, None).await?;
    let (store, customer) = done.outcome;
    let shown = answer::show(api, store, &done, show(api, store, customer)).await;
    Ok(answer::done(api, store, StatusCode::OK, &done, ids(customer), shown))
}

/// The page behind a confirmation link
///
/// Confirms nothing: mail scanners open links. The page has a button that does. In JSON, where `Accept` asks for it, it says
/// whether the link is still good.
#[utoipa::path(
    get, path = "", operation_id = "openConfirmationLink", tag = "Customer",
    responses((status = 200, description = "A page, or what the link is good for", content(
        (ConfirmationLinkAnswer = "application/json"), (String = "text/html")
    ))),
    extensions(("x-unversioned" = json!(true)))
)]
pub async fn look(State(api): State<Api>, request: RequestParts) -> Answer {
    let token = request.segment("token");
    let found = api.commands().confirmation_link(token).await.map_err(Problem::from);
    if prefers_json(&request.headers) {
        request.params::<()>()?;
        let answer = ConfirmationLinkAnswer::new(ConfirmationLink::from(found?));
        return Ok(answer::json(StatusCode::OK, &answer));
    }
    Ok(match &found {
        Ok(link) if link.is_used => Page::Already { store: &link.store_name }.into_response(),
        Ok(link) => Page::Ask { store: &link.store_name, token }.into_response(),
        Err(problem) => unconfirmed(problem).into_response(),
    })
}

/// Confirms by the button of the link's page
///
/// A browser gets a page, which says so kindly where the link was used before; others get what PUT answers.
#[utoipa::path(
    post, path = "", operation_id = "confirmCustomerByPage", tag = "Customer",
    responses((status = 200, description = "A page, or the confirmed customer", content(
        (CustomerAnswer = "application/json"), (String = "text/html")
    )))
)]
pub async fn press(State(api): State<Api>, request: RequestParts) -> Answer {
    if !prefers_page(&request.headers) {
        return confirm(State(api), request).await;
    }
    let token = request.segment("token");
    let outcome = api.commands().confirm(token, request.request_id(), None, None).await.map_err(Problem::from);
    // Also of a link that was used before, by a button that was pressed twice.
    let link = match &outcome {
        Err(problem) if problem.code() != Code::ConfirmationNotFound => return Ok(unconfirmed(problem).into_response()),
        Ok(_) | Err(_) => api.commands().confirmation_link(token).await.map_err(Problem::from),
    };
    Ok(match (&outcome, &link) {
        (Ok(done), link) => {
            let store = link.as_ref().map_or("the shop", |link| &link.store_name);
            answer::at_position(&api, done.outcome.0, Page::Confirmed { store }.into_response(), done.position)
        }
        (Err(_), Ok(link)) if link.is_used => {
            let page = Page::Already { store: &link.store_name }.into_response();
            answer::at_position(&api, link.store_id, page, link.position)
        }
        // It came back since, or the look failed.
        (Err(_), Ok(_)) => Page::NotNow.into_response(),
        (Err(_), Err(problem)) => unconfirmed(problem).into_response(),
    })
}

fn unconfirmed(problem: &Problem) -> Page<'static> {
    match problem.code() {
        Code::ConfirmationNotFound => Page::Gone,
        _ => Page::NotNow,
    }
}
