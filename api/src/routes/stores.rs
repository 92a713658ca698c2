//! Stores (api.md §2).

use super::Answer;
use crate::answers::store::{Store, StoreAnswer};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::{FieldError, Problem};
use crate::requests::as_of::AsOf;
use crate::requests::store::{NewSecret, NewStore, StoreChange};
use crate::wire::answer::{self, Single};
use crate::wire::call::Call;
use crate::wire::operator::SignUp;
use axum::extract::State;
use domain::store::ChangeStore;
use domain::{ActorId, StoreId};
use http::StatusCode;
use projections::views::StoreRow;

/// The store as it is answered; `None`: deleted, or not there.
async fn show(api: &Api, store: StoreId) -> Result<Option<Single>, Problem> {
    let row = api.parts.views.store(store).await?;
    Ok(row.map(|row| single(&row)))
}

fn single(row: &StoreRow) -> Single {
    Single::at(row.revision, &StoreAnswer::new(Store::from(row)))
}

fn ids(store: StoreId) -> [(&'static str, String); 1] {
    [("store_id", store.to_string())]
}

/// Creates a store
///
/// An `Idempotency-Key` belongs to the `app_id`. Where the server's sign-up is closed, only an operator's token of role `operator` may; elsewhere
/// none is looked at.
#[utoipa::path(
    post, path = "", operation_id = "createStore", tag = "Store", request_body = NewStore,
    responses((status = 201, description = "The new store", body = StoreAnswer)),
    extensions(("x-errors" = json!(["APP_ID_ALREADY_EXISTS", "OPERATOR_UNAUTHORIZED", "FORBIDDEN"])))
)]
pub async fn create(State(api): State<Api>, SignUp(request): SignUp) -> Answer {
    request.params::<()>()?;
    let new: NewStore = request.body()?;
    let key = request.idempotency_key(true)?;
    let done = api.commands().create_store(request.client, new.into(), request.request_id(), key).await?;
    let store = done.outcome;
    let shown = answer::show(&api, store, &done, show(&api, store)).await;
    Ok(answer::located(answer::done(&api, store, StatusCode::CREATED, &done, ids(store), shown), "/store"))
}

/// The current store
///
/// That of the credentials.
#[utoipa::path(
    get, path = "", operation_id = "getStore", tag = "Store", params(AsOf),
    responses((status = 200, description = "The store", body = StoreAnswer)),
    extensions(("x-errors" = json!(["STORE_NOT_FOUND"])))
)]
pub async fn one(call: Call) -> Answer {
    let glance = call.glance(&call.parts.params()?).await?;
    let row = glance.views.store(call.store_id()).await?;
    let shown = row.map(|row| single(&row)).ok_or_else(|| Problem::of(Code::StoreNotFound))?;
    Ok(call.glanced(&glance, shown))
}

/// Changes the current store
///
/// What is named changes. What else `GET` answers is ignored; `app_id`, which never changes, may be named as it is, and is
/// refused otherwise.
#[utoipa::path(
    put, path = "", operation_id = "changeStore", tag = "Store", request_body = StoreChange,
    responses((status = 200, description = "The changed store", body = StoreAnswer)),
    extensions(("x-errors" = json!(["STORE_NOT_FOUND", "NUMBERS_COULD_REPEAT"])))
)]
pub async fn change(call: Call) -> Answer {
    let ((), change) = call.parts.params_and_body::<(), StoreChange>()?;
    if let Some(given) = change.given.get("app_id") {
        let store = call.own_views().await?.store(call.store_id()).await?;
        if store.is_none_or(|store| *given != store.app_id) {
            return Err(Problem::field(FieldError::body("/app_id", "never changes, and is another one")));
        }
    }
    let done = call.commands().change_store(&call.request_with_body()?, ChangeStore::from(change)).await?;
    let store = call.store_id();
    Ok(call.done(StatusCode::OK, done, ids(store), show(&call.api, store)).await)
}

/// Sets a new secret
///
/// Tokens stay.
#[utoipa::path(
    put, path = "", operation_id = "changeStoreSecret", tag = "Store", request_body = NewSecret,
    responses((status = 200, description = "The store", body = StoreAnswer)),
    extensions(("x-errors" = json!(["STORE_NOT_FOUND"])))
)]
pub async fn change_secret(call: Call) -> Answer {
    let ((), new) = call.parts.params_and_body::<(), NewSecret>()?;
    let done = call.commands().change_store_secret(&call.request_with_body()?, new.app_secret).await?;
    let store = call.store_id();
    Ok(call.done(StatusCode::OK, done, ids(store), show(&call.api, store)).await)
}

/// Deletes the current store
///
/// Its tokens die at once on this node, within 1 s on others; its `app_id` stays taken.
#[utoipa::path(
    delete, path = "", operation_id = "deleteStore", tag = "Store",
    responses((status = 204, description = "It is deleted")),
    extensions(("x-errors" = json!(["STORE_NOT_FOUND"])))
)]
pub async fn delete(call: Call) -> Answer {
    call.parts.params::<()>()?;
    let done = call.commands().delete_store(&call.request()?).await?;
    Ok(call.deleted(done, ids(call.store_id())))
}

/// Forgets a person's name
///
/// Of somebody whom `Cartlog-Actor` named. Nobody can read it any more; events go on to say that it was one and the same person. Named
/// again, it is somebody new.
#[utoipa::path(
    delete, path = "", operation_id = "deleteActor", tag = "Store",
    responses((status = 204, description = "It is forgotten"))
)]
pub async fn forget_actor(call: Call) -> Answer {
    let actor: ActorId = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().forget_actor(&call.unconditional_request(false)?, actor).await?;
    Ok(call.deleted(done, ids(call.store_id())))
}
