//! Small pages for people: static, and free of anything from elsewhere.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

const STYLE: &str = "body{font:17px/1.5 system-ui,sans-serif;margin:8vh auto;max-width:52em;padding:0 1em}\
    table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.3em 1em .3em 0}\
    code,td:first-child{font-family:ui-monospace,monospace;font-size:.9em}";

/// A page with this body, which is HTML already.
pub fn page(title: &str, body: &str) -> Response {
    let title = in_html(title);
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>{body}</body></html>\n"
    );
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// The text in HTML; what stands in backticks as code.
pub fn in_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let parts = escaped.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}
