//! What is wrong with a request, as RFC 9457 `application/problem+json`.

use crate::codes::Code;
use crate::readiness::Part;
use axum::response::{IntoResponse, Response};
use domain::AmountOutOfRange;
use http::{HeaderValue, header};
use serde::Serialize;
use std::borrow::Cow;
use std::time::Duration;
use utoipa::ToSchema;

/// So many bad fields are named at most.
pub const MAX_ERRORS: usize = 100;

/// One bad field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer to the field (as a URI fragment); for parameters and headers `#/` and the name.
    #[schema(example = "#/quantity")]
    pub pointer: String,
    /// Where the field is, unless in the body: `query`, `path` or `header`.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub location: Option<Cow<'static, str>>,
    /// What is wrong with it.
    #[schema(example = "must be at least 1")]
    pub detail: String,
}

impl FieldError {
    /// A bad field of the body, by the JSON pointer to it (`/quantity`; empty: the body itself).
    pub fn body(pointer: &str, detail: impl Into<String>) -> Self {
        Self { pointer: format!("#{pointer}"), location: None, detail: detail.into() }
    }

    pub fn query(name: &str, detail: impl Into<String>) -> Self {
        Self::at("query", name, detail)
    }

    pub fn path(name: &str, detail: impl Into<String>) -> Self {
        Self::at("path", name, detail)
    }

    pub fn header(name: &str, detail: impl Into<String>) -> Self {
        Self::at("header", name, detail)
    }

    /// The same field, found in the path instead of the body.
    pub fn moved_to_path(self) -> Self {
        Self { location: Some("path".into()), ..self }
    }

    fn at(location: &'static str, name: &str, detail: impl Into<String>) -> Self {
        Self { pointer: format!("#/{}", escape(name)), location: Some(location.into()), detail: detail.into() }
    }
}

/// A name as a part of a JSON pointer (RFC 6901).
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The body of every error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The error's type: the code as a URI.
    #[serde(rename = "type")]
    pub type_uri: String,
    /// The same for every occurrence of the code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// The machine code.
    pub error: String,
    /// Every bad field, where the request is malformed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    /// How everything is that the server is made of and needs; of `GET /readyz` alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub parts: Vec<Part>,
}

impl From<AmountOutOfRange> for Problem {
    fn from(error: AmountOutOfRange) -> Self {
        Self::new(Code::AmountOutOfRange, error.to_string())
    }
}

/// The answer of a server that can't do anything yet, in the form of all problems.
pub fn unavailable(detail: &'static str) -> Response {
    Problem::new(Code::Unavailable, detail).into_response()
}

/// The schemas that every route's answers share.
pub fn documented() -> utoipa::openapi::OpenApi {
    use utoipa::OpenApi;
    #[derive(OpenApi)]
    #[openapi(components(schemas(ProblemBody, FieldError)))]
    struct Documented;
    Documented::openapi()
}

/// A refusal. Small to hand on: what it holds is boxed.
#[derive(Clone, Debug)]
pub struct Problem(Box<Refusal>);

#[derive(Clone, Debug)]
struct Refusal {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    parts: Vec<Part>,
    retry_after: Option<Duration>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after = (code.status_code() == 503).then_some(Duration::from_secs(1));
        Self(Box::new(Refusal { code, detail: detail.into(), errors: Vec::new(), parts: Vec::new(), retry_after }))
    }

    /// With the code's own meaning as its detail.
    pub fn of(code: Code) -> Self {
        Self::new(code, code.meaning())
    }

    /// A malformed request: every bad field.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self::coded_fields(Code::ValidationFailed, errors)
    }

    /// As [`Self::fields`], under another code.
    pub fn coded_fields(code: Code, mut errors: Vec<FieldError>) -> Self {
        errors.truncate(MAX_ERRORS);
        let details: Vec<_> = errors.iter().map(described).collect();
        let mut problem = Self::new(code, details.join("; "));
        problem.0.errors = errors;
        problem
    }

    /// One bad field.
    pub fn field(error: FieldError) -> Self {
        Self::fields(vec![error])
    }

    pub fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// With how all parts of the server are.
    pub fn of_parts(mut self, parts: Vec<Part>) -> Self {
        self.0.parts = parts;
        self
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The bad fields, where the request is malformed.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.0.errors
    }
}

/// A bad field's line in the detail of the whole: with its name, unless it speaks of it already.
fn described(error: &FieldError) -> String {
    let name = error.pointer.trim_start_matches("#/").trim_start_matches('#');
    if name.is_empty() || error.detail.contains('\'') {
        error.detail.clone()
    } else {
        format!("'{name}' {}", error.detail)
    }
}

/// What RFC 9110 §11.6.1 wants with every 401: how to say who one is. Operators do as RFC 6750 says.
fn challenge(code: Code) -> &'static str {
    if code == Code::OperatorUnauthorized { "Bearer realm=\"cartlog\"" } else { "AccessToken realm=\"cartlog\"" }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Refusal { code, detail, errors, parts, retry_after } = *self.0;
        let body = ProblemBody {
            type_uri: code.type_uri(),
            title: code.title().to_owned(),
            status: code.status_code(),
            detail: detail.into_owned(),
            error: code.as_str().to_owned(),
            errors,
            parts,
        };
        // Strings and a number only: this never fails.
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (code.status(), bytes).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(after) = retry_after {
            let seconds = after.as_secs().max(1) + u64::from(after.as_secs() > 0 && after.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if code.status_code() == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge(code)));
        }
        response
    }
}
