//! Answers: JSON with the headers that the contract promises.

use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::wire::call::Call;
use crate::wire::list::{self, List};
use crate::wire::success::Accepted;
use crate::wire::{etag, paging};
use axum::response::{IntoResponse, Response};
use commands::{Commands, Done};
use domain::StoreId;
use eventlog::Position;
use http::{HeaderName, HeaderValue, StatusCode, header};
use projections::{Page, Views};
use serde::Serialize;

pub const POSITION: HeaderName = HeaderName::from_static("cartlog-position");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// JSON with this status.
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => json_bytes(status, bytes),
        Err(error) => unwritable(&error),
    }
}

fn json_bytes(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = (status, bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn unwritable(error: &serde_json::Error) -> Response {
    tracing::error!(%error, "an answer could not be written");
    Problem::of(Code::Unavailable).into_response()
}

/// One resource at a revision, or whatever else a command answers with.
pub struct Single {
    /// `None`: not a resource of its own, so without an `ETag`.
    revision: Option<u64>,
    body: Result<Vec<u8>, serde_json::Error>,
}

impl Single {
    /// A single resource.
    pub fn at<T: Serialize>(revision: u64, body: &T) -> Self {
        Self { revision: Some(revision), body: serde_json::to_vec(body) }
    }

    /// An answer without a version.
    pub fn of<T: Serialize>(body: &T) -> Self {
        Self { revision: None, body: serde_json::to_vec(body) }
    }

    /// The same, as of what is no version that a client could come back with.
    pub fn unversioned(self) -> Self {
        Self { revision: None, ..self }
    }

    /// The answer, or 304 when the client has it.
    pub fn into_response(self, status: StatusCode, not_modified: impl FnOnce(&str) -> bool) -> Response {
        let body = match self.body {
            Ok(body) => body,
            Err(error) => return unwritable(&error),
        };
        let Some(revision) = self.revision else { return json_bytes(status, body) };
        let tag = etag::tag(revision, &body);
        let mut response = match not_modified(&tag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => json_bytes(status, body),
        };
        let headers = response.headers_mut();
        // Clients may keep it, and ask each time whether it still holds.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        // Digits and hex digits in quotes are a valid header.
        headers.insert(header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\"")));
        response
    }
}

/// A list's answer, with its links also in a header.
pub fn list<L: List>(answer: &L) -> Response {
    let mut response = json(StatusCode::OK, answer);
    if let Some(links) = list::link_header(answer.links()) {
        response.headers_mut().insert(header::LINK, links);
    }
    response
}

impl Call {
    pub fn commands(&self) -> &Commands {
        self.api.commands()
    }

    /// The views, once they have reached what the client may know of: what this node answered to the store, unless
    /// `Cartlog-Consistency` says that it need not, and what `Cartlog-Min-Position` names.
    pub async fn views(&self) -> Result<&Views, Problem> {
        let position = self.least_position()?;
        let views = &self.api.parts.views;
        if self.parts.is_eventual()? {
            // Before it is read: what is read may be newer.
            self.parts.reflects(views.position().0);
        }
        caught_up(&self.api, position).await?;
        Ok(views)
    }

    /// The views, once they have reached what this node answered to the store: for a command that looks something up.
    pub async fn own_views(&self) -> Result<&Views, Problem> {
        caught_up(&self.api, self.api.positions.of(self.store_id())).await?;
        Ok(&self.api.parts.views)
    }

    /// What a query must have reached.
    pub fn least_position(&self) -> Result<u64, Problem> {
        let asked = self.parts.min_position()?;
        match self.parts.is_eventual()? {
            true => Ok(asked),
            false => Ok(asked.max(self.api.positions.of(self.store_id()))),
        }
    }

    /// A single resource, or 304 when the client has it.
    pub fn single(&self, single: Single) -> Response {
        single.into_response(StatusCode::OK, |tag| etag::client_has(&self.parts.headers, tag))
    }

