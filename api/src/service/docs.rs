//! The documentation: the OpenAPI document, and a page to browse it by that works without a network.

use crate::asyncapi;
use crate::codes::Code;
use crate::openapi;
use crate::problem::Problem;
use crate::wire::front::TrailingSlash;
use axum::Extension;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::{Config, serve};

/// Only what this server serves; the page styles and configures itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

/// This document
///
/// OpenAPI 3.1: every path, field and error code.
#[utoipa::path(
    get, path = "", tag = "Service",
    responses((status = 200, description = "The document", body = serde_json::Value, content_type = "application/json"))
)]
pub async fn openapi_json() -> Response {
    document(openapi::document_bytes())
}

/// The events that are forwarded to Kafka
///
/// AsyncAPI 3.0: every topic, event type, header and schema.
#[utoipa::path(
    get, path = "", tag = "Service",
    responses((status = 200, description = "The document", body = serde_json::Value, content_type = "application/json"))
)]
pub async fn asyncapi_json() -> Response {
    document(asyncapi::document_bytes())
}

fn document(bytes: &'static [u8]) -> Response {
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// This document to browse
///
/// Works without a network.
#[utoipa::path(
    get, path = "", tag = "Service",
    responses((status = 200, description = "A page", body = String, content_type = "text/html"))
)]
pub async fn docs(slash: Option<Extension<TrailingSlash>>) -> Response {
    // Where the path ends decides what relative addresses are relative to.
    let base = if slash.is_some() { "./" } else { "./docs/" };
    let page = format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<title>cartlog</title>
<link rel="stylesheet" type="text/css" href="{base}swagger-ui.css">
<link rel="stylesheet" type="text/css" href="{base}index.css">
<link rel="icon" type="image/png" href="{base}favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{base}swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({{ url: "{base}../openapi.json", dom_id: "#swagger-ui", deepLinking: true, docExpansion: "none",
  validatorUrl: null, supportedSubmitMethods: ["get", "put", "post", "delete", "head"] }});
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
