//! A customer's email addresses (api.md §4).

use super::Answer;
use super::customers::{ids, show};
use crate::answers::customer::CustomerAnswer;
use crate::problem::Problem;
use crate::requests::customer::{KnownEmail, NewEmail, PrimaryParams};
use crate::wire::call::Call;
use crate::wire::query::encode;
use crate::wire::schema;
use commands::Request;
use domain::CustomerId;
use http::StatusCode;
use serde_json::json;

/// Adds an email
///
/// `is_primary` moves the mark.
#[utoipa::path(
    post, path = "", operation_id = "addEmail", tag = "Customer", params(PrimaryParams), request_body = NewEmail,
    responses((status = 201, description = "The customer", body = CustomerAnswer)),
    extensions(("x-errors" = json!(["EMAIL_ALREADY_EXISTS", "TOO_MANY_CONTACTS"])))
)]
pub async fn add(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let (params, new) = call.parts.params_and_body::<PrimaryParams, NewEmail>()?;
    let request = call.request_with_body()?;
    add_as(&call, &request, customer, &new.email, params.is_primary == Some(true)).await
}

/// Adds the email that the path names
///
/// `is_primary` moves the mark.
#[utoipa::path(
    post, path = "", operation_id = "addNamedEmail", tag = "Customer", params(PrimaryParams),
    responses((status = 201, description = "The customer", body = CustomerAnswer)),
    extensions(("x-errors" = json!(["EMAIL_ALREADY_EXISTS", "TOO_MANY_CONTACTS"])))
)]
pub async fn add_named(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let params: PrimaryParams = call.parts.params()?;
    let new: NewEmail =
        schema::read_value(json!({ "email": call.parts.segment("email") }), Vec::new()).map_err(in_path)?;
    add_as(&call, &call.request()?, customer, &new.email, params.is_primary == Some(true)).await
}

/// The same errors, but of the path.
fn in_path(problem: Problem) -> Problem {
    let errors = problem.into_errors().into_iter().map(crate::problem::FieldError::moved_to_path);
    Problem::fields(errors.collect())
}

async fn add_as(call: &Call, request: &Request, customer: CustomerId, email: &str, is_primary: bool) -> Answer {
    let done = call.commands().add_email(request, customer, email, is_primary).await?;
    let location = format!("/customer/{customer}/email/{}", encode(email));
    Ok(call.created(&location, done, ids(customer), show(&call.api, call.store_id(), customer)).await)
}

/// Deletes an email
///
/// It can be used again. The primary one can't be deleted.
#[utoipa::path(
    delete, path = "", operation_id = "deleteEmail", tag = "Customer", request_body = KnownEmail,
    responses((status = 204, description = "It is deleted")),
    extensions(("x-errors" = json!(["EMAIL_NOT_FOUND", "PRIMARY_EMAIL"])))
)]
pub async fn remove(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let ((), body) = call.parts.params_and_body::<(), KnownEmail>()?;
    let done = call.commands().remove_email(&call.request_with_body()?, customer, &body.email).await?;
    Ok(call.deleted(done, ids(customer)))
}

/// Deletes the email that the path names
///
/// For clients that can't send a body with DELETE. It can be used again. The primary one can't be deleted.
#[utoipa::path(
    delete, path = "", operation_id = "deleteNamedEmail", tag = "Customer",
    responses((status = 204, description = "It is deleted")),
    extensions(("x-errors" = json!(["EMAIL_NOT_FOUND", "PRIMARY_EMAIL"])))
)]
pub async fn remove_named(call: Call) -> Answer {
    let customer = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().remove_email(&call.request()?, customer, call.parts.segment("email")).await?;
    Ok(call.deleted(done, ids(customer)))
}

/// Makes an email the primary one
///
/// It must be one of the customer's. The primary one already: nothing changes.
#[utoipa::path(
    put, path = "", operation_id = "makeEmailPrimary", tag = "Customer", request_body = KnownEmail,
    responses((status = 200, description = "The customer", body = CustomerAnswer)),
    extensions(("x-errors" = json!(["EMAIL_NOT_FOUND"])))
)]
pub async fn make_primary(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let ((), body) = call.parts.params_and_body::<(), KnownEmail>()?;
    let done = call.commands().make_email_primary(&call.request_with_body()?, customer, &body.email).await?;
    Ok(call.done(StatusCode::OK, done, ids(customer), show(&call.api, call.store_id(), customer)).await)
}

/// Makes the email that the path names the primary one
///
/// It must be one of the customer's. The primary one already: nothing changes.
#[utoipa::path(
    put, path = "", operation_id = "makeNamedEmailPrimary", tag = "Customer",
    responses((status = 200, description = "The customer", body = CustomerAnswer)),
    extensions(("x-errors" = json!(["EMAIL_NOT_FOUND"])))
)]
pub async fn make_named_primary(call: Call) -> Answer {
    let customer = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().make_email_primary(&call.request()?, customer, call.parts.segment("email")).await?;
    Ok(call.done(StatusCode::OK, done, ids(customer), show(&call.api, call.store_id(), customer)).await)
}
