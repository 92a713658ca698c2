//! What the server says of itself: whether it lives and is ready, its metrics, and its documentation.

mod docs;
mod errors;
mod html;
mod page;

pub use docs::*;
pub use errors::*;
pub use page::{Page, prefers_json, prefers_page};

use crate::answers::Done;
use crate::codes::Code;
use crate::parts::{Api, Away};
use crate::problem::Problem;
use crate::wire::answer::json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// The process lives.
#[derive(Serialize, ToSchema)]
pub struct Health {
    result: Done,
}

/// Whether the process lives
///
/// Always 200 while it answers at all.
#[utoipa::path(
    get, path = "", operation_id = "checkHealth", tag = "Service",
    responses((status = 200, description = "It lives", body = Health))
)]
pub async fn healthz() -> Response {
    json(StatusCode::OK, &Health { result: Done::Ok })
}

/// The server takes commands and queries.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `degraded` while something that can be done without is away.
    result: Condition,
    /// What can be done without and is away; nothing, when all is well.
    degraded: Vec<Degraded>,
}

/// `degraded` while something that can be done without is away.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Condition {
    Ok,
    Degraded,
}

/// Something that is not well.
#[derive(Serialize, ToSchema)]
pub struct Degraded {
    /// What it is, for people.
    name: String,
    /// What is the matter with it.
    reason: String,
}

/// Whether the server takes commands and queries
///
/// 503 names what is away.
#[utoipa::path(
    get, path = "", operation_id = "checkReadiness", tag = "Service",
    responses((status = 200, description = "It is ready", body = Readiness)),
    extensions(("x-errors" = json!(["UNAVAILABLE"])))
)]
pub async fn readyz(State(api): State<Api>) -> Response {
    let away = api.parts.readiness.away().await;
    let fatal: Vec<_> =
        away.iter().filter(|away| away.fatal).map(|Away { name, reason, .. }| format!("{name}: {reason}")).collect();
    if !fatal.is_empty() {
        return Problem::new(Code::Unavailable, fatal.join("; ")).into_response();
    }
    let degraded: Vec<_> = away.into_iter().map(|Away { name, reason, .. }| Degraded { name, reason }).collect();
    let result = if degraded.is_empty() { Condition::Ok } else { Condition::Degraded };
    json(StatusCode::OK, &Readiness { result, degraded })
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
