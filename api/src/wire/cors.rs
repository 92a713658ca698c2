//! Pages of other origins that may call the API from browsers (the Fetch standard's CORS protocol). Credentials are headers
//! that a page sets itself, so cookies are never asked for.

use http::{HeaderName, HeaderValue, Method, header};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// What a page may send besides what it always may.
const REQUEST_HEADERS: [HeaderName; 12] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("access-token"),
    HeaderName::from_static("app-id"),
    HeaderName::from_static("cartlog-consistency"),
    HeaderName::from_static("cartlog-min-position"),
    HeaderName::from_static("cartlog-actor"),
    HeaderName::from_static("customer-token"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-request-id"),
];
/// What a page may read besides what it always may.
const ANSWER_HEADERS: [HeaderName; 10] = [
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("cartlog-as-of-position"),
    HeaderName::from_static("cartlog-position"),
    HeaderName::from_static("idempotent-replayed"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("x-request-id"),
];
/// How long a browser may remember a preflight.
const MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// What answers preflights, and marks every answer; `None` where no origin is allowed. `*` allows all.
pub fn layer(origins: &[HeaderValue]) -> Option<CorsLayer> {
    let allowed = match origins {
        [] => return None,
        [any] if any == "*" => AllowOrigin::any(),
        origins => AllowOrigin::list(origins.iter().cloned()),
    };
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(REQUEST_HEADERS)
        .expose_headers(ANSWER_HEADERS)
        .max_age(MAX_AGE);
    Some(layer)
}
