//! Customers (api.md §4).

use super::{Answer, count as counted, timezone};
use crate::answers::CountAnswer;
use crate::answers::customer::{Customer, CustomerAnswer, CustomerList, WelcomeAnswer};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::{FieldError, Problem};
use crate::requests::as_of::AsOf;
use crate::requests::customer::{CustomerChange, CustomerParams, KnownEmail, LogIn, NewCustomer};
use crate::requests::dates::DateParam;
use crate::wire::answer::{self, Single};
use crate::wire::call::Call;
use crate::wire::glance::Glance;
use crate::wire::paging::{CursorParams, Paging};
use axum::response::Response;
use commands::{Done, IssuedCustomerToken, Request};
use domain::store::Role;
use domain::{CustomerId, StoreId, Timestamp};
use http::StatusCode;
use projections::views::{CustomerFilter, CustomerRow};
use projections::{Page, Views};
use serde_json::Value;
use std::sync::Arc;

/// The customer and its revision; `None`: deleted, or not there.
pub(super) async fn find(glance: &Glance, store: StoreId, id: CustomerId) -> Result<Option<(u64, Customer)>, Problem> {
    with_joins(glance, glance.views.customer(store, id).await?).await
}

async fn with_joins(glance: &Glance, row: Option<Arc<CustomerRow>>) -> Result<Option<(u64, Customer)>, Problem> {
    let Some(row) = row else { return Ok(None) };
    let (views, store, id) = (&glance.views, row.store_id, row.customer_id);
    let shopper = views.shopper(store, id).await?;
    let purchases = views.purchases(store, id).await?;
    Ok(Some((row.revision, Customer::new(&row, shopper.as_deref(), purchases.as_deref(), glance.now))))
}

/// What a command on the customer answers; also when it was deleted since, which a repeat of the command does not undo.
pub(super) async fn show(api: &Api, store: StoreId, id: CustomerId) -> Result<Option<Single>, Problem> {
    let glance = Glance::now(api);
    let found = with_joins(&glance, api.parts.views.customer_even_if_deleted(store, id).await?).await?;
    Ok(found.map(|(revision, customer)| Single::at(revision, &CustomerAnswer::new(customer))))
}

pub(super) fn ids(customer: CustomerId) -> [(&'static str, String); 1] {
    [("customer_id", customer.to_string())]
}

async fn filter(views: &Views, store: StoreId, params: CustomerParams) -> Result<CustomerFilter, Problem> {
    let timezone = timezone(views, store).await?;
    Ok(CustomerFilter {
        email: params.email,
        created: DateParam::range(params.created_at_startdate, params.created_at_enddate, timezone),
        updated: DateParam::range(params.updated_at_startdate, params.updated_at_enddate, timezone),
    })
}

/// Lists customers, newest first
///
/// All filters that are given must hold. Deleted ones are not listed.
#[utoipa::path(
    get, path = "", operation_id = "listCustomers", tag = "Customer", params(CustomerParams, CursorParams),
    responses((status = 200, description = "One page", body = CustomerList))
)]
pub async fn list(call: Call) -> Answer {
    let (params, paging) = call.parts.params::<(CustomerParams, Paging)>()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let views = call.views().await?;
    let filter = filter(views, call.store_id(), params).await?;
    let rows = views.customers(call.store_id(), &filter, &request).await?;
    let page = joined(views, call.store_id(), rows, call.api.parts.clock.now()).await?;
    Ok(call.page::<CustomerList, _>(&paging, page, |customer| customer))
}

/// Customers with what their carts and purchases say of them.
async fn joined(
    views: &Views,
    store: StoreId,
    rows: Page<Arc<CustomerRow>>,
    now: Timestamp,
) -> Result<Page<Customer>, Problem> {
    let customers: Vec<_> = rows.items.iter().map(|row| row.customer_id).collect();
    let shoppers = views.shoppers_by_ids(store, &customers).await?;
    let purchases = views.purchases_by_ids(store, &customers).await?;
    let mut joins = shoppers.into_iter().zip(purchases);
    Ok(rows.map(|row| {
        let (shopper, purchases) = joins.next().unwrap_or_default();
        Customer::new(&row, shopper.as_deref(), purchases.as_deref(), now)
    }))
}

