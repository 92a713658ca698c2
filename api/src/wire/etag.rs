//! Versions of a single resource (api.md §1): `ETag: "<revision>.<hash of the body>"`.

use http::{HeaderMap, HeaderValue, header};

/// Bytes of the hash in a tag: enough that no two representations of one revision share it.
const HASH_BYTES: usize = 8;

/// The tag of a body at a revision.
pub fn tag(revision: u64, body: &[u8]) -> String {
    use std::fmt::Write;
    let mut tag = format!("\"{revision}.");
    for byte in &blake3::hash(body).as_bytes()[..HASH_BYTES] {
        // Writing to a string never fails.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// Whether the client has this representation already (`If-None-Match`, RFC 9110 §13.1.2: weak comparison).
pub fn client_has(headers: &HeaderMap, tag: &str) -> bool {
    tags(headers, header::IF_NONE_MATCH).any(|candidate| candidate == "*" || opaque(candidate) == tag)
}

/// The revision that `If-Match` asks for; `None` where it asks for none, or for any (`*`).
///
/// Revisions only rise, so of several tags only the highest can be the present one. A tag that was never ours matches
/// nothing: it asks for a revision that no resource ever has. Weak tags count, since proxies that compress weaken them and
/// the hash is not compared.
pub fn wanted_revision(headers: &HeaderMap) -> Option<u64> {
    let mut highest: Option<u64> = None;
    let mut asked = false;
    for candidate in tags(headers, header::IF_MATCH) {
        if candidate == "*" {
            return None;
        }
        asked = true;
        highest = highest.max(revision_of(opaque(candidate)));
    }
    asked.then(|| highest.unwrap_or(NEVER))
}

/// A revision that no resource ever has.
const NEVER: u64 = u64::MAX;

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
        let wanted = |values: &[&'static str]| wanted_revision(&headers(header::IF_MATCH, values));
        assert_eq!(wanted(&[]), None);
        assert_eq!(wanted(&["*"]), None);
        assert_eq!(wanted(&["\"7.abc\""]), Some(7));
        assert_eq!(wanted(&["W/\"7.abc\""]), Some(7));
        assert_eq!(wanted(&["\"7.abc\", \"9.x\"", "\"8.y\""]), Some(9));
        for never in ["\"abc\"", "7.abc", "\"-7.a\"", "\"99999999999999999999.a\""] {
            assert_eq!(wanted_revision(&headers(header::IF_MATCH, &[never])), Some(NEVER), "{never}");
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
