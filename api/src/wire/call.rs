//! A request of a store: who sends it, and what it says.

use crate::codes::Code;
use crate::mapping;
use crate::parts::Api;
use crate::problem::Problem;
use crate::wire::access::{Access, Asks};
use crate::wire::budget::Who;
use crate::wire::caller::{Caller, KnownStore};
use crate::wire::cursor::Scope;
use crate::wire::paging;
use crate::wire::path_id::{PathId, parse_id};
use crate::wire::request_parts::{RequestParts, client_of};
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use commands::guard::Client;
use commands::{Authenticated, CommandError, HeldResource, Request};
use domain::{CustomerId, StoreId};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use journal::Actor;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const APP_ID: HeaderName = HeaderName::from_static("app-id");
const ACCESS_TOKEN: HeaderName = HeaderName::from_static("access-token");
const CUSTOMER_TOKEN: HeaderName = HeaderName::from_static("customer-token");

/// A request of a store.
pub struct Call {
    pub api: Api,
    pub store: Authenticated,
    /// Whose token a shop window's request carries, where it needs one.
    pub customer: Option<CustomerId>,
    pub parts: RequestParts,
    /// How long it took to find out who asks.
    spent: Duration,
}

impl FromRequestParts<Api> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        // Without a word of who it is, that costs nothing, and counts nothing.
        let app_id = header_text(&parts.headers, &APP_ID).ok_or_else(unauthorized)?;
        let token = header_text(&parts.headers, &ACCESS_TOKEN).ok_or_else(unauthorized)?;
        let caller = parts.extensions.remove::<Caller>();
        let begun = Instant::now();
        let store = authenticate(api, client_of(caller.as_ref()), app_id, token).await?;
        let spent = begun.elapsed();
        let checked = api.limiter.as_ref().map(|limiter| limiter.check(store.store_id));
        let left = checked.as_ref().map(|checked| match checked {
            Ok(left) | Err((_, left)) => *left,
        });
        if let Some(caller) = &caller {
            caller.is(KnownStore { store: store.store_id, left });
        }
        checked.transpose().map_err(|(problem, _)| problem)?;
        let customer = match access(api, parts).check(store.role)? {
            Asks::ForStore => None,
            Asks::ForCustomer => Some(customer_of(api, store.store_id, parts).await?),
        };
        let parts = RequestParts::read(parts, api, caller, Who::Known).await;
        Ok(Self { api: api.clone(), store, customer, parts, spent })
    }
}

fn access(api: &Api, parts: &Parts) -> Access {
    let route = parts.extensions.get::<MatchedPath>();
    api.access.of(&parts.method, route.map_or("", MatchedPath::as_str))
}

/// Whose token the request carries: of the customer whom its path is about, where it is about one.
async fn customer_of(api: &Api, store: StoreId, parts: &mut Parts) -> Result<CustomerId, Problem> {
    let unauthorized = || Problem::of(Code::CustomerUnauthorized);
    let token = header_text(&parts.headers, &CUSTOMER_TOKEN).ok_or_else(unauthorized)?.to_owned();
    let customer = api.commands().authenticate_customer(store, &token).await.map_err(mapping::command_error)?;
    let path = RawPathParams::from_request_parts(parts, api).await.map_err(|_| unauthorized())?;
    let named = path.iter().find(|(name, _)| *name == CustomerId::PARAMETER).map(|(_, id)| id);
    match named.is_none_or(|id| parse_id::<CustomerId>(id).is_ok_and(|id| id == customer)) {
        true => Ok(customer),
        false => Err(unauthorized()),
    }
}

/// Whoever asks for what is not known to be good is counted, and no longer answered after too much of it.
async fn authenticate(api: &Api, client: Client, app_id: &str, token: &str) -> Result<Authenticated, Problem> {
    let mut counted = false;
    let count = || match counted {
        true => Ok(()),
        false => api.strangers.check_token(client).inspect(|()| counted = true),
    };
    match api.commands().authenticate(app_id, token, count).await {
        Ok(store) => {
            if counted {
                api.strangers.give_back(client);
            }
            Ok(store)
        }
        Err(CommandError::RateLimited { after }) => {
            let detail = "too many requests without a valid token came from this address";
            Err(Problem::new(Code::RateLimited, detail).retry_after(after))
        }
        Err(error) => Err(mapping::command_error(error)),
    }
}

fn unauthorized() -> Problem {
    Problem::of(Code::Unauthorized)
}

/// A header that is there once, as UTF-8.
fn header_text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).into_iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    std::str::from_utf8(value.as_bytes()).ok().filter(|text| !text.is_empty())
}

impl Call {
    pub fn store_id(&self) -> StoreId {
        self.store.store_id
    }

    /// The request as commands want it, where a route has no body.
    pub fn request(&self) -> Result<Request, Problem> {
        self.make_request(false)
    }

    /// The same where it has one: another body with the same key is another request.
    pub fn request_with_body(&self) -> Result<Request, Problem> {
        self.make_request(true)
    }

    /// The same where no resource's version is compared: the request is about something that no `ETag` was answered for.
    pub fn unconditional_request(&self, has_body: bool) -> Result<Request, Problem> {
        Ok(Request { if_match: None, ..self.make_request(has_body)? })
    }

    /// The same for a command that ignores `Idempotency-Key`.
    pub fn unkeyed_request(&self) -> Result<Request, Problem> {
        Ok(Request {
            store_id: self.store.store_id,
            actor: Actor::Token(self.store.token_id),
            person: self.parts.person()?,
            request_id: self.parts.request_id(),
            idempotency: None,
            if_match: self.parts.if_match(),
            watermark: self.parts.caller.watermark(),
            // The body's part of the budget: a command that nobody waits for any more still has what the body said.
            held: HeldResource::of(Arc::clone(&self.parts.reserved) as _),
            spent: self.spent,
        })
    }

    fn make_request(&self, has_body: bool) -> Result<Request, Problem> {
        Ok(Request { idempotency: self.parts.idempotency_key(has_body)?, ..self.unkeyed_request()? })
    }

    /// The list that the request asks for, with its filters.
    pub fn with_scope<T>(&self, use_it: impl FnOnce(&Scope<'_>) -> T) -> T {
        let filters = paging::filters(self.parts.query());
        use_it(&Scope { store: self.store.store_id, path: self.parts.uri.path(), filters: &filters })
    }
}
