//! How an answer may be encoded. Whoever refuses every encoding, even none, gets the answer as it is (RFC 9110 §12.5.3 leaves
//! that to the server): a command that was done is never answered with a 406.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

/// Leaves of `Accept-Encoding` what the compression is to know: gzip, or nothing.
pub async fn accept_gzip_or_nothing(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    match takes_gzip(headers) {
        true => drop(headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))),
        false => drop(headers.remove(header::ACCEPT_ENCODING)),
    }
    next.run(request).await
}

/// Whether the client takes gzip: it names it, or else all codings, with a weight above 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    let (mut named, mut any) = (None, None);
    for coding in lines.flat_map(|line| line.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| !weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
        });
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => named = Some(!is_refused),
            "*" => any = Some(!is_refused),
            _ => {}
        }
    }
    named.or(any).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_who_takes_it() {
        let takes = |value: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        for taken in ["gzip", "br, GZIP;q=0.5", "*", "identity;q=0, *", "deflate, x-gzip", "gzip;q=1.0, *;q=0"] {
            assert!(takes(taken), "{taken}");
        }
        for refused in
            ["", "br", "identity", "gzip;q=0", "*;q=0", "identity;q=0, *;q=0", "gzip; q=0.000, *", "gzip;q=x"]
        {
            assert!(!takes(refused), "{refused}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
