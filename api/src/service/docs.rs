//! The documentation: the OpenAPI document, and a page to browse it by that works without a network.

use super::errors::table;
use super::page::prefers_page;
use crate::answers::one;
use crate::asyncapi;
use crate::codes::Code;
use crate::parts::Api;
use crate::problem::Problem;
use crate::wire::answer::json;
use crate::wire::etag;
use crate::wire::front::TrailingSlash;
use crate::wire::list::Link;
use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::{Arc, LazyLock, OnceLock};
use utoipa_swagger_ui::{Config, serve};

/// Only what this server serves; the page styles and configures itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

/// This document
///
/// OpenAPI 3.1: every path, field and error code.
#[utoipa::path(
    get, path = "", operation_id = "getOpenApi", tag = "Service",
    responses((status = 200, description = "The document", body = serde_json::Value, content_type = "application/json")),
    extensions(("x-versioned" = json!(true)))
)]
pub async fn openapi_json(State(api): State<Api>, headers: HeaderMap) -> Response {
    static TAG: OnceLock<String> = OnceLock::new();
    let bytes = (api.document)();
    document(&headers, bytes, TAG.get_or_init(|| etag::of(bytes)))
}

/// The events that are forwarded to Kafka
///
/// AsyncAPI 3.0: every topic, event type, header and schema.
#[utoipa::path(
    get, path = "", operation_id = "getAsyncApi", tag = "Service",
    responses((status = 200, description = "The document", body = serde_json::Value, content_type = "application/json")),
    extensions(("x-versioned" = json!(true)))
)]
pub async fn asyncapi_json(headers: HeaderMap) -> Response {
    static TAG: LazyLock<String> = LazyLock::new(|| etag::of(asyncapi::document_bytes()));
    document(&headers, asyncapi::document_bytes(), &TAG)
}

/// The document, or 304 when the client has it: it changes with the server's version only.
fn document(asked: &HeaderMap, bytes: &'static [u8], tag: &str) -> Response {
    let mut response = match etag::client_has(asked, tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => json_bytes(bytes),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Hex digits in quotes are a valid header.
    headers.insert(header::ETAG, HeaderValue::from_str(tag).unwrap_or(HeaderValue::from_static("\"\"")));
    response
}

fn json_bytes(bytes: &'static [u8]) -> Response {
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

one! {
    /// Where to begin.
    RootAnswer { links: Vec<Link> }
}

/// Where to begin
///
/// Leads browsers to the documentation, and tells others what there is.
#[utoipa::path(
    get, path = "", operation_id = "getRoot", tag = "Service",
    responses(
        (status = 200, description = "What there is", body = RootAnswer),
        (status = 307, description = "The documentation, for browsers")
    )
)]
pub async fn root(headers: HeaderMap) -> Response {
    let mut response = match prefers_page(&headers) {
        true => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/docs")]).into_response(),
        false => {
            let parts = [
                ("docs", "/docs"),
                ("openapi", "/openapi.json"),
                ("asyncapi", "/asyncapi.json"),
                ("errors", "/errors"),
            ];
            let links = parts.map(|(rel, href)| Link::new(rel, href));
            json(StatusCode::OK, &RootAnswer::new(links.into()))
        }
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
    response
}

/// This document to browse
///
/// Works without a network.
#[utoipa::path(
    get, path = "", operation_id = "getDocs", tag = "Service",
    responses((status = 200, description = "A page", body = String, content_type = "text/html"))
)]
pub async fn docs(slash: Option<Extension<TrailingSlash>>) -> Response {
    // Where the path ends decides what relative addresses are relative to.
    let (own, root) = if slash.is_some() { ("./", "../") } else { ("./docs/", "./") };
    let errors = table(&format!("{root}errors/"));
    let page = format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cartlog</title>
<link rel="stylesheet" type="text/css" href="{own}swagger-ui.css">
<link rel="stylesheet" type="text/css" href="{own}index.css">
<link rel="icon" type="image/png" href="{own}favicon-32x32.png">
<style>
#errors {{ font: 14px/1.5 sans-serif; color: #3b4151; max-width: 1460px; margin: 0 auto; padding: 0 20px 60px; }}
#errors table {{ border-collapse: collapse; }}
#errors th, #errors td {{ text-align: left; vertical-align: top; padding: 4px 20px 4px 0; }}
</style>
</head>
<body>
<div id="swagger-ui"></div>
<section id="errors">
<h2>Errors</h2>
<p>Every error is a problem (RFC 9457) with one of these codes as <code>error</code>; its <code>type</code> leads to what it means and what to do.</p>
{errors}
</section>
<script src="{own}swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({{ url: new URL("{root}openapi.json", document.baseURI).pathname, dom_id: "#swagger-ui", deepLinking: true,
  docExpansion: "list", defaultModelsExpandDepth: 0, persistAuthorization: true, validatorUrl: null,
  supportedSubmitMethods: ["get", "put", "post", "delete", "head"] }});
</script>
</body>
</html>
"##
    );
    with_policy(StatusCode::OK, "text/html; charset=utf-8", page.into_bytes())
}

/// The page's own scripts and styles.
pub async fn docs_asset(name: Result<Path<String>, PathRejection>) -> Response {
    // What is no UTF-8 once decoded is the name of nothing.
    let Ok(Path(name)) = name else { return Problem::of(Code::NotFound).into_response() };
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("../openapi.json")));
    match serve(&name, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => {
            let mut response = with_policy(StatusCode::OK, &file.content_type, file.bytes.into_owned());
            if file.gzpipped {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
            response
        }
        Ok(None) | Err(_) => Problem::of(Code::NotFound).into_response(),
    }
}

fn with_policy(status: StatusCode, content_type: &str, body: Vec<u8>) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let content_type =
        HeaderValue::from_str(content_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    response
}
