//! Gift cards (api.md §8).

use super::{Answer, require_customer};
use crate::answers::gift_card::{GiftCard, GiftCardAnswer, GiftCardList};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::requests::as_of::AsOf;
use crate::requests::gift_card::{ActiveParams, GiftCardParams, NewGiftCard};
use crate::wire::answer::Single;
use crate::wire::call::Call;
use crate::wire::paging::{CursorParams, Paging};
use crate::wire::path_id::parse_id;
use domain::{CustomerId, GiftCardId, StoreId};
use projections::views::{GiftCardFilter, GiftCardRow};

/// The gift card as it is answered; `None`: not there.
async fn show(api: &Api, store: StoreId, gift_card: GiftCardId) -> Result<Option<Single>, Problem> {
    let row = api.parts.views.gift_card(store, gift_card).await?;
    Ok(row.map(|row| single(&row)))
}

fn single(row: &GiftCardRow) -> Single {
    Single::at(row.revision, &GiftCardAnswer::new(GiftCard::from(row)))
}

fn ids(gift_card: GiftCardId) -> [(&'static str, String); 1] {
    [("gift_card_id", gift_card.to_string())]
}

/// Issues a gift card
///
/// Both customers must pay in the same currency; it is the card's.
#[utoipa::path(
    post, path = "", operation_id = "issueGiftCard", tag = "Gift card", request_body = NewGiftCard,
    responses((status = 201, description = "The new gift card", body = GiftCardAnswer)),
    extensions(("x-errors" = json!(["AMOUNT_OUT_OF_RANGE", "CUSTOMER_NOT_FOUND", "CURRENCY_MISMATCH"])))
)]
pub async fn issue(call: Call) -> Answer {
    let ((), new) = call.parts.params_and_body::<(), NewGiftCard>()?;
    let done = call.commands().issue_gift_card(&call.request_with_body()?, new.try_into()?).await?;
    let gift_card = done.outcome;
    let shown = show(&call.api, call.store_id(), gift_card);
    Ok(call.created(&format!("/giftcard/{gift_card}"), done, ids(gift_card), shown).await)
}

/// Lists gift cards of a gifter or a recipient, newest first
///
/// One of the two ids is required.
#[utoipa::path(
    get, path = "", operation_id = "listGiftCards", tag = "Gift card", params(GiftCardParams, AsOf, CursorParams),
    responses((status = 200, description = "One page", body = GiftCardList)),
    extensions(("x-errors" = json!(["CUSTOMER_NOT_FOUND"])))
)]
pub async fn list(call: Call) -> Answer {
    let (params, as_of, paging) = call.parts.params::<(GiftCardParams, AsOf, Paging)>()?;
    let filter = GiftCardFilter {
        gifter: params.giftercustomerid.as_deref().map(parse_id).transpose()?,
        recipient: params.recipientcustomerid.as_deref().map(parse_id).transpose()?,
        active_only: params.active == Some(true),
    };
    page(&call, &as_of, paging, filter).await
}

/// Lists the gift cards that the customer received, newest first
///
/// Also voided and spent ones, unless `active=true`.
#[utoipa::path(
    get, path = "", operation_id = "listCustomerGiftCards", tag = "Gift card", params(ActiveParams, AsOf, CursorParams),
    responses((status = 200, description = "One page", body = GiftCardList))
)]
pub async fn of_customer(call: Call) -> Answer {
    let customer = call.parts.id()?;
    let (params, as_of, paging) = call.parts.params::<(ActiveParams, AsOf, Paging)>()?;
    let filter = GiftCardFilter { gifter: None, recipient: Some(customer), active_only: params.active == Some(true) };
    page(&call, &as_of, paging, filter).await
}

async fn page(call: &Call, as_of: &AsOf, paging: Paging, filter: GiftCardFilter) -> Answer {
    let request = call.with_scope(|scope| paging.request(scope))?;
    let glance = call.glance(as_of).await?;
    let customers: [Option<CustomerId>; 2] = [filter.gifter, filter.recipient];
    for customer in customers.into_iter().flatten() {
        require_customer(&glance, call.store_id(), customer).await?;
    }
    let page = glance.views.gift_cards(call.store_id(), &filter, &request).await?;
    Ok(call.glanced_page::<GiftCardList, _>(&glance, &paging, page, |row| GiftCard::from(&*row)))
}

/// One gift card
///
/// With what invoices spent of it.
#[utoipa::path(
    get, path = "", operation_id = "getGiftCard", tag = "Gift card", params(AsOf),
    responses((status = 200, description = "The gift card", body = GiftCardAnswer))
)]
pub async fn one(call: Call) -> Answer {
    let gift_card = call.parts.id()?;
    let glance = call.glance(&call.parts.params()?).await?;
    let row = glance.views.gift_card(call.store_id(), gift_card).await?;
    let shown = row.map(|row| single(&row)).ok_or_else(|| Problem::of(Code::GiftCardNotFound))?;
    Ok(call.glanced(&glance, shown))
}

/// Voids a gift card
///
/// Its balance is 0 then. Voided already: nothing changes.
#[utoipa::path(
    delete, path = "", operation_id = "voidGiftCard", tag = "Gift card",
    responses((status = 204, description = "It is voided"))
)]
pub async fn void(call: Call) -> Answer {
    let gift_card = call.parts.id()?;
    call.parts.params::<()>()?;
    let done = call.commands().void_gift_card(&call.request()?, gift_card).await?;
    Ok(call.deleted(done, ids(gift_card)))
}
