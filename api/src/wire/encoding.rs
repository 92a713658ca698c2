//! How an answer may be encoded: with zstd, Brotli or gzip, or as it is. Whoever refuses every encoding, even none, gets it as it
//! is (RFC 9110 §12.5.3 leaves that to the server): a command that was done is never answered with a 406.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

/// What there is, in the order in which it is preferred where the client has no preference: by what it costs.
const CODINGS: [&str; 3] = ["zstd", "br", "gzip"];

/// Leaves of `Accept-Encoding` what the compression is to know: one coding, or nothing. A compressed answer is another
/// representation, byte by byte, so its `ETag` is weak (RFC 9110 §8.8.3.3).
pub async fn negotiate(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    match best(headers) {
        Some(coding) => drop(headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(coding))),
        None => drop(headers.remove(header::ACCEPT_ENCODING)),
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if headers.contains_key(header::CONTENT_ENCODING)
        && let Some(tag) = headers.get_mut(header::ETAG)
        && tag.as_bytes().starts_with(b"\"")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        *tag = weak;
    }
    response
}

/// The coding that the client likes best of those it takes; it takes what it names, or else all, with a weight above 0.
fn best(headers: &HeaderMap) -> Option<&'static str> {
    let mut named = [None; CODINGS.len()];
    let mut others = 0;
    let lines = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    for coding in lines.flat_map(|line| line.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = weight.map_or(1_000, thousandths);
        // Its older name.
        let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
        match CODINGS.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            Some(at) => named[at] = Some(weight),
            None if name == "*" => others = weight,
            None => {}
        }
    }
    let mut best = (0, None);
    for (coding, weight) in CODINGS.into_iter().zip(named) {
        let weight = weight.unwrap_or(others);
        if weight > best.0 {
            best = (weight, Some(coding));
        }
    }
    best.1
}

/// A weight from 0 to 1; what is none refuses.
fn thousandths(weight: &str) -> u16 {
    let weight = weight.parse::<f32>().ok().filter(|weight| (0.0..=1.0).contains(weight));
    // It is within 0 to 1000.
    weight.map_or(0, |weight| (weight * 1_000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses_and_the_server_where_it_does_not() {
        let best = |value: &'static str| {
            best(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        for (asked, given) in [
            ("gzip", "gzip"),
            ("deflate, x-gzip", "gzip"),
            ("br, GZIP;q=0.5", "br"),
            ("br;q=0.4, GZIP;q=0.5", "gzip"),
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip, deflate, br", "br"),
            ("*", "zstd"),
            ("identity;q=0, *", "zstd"),
            ("gzip;q=1.0, *;q=0", "gzip"),
            ("zstd;q=0, br;q=0, *;q=0.1", "gzip"),
        ] {
            assert_eq!(best(asked), Some(given), "{asked}");
        }
        for refused in [
            "",
            "deflate",
            "identity",
            "gzip;q=0",
            "*;q=0",
            "identity;q=0, *;q=0",
            "br; q=0.000",
            "gzip;q=x",
            "zstd;q=2",
        ] {
            assert_eq!(best(refused), None, "{refused}");
        }
        assert_eq!(super::best(&HeaderMap::new()), None);
    }
}
