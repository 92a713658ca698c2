//! The page that a customer sees who follows a confirmation link: small, static, and free of anything from elsewhere.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    Yes,
    /// The link is unknown, used or expired.
    No,
    /// Try again later.
    NotNow,
    /// Nobody asked for it to be confirmed.
    Unknown,
}

/// The page.
pub fn confirmation_page(confirmed: Confirmed) -> Response {
    let (status, title, text) = match confirmed {
        Confirmed::Yes => (StatusCode::OK, "Thank you", "Your email address is confirmed. You can close this page."),
        Confirmed::No => (
            StatusCode::NOT_FOUND,
            "This link is not valid any more",
            "It was used already, or it is older than a day. Ask the shop for a new one.",
        ),
        Confirmed::Unknown => (StatusCode::OK, "Confirm your email address", "Open this link to confirm it."),
        Confirmed::NotNow => {
            (StatusCode::SERVICE_UNAVAILABLE, "Please try again", "We could not confirm your email address just now.")
        }
    };
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>body{{font:18px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32em;padding:0 1em}}</style></head>\
         <body><h1>{title}</h1><p>{text}</p></body></html>\n"
    );
    let mut response = (status, page).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    // The address holds the token.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Whether the client asks for JSON: it names it, and no page at least as much (RFC 9110 §12.5.1).
pub fn prefers_json(headers: &HeaderMap) -> bool {
    let (json, html) = weights(headers);
    json > html
}

/// Whether the client asks for a page, as browsers do: it names one, and JSON no more.
pub fn prefers_page(headers: &HeaderMap) -> bool {
    let (json, html) = weights(headers);
    html > 0 && html >= json
}

/// How much the client wants JSON and pages, in thousandths.
fn weights(headers: &HeaderMap) -> (u32, u32) {
    let lines = headers.get_all(header::ACCEPT).into_iter().filter_map(|line| line.to_str().ok());
    let (mut json, mut html) = (0, 0);
    for range in lines.flat_map(|line| line.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1_000, thousandths);
        match media.as_str() {
            "application/json" | "application/problem+json" => json = json.max(quality),
            "text/html" | "application/xhtml+xml" | "text/*" => html = html.max(quality),
            _ => {}
        }
    }
    (json, html)
}

/// A weight, in thousandths.
fn thousandths(weight: &str) -> u32 {
    weight
        .parse::<f32>()
        .ok()
        .filter(|weight| (0.0..=1.0).contains(weight))
        .map_or(0, |weight| (weight * 1_000.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_for_who_asks_for_it() {
        let asks = |accept: &'static str| {
            prefers_json(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        assert!(asks("application/json"));
        assert!(asks("text/html;q=0.5, application/json"));
        assert!(!asks("*/*"));
        assert!(!asks("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!asks("application/json;q=0"));
        assert!(!prefers_json(&HeaderMap::new()));
    }
}
