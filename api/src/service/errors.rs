//! What each error means and what to do about it: where the `type` of a problem leads (RFC 9457 §3.1.1).

use super::html::{self, in_html};
use super::page::prefers_page;
use crate::answers::one;
use crate::codes::Code;
use crate::problem::Problem;
use crate::wire::answer::json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use std::fmt::Write;
use utoipa::ToSchema;

/// What an error's code means.
#[derive(Serialize, ToSchema)]
pub struct ErrorMeaning {
    /// As it stands in a problem's `type`.
    #[serde(rename = "type")]
    #[schema(example = "/errors/insufficient-inventory")]
    type_uri: String,
    /// The same for every occurrence.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The machine code.
    #[schema(example = "INSUFFICIENT_INVENTORY")]
    error: &'static str,
    /// When it is answered.
    meaning: &'static str,
    /// What to do about it.
    advice: &'static str,
}

one! {
    /// An error's code, explained.
    ErrorAnswer { error: ErrorMeaning }
}
one! {
    /// Every error code, explained.
    ErrorsAnswer { errors: Vec<ErrorMeaning> }
}

impl From<Code> for ErrorMeaning {
    fn from(code: Code) -> Self {
        Self {
            type_uri: code.type_uri(),
            title: code.title(),
            status: code.status_code(),
            error: code.as_str(),
            meaning: code.meaning(),
            advice: code.advice(),
        }
    }
}

/// Every error code
///
/// With its status, what it means and what to do about it; a page for browsers.
#[utoipa::path(
    get, path = "", operation_id = "listErrors", tag = "Service",
    responses((status = 200, description = "All of them", content(
        (ErrorsAnswer = "application/json"), (String = "text/html")
    )))
)]
pub async fn list_errors(headers: HeaderMap) -> Response {
    by_accept(match prefers_page(&headers) {
        true => html::page("Errors", &format!("<h1>Errors</h1>{}", table("errors/"))),
        false => json(StatusCode::OK, &ErrorsAnswer::new(Code::ALL.iter().copied().map(ErrorMeaning::from).collect())),
    })
}

/// What an error's `type` leads to
///
/// What the code means and what to do about it; a page for browsers.
#[utoipa::path(
    get, path = "", operation_id = "getError", tag = "Service",
    responses((status = 200, description = "What it means", content(
        (ErrorAnswer = "application/json"), (String = "text/html")
    )))
)]
pub async fn explain_error(slug: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Response {
    let code = slug.ok().and_then(|Path(slug)| Code::of_slug(&slug));
    let Some(code) = code else { return Problem::of(Code::NotFound).into_response() };
    by_accept(match prefers_page(&headers) {
        true => html::page(code.title(), &described(code)),
        false => json(StatusCode::OK, &ErrorAnswer::new(code.into())),
    })
}

fn described(code: Code) -> String {
    let (title, meaning, advice) = (in_html(code.title()), in_html(code.meaning()), in_html(code.advice()));
    let (error, status) = (code.as_str(), code.status());
    format!(
        "<h1>{title}</h1><p><code>{error}</code> · HTTP {status}</p><h2>What it means</h2><p>{meaning}</p>\
         <h2>What to do</h2><p>{advice}</p><p><a href=\"../errors\">All errors</a> · <a href=\"../docs\">The API</a></p>"
    )
}

/// All codes as a table; `base`: where their pages are, from where the table stands.
pub fn table(base: &str) -> String {
    let mut table = String::from("<table><thead><tr><th>error<th>status<th>when<tbody>");
    for code in Code::ALL {
        let uri = code.type_uri();
        let slug = uri.trim_start_matches(crate::codes::TYPE_BASE);
        let (error, status, meaning) = (code.as_str(), code.status_code(), in_html(code.meaning()));
        // Writing to a string never fails.
        let _ = write!(table, "<tr><td><a href=\"{base}{slug}\">{error}</a><td>{status}<td>{meaning}");
    }
    table + "</table>"
}

/// Says to caches that who asks otherwise is answered otherwise.
fn by_accept(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
    response
}