/// Counts customers
///
/// With the filters of the list.
#[utoipa::path(
    get, path = "", operation_id = "countCustomers", tag = "Customer", params(CustomerParams),
    responses((status = 200, description = "How many", body = CountAnswer)), extensions(("x-unversioned" = json!(true)))
)]
pub async fn count(call: Call) -> Answer {
    let params = call.parts.params()?;
    let views = call.views().await?;
    let filter = filter(views, call.store_id(), params).await?;
    Ok(counted(views.count_customers(call.store_id(), &filter).await?))
}

/// One customer
///
/// With the emails and addresses, what was spent, and whether the customer is logged in.
#[utoipa::path(
    get, path = "", operation_id = "getCustomer", tag = "Customer", params(AsOf),
    responses((status = 200, description = "The customer", body = CustomerAnswer))
)]
pub async fn one(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let glance = call.glance(&call.parts.params()?).await?;
    let found = find(&glance, call.store_id(), customer).await?;
    let (revision, customer) = found.ok_or_else(|| Problem::of(Code::CustomerNotFound))?;
    Ok(call.glanced(&glance, Single::at(revision, &CustomerAnswer::new(customer))))
}

fn unknown_currency(_: domain::currency::UnknownCurrency) -> Problem {
    Problem::field(FieldError::body("/currency", "must be an ISO 4217 currency code in capitals"))
}

/// Creates a customer
///
/// The email must be free in the store, and not more than one address marked as primary. Not confirmed yet.
#[utoipa::path(
    post, path = "", operation_id = "createCustomer", tag = "Customer", request_body = NewCustomer,
    responses((status = 201, description = "The new customer", body = WelcomeAnswer)),
    extensions(("x-errors" = json!(["CUSTOMER_ALREADY_EXISTS", "MULTIPLE_PRIMARY_ADDRESSES_SUPPLIED"])))
)]
pub async fn create(call: Call) -> Answer {
    let ((), new) = call.parts.params_and_body::<(), NewCustomer>()?;
    let new = new.try_into().map_err(unknown_currency)?;
    let request = call.request_with_body()?;
    let done = call.commands().create_customer(&request, new).await?;
    let location = format!("/customer/{}", done.outcome);
    Ok(answer::located(welcome(&call, &request, StatusCode::CREATED, done).await, &location))
}

/// Of who has just shown who they are: through a shop window, with a token of theirs. A repeat shows nothing of the kind.
async fn welcome(call: &Call, request: &Request, status: StatusCode, done: Done<CustomerId>) -> Response {
    let id = done.outcome;
    if call.store.role != Role::Storefront || done.replayed {
        return call.done(status, done, ids(id), welcomed(call, id, None)).await;
    }
    let issued = call.commands().issue_customer_token(request, id).await.map(|issued| issued.outcome);
    // What was asked for is done: whoever gets no token can log in.
    let token = issued.inspect_err(|error| tracing::warn!(%error, "a customer got no token")).ok();
    let late = token.iter().flat_map(|token| {
        let expires_at = ("customer_token_expires_at", token.expires_at.to_string());
        [("customer_token", token.token.clone()), expires_at]
    });
    let late: Vec<_> = ids(id).into_iter().chain(late).collect();
    call.done(status, done, late, welcomed(call, id, token.as_ref())).await
}

async fn welcomed(call: &Call, id: CustomerId, token: Option<&IssuedCustomerToken>) -> Result<Option<Single>, Problem> {
    let found =
        with_joins(&Glance::now(&call.api), call.api.parts.views.customer_even_if_deleted(call.store_id(), id).await?)
            .await?;
    Ok(found.map(|(revision, customer)| Single::at(revision, &WelcomeAnswer::new(customer, token))))
}

