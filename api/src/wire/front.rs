//! What happens to every request before and after its route: its id, its canonical path, where it comes from, what is left of
//! its body, and what becomes of a panic.

use crate::codes::Code;
use crate::parts::Api;
use crate::problem::{FieldError, Problem};
use crate::wire::budget::Who;
use crate::wire::caller::{Caller, KnownStore, RequestId};
use crate::wire::proxies::{self, Peer};
use crate::wire::{answer, body, path};
use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use commands::Watermark;
use domain::StoreId;
use futures::FutureExt;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's path ended with a slash, before that was removed.
#[derive(Clone, Copy)]
pub struct TrailingSlash;

/// The outermost step.
pub async fn receive(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (id, id_header) = request_id(&parts.headers);
    if parts.uri.path().len() > 1 && parts.uri.path().ends_with('/') {
        parts.extensions.insert(TrailingSlash);
    }
    if let Some(canonical) = path::canonical_uri(&parts.method, &parts.uri) {
        parts.uri = canonical;
    }
    let client =
        proxies::client(parts.extensions.remove::<Peer>(), &parts.headers, &api.parts.settings.trusted_proxies);
    let body = (!body.is_end_stream()).then_some(body);
    // A client that waits for a word before it sends its body sends none to whoever refuses it.
    let awaits_word = body.is_some() && parts.headers.contains_key(header::EXPECT);
    let caller = Caller::new(client, body);
    parts.extensions.insert(RequestId(Arc::clone(&id)));
    parts.extensions.insert(caller.clone());
    let is_command = !matches!(parts.method, Method::GET | Method::HEAD);
    let mut response = match one_host(&parts) {
        Ok(()) => {
            // Whatever is logged on the way says of which request it is; the route, once it is known.
            let (method, route) = (method_label(&parts.method), tracing::field::Empty);
            let span = tracing::error_span!("request", request_id = &*id, method, route);
            answer(Request::from_parts(parts, Body::empty()), next, is_command).instrument(span).await
        }
        Err(problem) => problem.into_response(),
    };
    let (known, unread, reflects) = (caller.known(), caller.take_body(), caller.reflected());
    if let (Some(unread), false) = (unread, awaits_word) {
        let who = if known.is_some() { Who::Known } else { Who::Stranger };
        tokio::spawn(body::discard(unread, who, api.parts.settings.body_timeout));
    }
    if let (true, Some(KnownStore { store, .. })) = (is_command, known) {
        remember_traces(&api, store, response.status(), &caller.watermark()).await;
    }
    let succeeded = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    if let (Some(position), true, false) = (reflects, succeeded, is_command) {
        headers.insert(answer::POSITION, position.into());
    }
    headers.insert(X_REQUEST_ID, id_header);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let (Some(limiter), Some(left)) = (&api.limiter, known.and_then(|known| known.left)) {
        limiter.announce(left, headers);
    }
    response
}

async fn answer(request: Request, next: Next, is_command: bool) -> Response {
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    outcome.unwrap_or_else(|_| {
        tracing::error!("a handler panicked");
        // A command may have been done by then.
        let code = if is_command { Code::OutcomeUnknown } else { Code::Unavailable };
        Problem::new(code, "something in the server broke while it answered").into_response()
    })
}

/// HTTP/1.1 wants exactly one `Host` (RFC 9112 §3.2), and no version two: what stands in front of the server may have read
/// another one.
fn one_host(parts: &Parts) -> Result<(), Problem> {
    let hosts = parts.headers.get_all(header::HOST).iter().count();
    match (parts.version, hosts) {
        (_, 1) => Ok(()),
        (Version::HTTP_09 | Version::HTTP_10 | Version::HTTP_2 | Version::HTTP_3, 0) => Ok(()),
        (_, 0) => Err(Problem::field(FieldError::header("Host", "is missing"))),
        (_, _) => Err(Problem::field(FieldError::header("Host", "is given more than once"))),
    }
}

/// A command that was refused has written, too: stock that it held and gave back, a name that it claimed; and it was refused for
/// what somebody else did. It names no position, and the store's next query must see all of that, and wait for no more.
async fn remember_traces(api: &Api, store: StoreId, status: StatusCode, watermark: &Watermark) {
    if status.is_success() {
        return;
    }
    let seen = match watermark.seen() {
        Some(seen) => Some(seen),
        // It may have been done, anywhere up to here.
        None => api.parts.journal.head().await.ok(),
    };
    if let Some(seen) = seen {
        api.positions.raise(store, seen.0);
    }
}

fn request_id(headers: &HeaderMap) -> (Arc<str>, HeaderValue) {
    if let Some(given) = headers.get(X_REQUEST_ID)
        && let Some(id) = given.to_str().ok().filter(|id| is_sane(id))
    {
        return (id.into(), given.clone());
    }
    #[expect(clippy::disallowed_methods, reason = "a name for log lines, which nothing is decided by")]
    let id = Uuid::now_v7().to_string();
    // A UUID is a valid header.
    let value = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static(""));
    (id.into(), value)
}

/// 1 to 128 letters, digits and `._:-`: it goes into log lines and events.
fn is_sane(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-'))
}

/// Counts and times requests by the template of their route, after routing; at the level `debug` a line tells of each. Paths
/// themselves stand nowhere: emails and confirmation tokens are parts of them.
pub async fn measure(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str).to_owned();
    tracing::Span::current().record("route", &*route);
    let response = next.run(request).await;
    let (status, took) = (response.status(), started.elapsed());
    tracing::debug!(status = status.as_u16(), took_ms = took.as_micros() as f64 / 1_000.0, "request");
    let labels = [
        ("method", metrics::SharedString::const_str(method)),
        ("route", route.into()),
        ("status", status.as_str().to_owned().into()),
    ];
    metrics::counter!("cartlog_http_requests_total", &labels).increment(1);
    metrics::histogram!("cartlog_http_request_duration_seconds", &labels[..2]).record(took.as_secs_f64());
    response
}

/// Ends queries that take too long. Commands have no such limit: they go on whatever becomes of the request.
pub async fn limit_time(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    match tokio::time::timeout(api.parts.settings.query_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(Code::Busy, "the query took too long").into_response(),
    }
}

/// Only the methods that routes have: a client can't fill the metrics with others.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// The answer to a path that no route has.
pub async fn not_found() -> Problem {
    Problem::of(Code::NotFound)
}

/// The answer to a method that the route does not have; `Allow` is added by the router.
pub async fn method_not_allowed() -> Problem {
    Problem::of(Code::MethodNotAllowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sane_request_ids_are_taken_over() {
        for sane in ["a", "0193-AB_c.d:e", &"x".repeat(128)] {
            assert!(is_sane(sane), "{sane}");
        }
        for other in ["", "a b", "a\n", "é", "a;b", &"x".repeat(129)] {
            assert!(!is_sane(other), "{other}");
        }
    }
}
