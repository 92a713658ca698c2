//! Versions of a single resource (api.md §1): `ETag: "<revision>.<hash of the body>"`.

use commands::IfMatch;
use http::{HeaderMap, HeaderValue, header};

/// Bytes of the hash in a tag: enough that no two representations of one revision share it.
const HASH_BYTES: usize = 8;

/// The tag of a body at a revision.
pub fn tag(revision: u64, body: &[u8]) -> String {
    format!("\"{revision}.{}\"", hash(body))
}

/// The tag of what has no revision.
pub fn of(body: &[u8]) -> String {
    format!("\"{}\"", hash(body))
}

fn hash(body: &[u8]) -> String {
    blake3::hash(body).as_bytes()[..HASH_BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the client has this representation already (`If-None-Match`, RFC 9110 §13.1.2: weak comparison).
pub fn client_has(headers: &HeaderMap, tag: &str) -> bool {
    tags(headers, header::IF_NONE_MATCH).any(|candidate| candidate == "*" || opaque(candidate) == tag)
}

/// The revisions that `If-Match` asks for; `None` where it asks for none, or for any (`*`).
///
/// A tag that was never ours matches nothing. Weak tags count, since proxies that compress weaken them and the hash is not
/// compared.
pub fn if_match(headers: &HeaderMap) -> Option<IfMatch> {
    let mut asked = tags(headers, header::IF_MATCH).peekable();
    asked.peek()?;
    let wanted: Option<Vec<_>> = asked.map(|tag| (tag != "*").then(|| revision_of(opaque(tag)))).collect();
    Some(wanted?.into_iter().flatten().collect())
}

fn revision_of(tag: &str) -> Option<u64> {
    let (revision, _) = tag.strip_prefix('"')?.strip_suffix('"')?.split_once('.')?;
    let plain = !revision.is_empty() && revision.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| revision.parse().ok()).flatten()
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The tags of a header, which may come in several lines. Tags of ours have no comma in them.
fn tags(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line: &HeaderValue| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn if_match_compares_the_revision_alone() {
        let wanted = |values: &[&'static str]| if_match(&headers(header::IF_MATCH, values));
        let revisions = |revisions: &[u64]| Some(revisions.iter().copied().collect());
        assert_eq!(wanted(&[]), None);
        assert_eq!(wanted(&["*"]), None);
        assert_eq!(wanted(&["\"7.abc\", *"]), None);
        assert_eq!(wanted(&["\"7.abc\""]), revisions(&[7]));
        assert_eq!(wanted(&["W/\"7.abc\""]), revisions(&[7]));
        assert_eq!(wanted(&["\"7.abc\", \"9.x\"", "\"8.y\""]), revisions(&[7, 9, 8]));
        for never in ["\"abc\"", "7.abc", "\"-7.a\"", "\"99999999999999999999.a\""] {
            assert_eq!(wanted(&[never]), revisions(&[]), "{never}");
        }
    }

    #[test]
    fn if_none_match_compares_all_of_it() {
        let tag = tag(7, b"body");
        let has = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""));
            client_has(&HeaderMap::from_iter([(header::IF_NONE_MATCH, value)]), &tag)
        };
        assert!(has(&tag));
        assert!(has(&format!("W/{tag}")));
        assert!(has(&format!("\"1.x\", {tag}")));
        assert!(has("*"));
        assert!(!has("\"7.0000000000000000\""));
        assert!(!has(""));
    }
}