/// Changes a customer
///
/// A new email becomes the primary one; the old one stays as a secondary. What else `GET` answers is ignored; `emails` and
/// `addresses` may be named as they are, and are refused otherwise.
#[utoipa::path(
    put, path = "", operation_id = "changeCustomer", tag = "Customer", request_body = CustomerChange,
    responses((status = 200, description = "The changed customer", body = CustomerAnswer)),
    extensions(("x-errors" = json!(["CUSTOMER_ALREADY_EXISTS", "TOO_MANY_CONTACTS"])))
)]
pub async fn change(call: Call) -> Answer {
    let id = call.parts.id()?;
    let ((), change) = call.parts.params_and_body::<(), CustomerChange>()?;
    as_they_are(&call, id, &change).await?;
    let change = change.try_into().map_err(unknown_currency)?;
    let done = call.commands().change_customer(&call.request_with_body()?, id, change).await?;
    Ok(call.done(StatusCode::OK, done, ids(id), show(&call.api, call.store_id(), id)).await)
}

/// Emails and addresses have routes of their own: here they may only be named as they are.
async fn as_they_are(call: &Call, id: CustomerId, change: &CustomerChange) -> Result<(), Problem> {
    if change.given.is_empty() {
        return Ok(());
    }
    call.own_views().await?;
    let Some((_, customer)) = find(&Glance::now(&call.api), call.store_id(), id).await? else {
        return Err(Problem::of(Code::CustomerNotFound));
    };
    // An answer is always JSON.
    let shown = serde_json::to_value(customer).unwrap_or_default();
    let differs = |(name, given): (&String, &Value)| {
        let routes = "is not what the customer has; it has routes of its own";
        (shown[name.as_str()] != *given).then(|| FieldError::body(&format!("/{name}"), routes))
    };
    let errors: Vec<_> = change.given.iter().filter_map(differs).collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// Deletes a customer
///
/// The open cart is closed; the emails can be used again.
#[utoipa::path(
    delete, path = "", operation_id = "deleteCustomer", tag = "Customer",
    responses((status = 204, description = "It is deleted"))
)]
pub async fn delete(call: Call) -> Answer {
    let id = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().delete_customer(&call.request()?, id).await?;
    Ok(call.deleted(done, ids(id)))
}

/// Logs a customer in for 24 h
///
/// By the primary email; needs no confirmation. A wrong email and a wrong password get the same answer. Many wrong tries of
/// an email from one address: `RATE_LIMITED`.
#[utoipa::path(
    put, path = "", operation_id = "logInCustomer", tag = "Customer", request_body = LogIn,
    responses((status = 200, description = "The customer", body = WelcomeAnswer)),
    extensions(("x-errors" = json!(["INVALID_CREDENTIALS"])))
)]
pub async fn log_in(call: Call) -> Answer {
    let ((), body) = call.parts.params_and_body::<(), LogIn>()?;
    let request = call.unconditional_request(true)?;
    let done = call.commands().log_in(&request, call.parts.client, &body.email, &body.password).await?;
    Ok(welcome(&call, &request, StatusCode::OK, done).await)
}

/// Logs a customer out
///
/// By any of the emails. Not logged in: nothing changes.
#[utoipa::path(
    put, path = "", operation_id = "logOutCustomer", tag = "Customer", request_body = KnownEmail,
    responses((status = 200, description = "The customer", body = CustomerAnswer)),
    extensions(("x-errors" = json!(["CUSTOMER_NOT_FOUND"])))
)]
pub async fn log_out(call: Call) -> Answer {
    let ((), body) = call.parts.params_and_body::<(), KnownEmail>()?;
    let done = call.commands().log_out_only(&call.unconditional_request(true)?, &body.email, call.customer).await?;
    let id = done.outcome;
    Ok(call.done(StatusCode::OK, done, ids(id), show(&call.api, call.store_id(), id)).await)
}
