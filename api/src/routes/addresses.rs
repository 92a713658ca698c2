//! A customer's addresses (api.md §4).

use super::{Answer, page_of_all};
use crate::answers::customer::{Address, AddressAnswer, AddressList, AddressesAnswer};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::requests::customer::{AddressChange, NewAddress, PrimaryParams};
use crate::wire::answer::Single;
use crate::wire::call::Call;
use crate::wire::paging::{CursorParams, Paging};
use domain::{AddressId, CustomerId, StoreId};
use http::StatusCode;

/// The address as it is answered; `None`: deleted, or not there. It is a part of its customer and has its revision.
async fn show(api: &Api, store: StoreId, customer: CustomerId, address: AddressId) -> Result<Option<Single>, Problem> {
    let row = api.parts.views.customer(store, customer).await?;
    Ok(row.and_then(|row| {
        let address = row.addresses.iter().find(|known| known.address_id == address)?;
        Some(Single::at(row.revision, &AddressAnswer::new(Address::from(address))))
    }))
}

fn ids(customer: CustomerId, address: AddressId) -> [(&'static str, String); 2] {
    [("customer_id", customer.to_string()), ("address_id", address.to_string())]
}

/// Lists a customer's addresses, newest first; or the primary one
///
/// With `is_primary=true` the answer is the primary address alone, as `address`.
#[utoipa::path(
    get, path = "", operation_id = "listAddresses", tag = "Customer", params(PrimaryParams, CursorParams),
    responses((status = 200, description = "One page, or the primary one as `address`", body = AddressesAnswer)),
    extensions(("x-errors" = json!(["ADDRESS_NOT_FOUND"])), ("x-versioned" = json!(true)))
)]
pub async fn list(call: Call) -> Answer {
    let customer: CustomerId = call.parts.id()?;
    let (params, paging) = call.parts.params::<(PrimaryParams, Paging)>()?;
    let views = call.views().await?;
    let row = views.customer(call.store_id(), customer).await?.ok_or_else(|| Problem::of(Code::CustomerNotFound))?;
    if params.is_primary == Some(true) {
        let primary = row.addresses.iter().find(|address| address.is_primary);
        let primary = primary.ok_or_else(|| Problem::new(Code::AddressNotFound, "no address is marked as primary"))?;
        return Ok(call.single(Single::at(row.revision, &AddressAnswer::new(Address::from(primary)))));
    }
    page_of_all::<AddressList>(&call, &paging, row.addresses.iter().map(Address::from).collect())
}

/// Adds an address
///
/// With `is_primary` it becomes the primary one.
#[utoipa::path(
    post, path = "", operation_id = "addAddress", tag = "Customer", request_body = NewAddress,
    responses((status = 201, description = "The new address", body = AddressAnswer)),
    extensions(("x-errors" = json!(["TOO_MANY_CONTACTS"])))
)]
pub async fn add(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let ((), new) = call.parts.params_and_body::<(), NewAddress>()?;
    let done = call.commands().add_address(&call.request_with_body()?, customer, new.into()).await?;
    let address = done.outcome;
    let shown = show(&call.api, call.store_id(), customer, address);
    let location = format!("/customer/{customer}/address/{address}");
    Ok(call.created(&location, done, ids(customer, address), shown).await)
}

/// Changes an address
///
/// What is named changes. `is_primary` moves the mark, or removes it. What else the list shows of an address is ignored.
#[utoipa::path(
    put, path = "", operation_id = "changeAddress", tag = "Customer", request_body = AddressChange,
    responses((status = 200, description = "The changed address", body = AddressAnswer))
)]
pub async fn change(call: Call) -> Answer {
    let (customer, address) = (call.parts.id()?, call.parts.id()?);
    let ((), change) = call.parts.params_and_body::<(), AddressChange>()?;
    let done = call.commands().change_address(&call.request_with_body()?, customer, address, change.into()).await?;
    let shown = show(&call.api, call.store_id(), customer, address);
    Ok(call.done(StatusCode::OK, done, ids(customer, address), shown).await)
}

/// Makes an address the primary one
///
/// The mark moves. The primary one already: nothing changes.
#[utoipa::path(
    put, path = "", operation_id = "makeAddressPrimary", tag = "Customer",
    responses((status = 200, description = "The address", body = AddressAnswer))
)]
pub async fn make_primary(call: Call) -> Answer {
    let (customer, address) = (call.parts.id()?, call.parts.id()?);
    call.parts.params::<()>()?;
    let done = call.commands().make_address_primary(&call.request()?, customer, address).await?;
    let shown = show(&call.api, call.store_id(), customer, address);
    Ok(call.done(StatusCode::OK, done, ids(customer, address), shown).await)
}

/// Deletes an address
///
/// If it was the primary one, there is none then.
#[utoipa::path(
    delete, path = "", operation_id = "deleteAddress", tag = "Customer",
    responses((status = 204, description = "It is deleted"))
)]
pub async fn remove(call: Call) -> Answer {
    let (customer, address) = (call.parts.id()?, call.parts.id()?);
    call.parts.params::<()>()?;
    let done = call.commands().remove_address(&call.request()?, customer, address).await?;
    Ok(call.deleted(done, ids(customer, address)))
}