    /// One page of a view's list.
    pub fn page<L: List, T>(&self, paging: &paging::Paging, page: Page<T>, item: impl FnMut(T) -> L::Item) -> Response {
        let links = self.with_scope(|scope| paging.links(scope, &(&page).into()));
        list(&L::page(page.items.into_iter().map(item).collect(), links))
    }

    /// The answer to a command that was done: its resource as the views show it, once they have come so far; else, as the
    /// deciding event is stored and nothing may say otherwise, 202 with the ids. `resource` is not read before that.
    pub async fn done<T>(
        &self,
        status: StatusCode,
        done: Done<T>,
        ids: impl IntoIterator<Item = (&'static str, String)>,
        resource: impl Future<Output = Result<Option<Single>, Problem>>,
    ) -> Response {
        let shown = show(&self.api, self.store_id(), &done, resource).await;
        self::done(&self.api, self.store_id(), status, &done, ids, shown)
    }

    /// The answer to a command that creates what has this path from now on: 201, or 202 with the ids, as [`Self::done`].
    pub async fn created<T>(
        &self,
        location: &str,
        done: Done<T>,
        ids: impl IntoIterator<Item = (&'static str, String)>,
        resource: impl Future<Output = Result<Option<Single>, Problem>>,
    ) -> Response {
        located(self.done(StatusCode::CREATED, done, ids, resource).await, location)
    }

    /// The answer to a command that deletes: 204, or 202 with the ids where its follow-ups are late.
    pub fn deleted<T>(&self, done: Done<T>, ids: impl IntoIterator<Item = (&'static str, String)>) -> Response {
        let response = match done.late {
            false => StatusCode::NO_CONTENT.into_response(),
            true => json(StatusCode::ACCEPTED, &Accepted::new(ids)),
        };
        self.with_position(response, &done)
    }

    /// Says how far in the log the command came, and whether it had been done before.
    pub fn with_position<T>(&self, response: Response, done: &Done<T>) -> Response {
        self::with_position(&self.api, self.store_id(), response, done)
    }
}

/// What a command's answer shows, if the views have come so far.
pub async fn show(
    api: &Api,
    store: StoreId,
    done: &Done<impl Sized>,
    resource: impl Future<Output = Result<Option<Single>, Problem>>,
) -> Option<Single> {
    // Also of a client that does not wait for the answer.
    api.positions.raise(store, done.position.0);
    if done.late {
        return None;
    }
    // A repeat shows what is there now, as a query does: also what was answered after the first time.
    let position = if done.replayed { api.positions.of(store) } else { done.position.0 };
    caught_up(api, position).await.ok()?;
    resource.await.ok()?
}

/// The answer to a command: what it shows, else 202 with the ids.
pub fn done<T>(
    api: &Api,
    store: StoreId,
    status: StatusCode,
    done: &Done<T>,
    ids: impl IntoIterator<Item = (&'static str, String)>,
    shown: Option<Single>,
) -> Response {
    let response = match shown {
        Some(single) => single.into_response(status, |_| false),
        None => json(StatusCode::ACCEPTED, &Accepted::new(ids)),
    };
    with_position(api, store, response, done)
}

/// Says where to find what was created.
pub fn located(mut response: Response, location: &str) -> Response {
    // Paths of ours are ids, and what was encoded.
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Waits until the views have reached the position.
pub async fn caught_up(api: &Api, position: u64) -> Result<(), Problem> {
    Ok(api.parts.views.wait_for(Position(position), api.parts.settings.view_timeout).await?)
}

/// Says how far in the log the command came. Whoever is told a position reads no views on this node that are behind it.
pub fn at_position(api: &Api, store: StoreId, mut response: Response, position: Position) -> Response {
    api.positions.raise(store, position.0);
    response.headers_mut().insert(POSITION, position.0.into());
    response
}

/// Says how far in the log the command came, and whether it had been done before.
pub fn with_position<T>(api: &Api, store: StoreId, response: Response, done: &Done<T>) -> Response {
    let mut response = at_position(api, store, response, done.position);
    if done.replayed {
        let headers = response.headers_mut();
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
