//! Coupon codes (api.md §10).

use super::{Answer, timezone};
use crate::answers::coupon::{Coupon, CouponAnswer, CouponList, CouponValidity};
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::requests::as_of::AsOf;
use crate::requests::coupon::{CouponFields, NewCoupon};
use crate::wire::answer::{self, Single};
use crate::wire::call::Call;
use crate::wire::glance::Glance;
use crate::wire::paging::{CursorParams, Paging};
use chrono_tz::Tz;
use domain::{CouponId, StoreId};
use http::StatusCode;
use projections::views::CouponRow;
use std::sync::Arc;

/// The coupon as it is answered; `None`: not there.
async fn show(api: &Api, store: StoreId, coupon: CouponId) -> Result<Option<Single>, Problem> {
    Ok(api.parts.views.coupon(store, coupon).await?.map(|row| single(&row)))
}

fn single(row: &CouponRow) -> Single {
    Single::at(row.revision, &CouponAnswer::new(Coupon::from(row)))
}

/// The coupon that the path names.
async fn named(call: &Call, glance: &Glance) -> Result<Arc<CouponRow>, Problem> {
    let row = glance.views.coupon_by_code(call.store_id(), call.parts.segment("code")).await?;
    row.ok_or_else(|| Problem::of(Code::CouponNotFound))
}

/// Creates a coupon code
///
/// By parameters, by a body, or some of each; a field in both is refused.
#[utoipa::path(
    post, path = "", operation_id = "createCoupon", tag = "Coupon code",
    params(CouponFields), request_body = Option<NewCoupon>,
    responses((status = 201, description = "The new coupon", body = CouponAnswer)),
    extensions(("x-errors" = json!(["AMOUNT_OUT_OF_RANGE", "COUPON_ALREADY_EXISTS", "READ_MODEL_BEHIND"])))
)]
pub async fn create(call: Call) -> Answer {
    let new = NewCoupon::read(&call.parts)?;
    let timezone = match new.has_dates() {
        true => timezone(call.own_views().await?, call.store_id()).await?,
        false => Tz::UTC,
    };
    let location = format!("/coupon_code/{}", new.code);
    let done = call.commands().create_coupon(&call.request_with_body()?, new.resolve(timezone)?).await?;
    let coupon = done.outcome;
    let ids = [("coupon_code_id", coupon.to_string())];
    Ok(call.created(&location, done, ids, show(&call.api, call.store_id(), coupon)).await)
}

/// Lists coupon codes, newest first
///
/// Voided and expired ones too.
#[utoipa::path(
    get, path = "", operation_id = "listCoupons", tag = "Coupon code", params(CursorParams),
    responses((status = 200, description = "One page", body = CouponList))
)]
pub async fn list(call: Call) -> Answer {
    let paging: Paging = call.parts.params()?;
    let request = call.with_scope(|scope| paging.request(scope))?;
    let page = call.views().await?.coupons(call.store_id(), &request).await?;
    Ok(call.page::<CouponList, _>(&paging, page, |row| Coupon::from(&*row)))
}

/// One coupon code
///
/// By its code, in any case of its letters.
#[utoipa::path(
    get, path = "", operation_id = "getCoupon", tag = "Coupon code", params(AsOf),
    responses((status = 200, description = "The coupon", body = CouponAnswer)),
    extensions(("x-errors" = json!(["COUPON_NOT_FOUND"])))
)]
pub async fn one(call: Call) -> Answer {
    let glance = call.glance(&call.parts.params()?).await?;
    Ok(call.glanced(&glance, single(&*named(&call, &glance).await?)))
}

/// Whether a coupon can be used now
///
/// In general: limits of one customer and minimum amounts are not asked for.
#[utoipa::path(
    get, path = "", operation_id = "checkCoupon", tag = "Coupon code", params(AsOf),
    responses((status = 200, description = "False when voided, expired, not started or used up in all", body = CouponValidity)),
    extensions(("x-errors" = json!(["COUPON_NOT_FOUND"])), ("x-unversioned" = json!(true)))
)]
pub async fn is_valid(call: Call) -> Answer {
    let glance = call.glance(&call.parts.params()?).await?;
    let row = named(&call, &glance).await?;
    let result = row.is_valid(glance.now);
    let validity = CouponValidity { result, coupon: Coupon::from(&*row) };
    Ok(call.glanced_at(&glance, answer::json(StatusCode::OK, &validity)))
}

/// Voids a coupon code
///
/// Voided already: nothing changes. The code stays taken.
#[utoipa::path(
    delete, path = "", operation_id = "voidCoupon", tag = "Coupon code",
    responses((status = 204, description = "It is voided")),
    extensions(("x-errors" = json!(["COUPON_NOT_FOUND"])))
)]
pub async fn void(call: Call) -> Answer {
    call.parts.params::<()>()?;
    let done = call.commands().void_coupon(&call.request()?, call.parts.segment("code")).await?;
    let ids = [("coupon_code_id", done.outcome.to_string())];
    Ok(call.deleted(done, ids))
}
