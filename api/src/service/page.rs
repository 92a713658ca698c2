//! The pages that a customer sees who follows a confirmation link: small, static, and free of anything from elsewhere. No page
//! confirms by being opened, as mail scanners open links: a button does.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Nothing is loaded, run or framed; the one form goes where it came from.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page<'p> {
    /// The link is good: a button confirms.
    Ask { store: &'p str, token: &'p str },
    /// It was confirmed just now.
    Confirmed { store: &'p str },
    /// The link was used before.
    Already { store: &'p str },
    /// The link is unknown or expired, or the customer has another address by now.
    Gone,
    /// Try again later.
    NotNow,
}

impl Page<'_> {
    fn status(self) -> StatusCode {
        match self {
            Page::Ask { .. } | Page::Confirmed { .. } | Page::Already { .. } => StatusCode::OK,
            Page::Gone => StatusCode::NOT_FOUND,
            Page::NotNow => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Title and content, in HTML.
    fn content(self) -> (&'static str, String) {
        match self {
            Page::Ask { store, token } => (
                "Confirm your email address",
                format!(
                    "<p>Is this your email address, and do you want to use it at <strong>{}</strong>?</p>\
                     <form method=\"post\" action=\"/customer/confirm/{}\"><button type=\"submit\">Confirm</button></form>\
                     <p>If you did not expect this, close the page: nothing happens.</p>",
                    escaped(store),
                    escaped(token)
                ),
            ),
            Page::Confirmed { store } => (
                "Thank you",
                format!(
                    "<p>Your email address is confirmed for <strong>{}</strong>. You can close this page.</p>",
                    escaped(store)
                ),
            ),
            Page::Already { store } => (
                "Confirmed already",
                format!(
                    "<p>This link was used before: your email address is confirmed for <strong>{}</strong>. There is nothing \
                     left to do.</p>",
                    escaped(store)
                ),
            ),
            Page::Gone => (
                "This link is not valid any more",
                "<p>It is older than a day, or your email address has changed since. Ask the shop for a new one.</p>"
                    .to_owned(),
            ),
            Page::NotNow => ("Please try again", "<p>We could not confirm your email address just now.</p>".to_owned()),
        }
    }
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let (title, content) = self.content();
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"robots\" content=\"noindex\"><title>{title}</title>\
             <style>body{{font:18px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32em;padding:0 1em;\
             overflow-wrap:anywhere}}button{{font:inherit;padding:.5em 1.5em}}</style></head>\
             <body><h1>{title}</h1>{content}</body></html>\n"
        );
        let mut response = (self.status(), page).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        // The address holds the token.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Text as it stands in HTML, also within quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Whether the client asks for JSON: it names it, and no page at least as much (RFC 9110 §12.5.1).
pub fn prefers_json(headers: &HeaderMap) -> bool {
    let (json, html) = asked_for(headers);
    json > html
}

/// Whether the client asks for a page, as browsers do: it names it, and JSON no more than it.
pub fn prefers_page(headers: &HeaderMap) -> bool {
    let (json, html) = asked_for(headers);
    html > 0 && html >= json
}

/// How much JSON and pages are asked for by name, in thousandths.
fn asked_for(headers: &HeaderMap) -> (u32, u32) {
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

    fn headers(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))])
    }

    #[test]
    fn json_is_for_who_asks_for_it() {
        let asks = |accept| prefers_json(&headers(accept));
        assert!(asks("application/json"));
        assert!(asks("text/html;q=0.5, application/json"));
        assert!(!asks("*/*"));
        assert!(!asks("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!asks("application/json;q=0"));
        assert!(!prefers_json(&HeaderMap::new()));
    }

    #[test]
    fn a_page_is_for_who_asks_for_it() {
        let asks = |accept| prefers_page(&headers(accept));
        assert!(asks("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!asks("*/*") && !asks("application/json") && !asks("text/html;q=0"));
        assert!(!asks("text/html;q=0.5, application/json") && !prefers_page(&HeaderMap::new()));
    }

    #[test]
    fn a_stores_name_is_text_on_the_page() {
        let hostile = "<script>\"'&</script>";
        let safe = "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;";
        for page in [
            Page::Ask { store: hostile, token: hostile },
            Page::Confirmed { store: hostile },
            Page::Already { store: hostile },
        ] {
            let (_, content) = page.content();
            assert!(content.contains(safe) && !content.contains("<script>"), "{content}");
        }
    }
}
