//! One file per resource: each handler reads its request, asks for a command or a query, and shows what came of it.
//!
//! The list of routes stands in `router`. What every route shares (credentials, limits, headers) stands in `wire`.

pub mod addresses;
pub mod audits;
pub mod billing;
pub mod carts;
pub mod confirmation;
pub mod coupons;
pub mod credits;
pub mod customers;
pub mod emails;
pub mod finding;
pub mod gift_cards;
pub mod histories;
pub mod invoices;
pub mod orders;
pub mod products;
pub mod refunds;
pub mod snapshots;
pub mod stores;
pub mod streaming;
pub mod tags;
pub mod tokens;

use crate::answers::CountAnswer;
use crate::problem::Problem;
use crate::wire::answer;
use crate::wire::call::Call;
use crate::wire::glance::Glance;
use crate::wire::list::{Link, List};
use crate::wire::paging::{Beside, Paging};
use axum::response::Response;
use chrono_tz::Tz;
use domain::{CustomerId, StoreId};
use http::StatusCode;
use projections::Views;

/// What a handler answers.
pub type Answer = Result<Response, Problem>;

/// The store's time zone: where dates without an offset are.
async fn timezone(views: &Views, store: StoreId) -> Result<Tz, Problem> {
    let store = views.store(store).await?;
    // A store's time zone was checked when it was set.
    Ok(store.and_then(|store| store.timezone.parse().ok()).unwrap_or(Tz::UTC))
}

/// Lists below a customer are there as long as the customer is.
async fn require_customer(glance: &Glance, store: StoreId, customer: CustomerId) -> Result<(), Problem> {
    let found = glance.views.customer(store, customer).await?;
    found.map(|_| ()).ok_or_else(|| Problem::of(crate::codes::Code::CustomerNotFound))
}

fn count(count: u64) -> Response {
    answer::json(StatusCode::OK, &CountAnswer::new(count))
}

/// One page of a list that is at hand as a whole, oldest first; shown newest first. A cursor counts what is older.
fn page_of_all<L: List>(call: &Call, paging: &Paging, mut all: Vec<L::Item>) -> Answer {
    let limit = paging.limit() as usize;
    let older = call.with_scope(|scope| paging.place(scope))?;
    let end = match (older, paging.page) {
        (Some(older), _) => usize::try_from(older).unwrap_or(usize::MAX),
        (None, Some(page)) => {
            let before = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(limit);
            all.len().saturating_sub(before)
        }
        (None, None) => all.len(),
    };
    let start = end.saturating_sub(limit).min(all.len());
    // The first page may be a short one, when it is reached backwards.
    let previous = (end < all.len()).then(|| end.saturating_add(limit).to_string());
    let next = (start > 0).then(|| start.to_string());
    let mut items: Vec<_> = all.drain(start..end.min(all.len())).collect();
    items.reverse();
    let links: Vec<Link> = call.with_scope(|scope| paging.links(scope, &Beside { previous, next }));
    Ok(answer::list(&L::page(items, links)))
}
