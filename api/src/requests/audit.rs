//! What auditors ask for (api.md §12, Audit).

use super::dates::DateParam;
use crate::wire::query::{Params, Query};
use domain::TokenId;
use journal::Actor;
use utoipa::IntoParams;

/// Which events of a history.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// As in `CartItemAdded`.
    #[param(rename = "type", min_length = 1, max_length = 1000)]
    pub event_type: Option<String>,
    /// `token:` and a token's id, `anonymous`, or `system`.
    #[param(value_type = Option<String>, pattern = "^(anonymous|system|token:[0-9a-fA-F-]{36})$")]
    pub actor: Option<Actor>,
    /// The request that they happened in.
    #[param(min_length = 1, max_length = 1000)]
    pub request_id: Option<String>,
    /// Of `occurred_at`.
    #[param(inline)]
    pub startdate: Option<DateParam>,
    /// Of `occurred_at`.
    #[param(inline)]
    pub enddate: Option<DateParam>,
}

/// What is looked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindParams {
    /// An id, a number, a code, an email, a request's id, or a time.
    #[param(min_length = 1, max_length = 1000, example = "R-2026-000042")]
    pub q: String,
}

impl Params for FindParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self { q: query.required("q") }
    }
}

impl Params for AuditParams {
    fn read(query: &mut Query<'_>) -> Self {
        Self {
            event_type: query.text("type"),
            actor: query.read_with("actor", "must be token: and a token's id, anonymous, or system", actor),
            request_id: query.text("request_id"),
            startdate: DateParam::read(query, "startdate"),
            enddate: DateParam::read(query, "enddate"),
        }
    }
}

fn actor(text: &str) -> Option<Actor> {
    match text {
        "anonymous" => Some(Actor::Anonymous),
        "system" => Some(Actor::System),
        // Hyphenated only, as clients were given it.
        token => {
            let id = token.strip_prefix("token:").filter(|id| id.len() == 36)?;
            id.parse::<TokenId>().ok().map(Actor::Token)
        }
    }
}
