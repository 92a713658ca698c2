//! What the server says of itself: whether it lives and is ready, its metrics, and its documentation.

mod docs;
mod errors;
mod html;
mod page;

pub use docs::*;
pub use errors::*;
pub use page::{Page, prefers_json, prefers_page};

use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::readiness::{Part, PartState, RequestKind};
use crate::wire::answer::json;
use crate::wire::query::{self, Params, Query};
use crate::wire::success::Success;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri, header};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// The process lives.
#[derive(Serialize, ToSchema)]
pub struct Health {
    result: Success,
}

/// Whether the process lives
///
/// Always 200 while it answers at all.
#[utoipa::path(
    get, path = "", operation_id = "checkHealth", tag = "Service",
    responses((status = 200, description = "It lives", body = Health))
)]
pub async fn healthz() -> Response {
    json(StatusCode::OK, &Health { result: Success::Ok })
}

/// The server takes what was asked for.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `degraded` while a part is not `ok`.
    result: Condition,
    /// All that the server is made of and needs.
    parts: Vec<Part>,
}

/// `degraded` while a part is not `ok`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Condition {
    Ok,
    Degraded,
}

/// What the server should be ready for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReadyParams {
    /// `commands` or `queries`; both, where it is not given.
    #[param(inline, rename = "for", value_type = Option<RequestKind>)]
    pub asked: Option<RequestKind>,
}

impl Params for ReadyParams {
    fn read(query: &mut Query<'_>) -> Self {
        let asked = |text: &str| match text {
            "commands" => Some(RequestKind::Commands),
            "queries" => Some(RequestKind::Queries),
            _ => None,
        };
        Self { asked: query.read_with("for", "must be commands or queries", asked) }
    }
}

/// Whether the server takes commands and queries
///
/// Of each part: whether it is `ok`, `degraded` or `away`, since when, why, and what is not done at all because of it. 503 while that
/// includes what was asked for. What a part was last asked for decides; where nothing was, it is asked.
#[utoipa::path(
    get, path = "", operation_id = "checkReadiness", tag = "Service", params(ReadyParams),
    responses((status = 200, description = "It is ready", body = Readiness)),
    extensions(("x-errors" = json!(["UNAVAILABLE"])))
)]
pub async fn readyz(State(api): State<Api>, uri: Uri) -> Result<Response, Problem> {
    let ReadyParams { asked } = query::read(uri.query().unwrap_or_default())?;
    let parts = api.parts.readiness.parts().await;
    let stops = |part: &&Part| part.stops.iter().any(|stopped| asked.is_none_or(|asked| asked == *stopped));
    let told = |part: &Part| format!("{}: {}", part.name, part.reason.as_deref().unwrap_or("it is away"));
    let fatal: Vec<_> = parts.iter().filter(stops).map(told).collect();
    if !fatal.is_empty() {
        return Err(Problem::new(Code::Unavailable, fatal.join("; ")).of_parts(parts));
    }
    let is_well = parts.iter().all(|part| part.state == PartState::Ok);
    let result = if is_well { Condition::Ok } else { Condition::Degraded };
    Ok(json(StatusCode::OK, &Readiness { result, parts }))
}

/// The process's metrics in Prometheus' text format
///
/// Commands by kind and outcome, requests by route, how far each follower of the log is, and how large the files are.
#[utoipa::path(
    get, path = "", operation_id = "getMetrics", tag = "Service",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain"))
)]
pub async fn metrics(State(api): State<Api>) -> Response {
    metrics::gauge!("cartlog_request_body_bytes").set(api.budget.reserved() as f64);
    let commands = api.parts.commands.remembered();
    let recent = api.parts.journal.held();
    for (part, bytes) in [("states", commands.states), ("snapshots", commands.snapshots), ("recent", recent)] {
        metrics::gauge!("cartlog_memory_bytes", "part" => part).set(bytes as f64);
    }
    let mut response = (api.parts.metrics)().await.into_response();
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
