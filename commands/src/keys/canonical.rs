//! What makes two requests with one key the same: what they say, however they write it, and never a secret.
//!
//! The query counts decoded and in the order of its names, the body as canonical JSON (RFC 8785): blanks, escapes and the order
//! of fields make no other request. Secrets count as given or not: a word list would open a hash of them, so whether a repeat's
//! secret is the first one is told by the vault's own hash of that one.

use crate::IdempotencyKey;
use serde_json::Value;

/// The fields and parameters that hold a secret.
const SECRETS: [&str; 2] = ["password", "app_secret"];

/// The parts of the request that are hashed, in their order.
pub(super) fn request(key: &IdempotencyKey) -> Vec<Vec<u8>> {
    let mut parts = vec![body(key)];
    for (name, value) in query(&key.query) {
        parts.extend([name.into_bytes(), value.into_bytes()]);
    }
    parts
}

/// The parameters, decoded as the contract reads them. An empty one, as in `a=1&&b=2`, is none.
fn query(query: &str) -> Vec<(String, String)> {
    let mut parameters: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| {
            let value = if SECRETS.contains(&name.as_ref()) { String::new() } else { value.into_owned() };
            (name.into_owned(), value)
        })
        .collect();
    parameters.sort_unstable();
    parameters
}

/// The body in its canonical form; as it came, where it is no JSON. What stands for a missing body is a missing one.
fn body(key: &IdempotencyKey) -> Vec<u8> {
    if key.body_is_missing {
        return Vec::new();
    }
    let canonical = |mut value: Value| {
        without_secrets(&mut value);
        serde_json_canonicalizer::to_vec(&value).ok()
    };
    serde_json::from_slice(&key.body).ok().and_then(canonical).unwrap_or_else(|| key.body.to_vec())
}

/// A secret counts as given, whatever it is.
fn without_secrets(body: &mut Value) {
    let Some(fields) = body.as_object_mut() else { return };
    for (name, value) in fields {
        if SECRETS.contains(&name.as_str()) {
            *value = Value::Null;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str, body: &str) -> Vec<Vec<u8>> {
        let (method, path, key) = ("PUT".to_owned(), "/x".to_owned(), "k".to_owned());
        let body_is_missing = body.is_empty();
        request(&IdempotencyKey {
            method,
            path,
            key,
            query: query.to_owned(),
            body: body.to_owned().into(),
            body_is_missing,
        })
    }

    #[test]
    fn a_request_is_what_it_says_and_not_how() {
        let plain = of("a=1&b=x y&tag=%C3%A9", r#"{"email":"a/b","n":10,"list":[1,2],"deep":{"x":"\u00e9","y":null}}"#);
        let query = "tag=%c3%a9&&b=x+y&a=%31";
        let body = "{ \"deep\": {\"y\": null,\t\"x\": \"é\"},\n\"list\": [1, 2], \"n\": 10, \"email\": \"a\\/b\"} ";
        assert_eq!(of(query, body), plain);
        for (query, body) in [
            ("a=1&b=x y&tag=e", r#"{"email":"a/b","n":10,"list":[1,2],"deep":{"x":"é","y":null}}"#),
            ("a=1&b=x y&tag=é", r#"{"email":"a/b","n":11,"list":[1,2],"deep":{"x":"é","y":null}}"#),
            ("a=1&b=x y&tag=é", r#"{"email":"a/b","n":10,"list":[2,1],"deep":{"x":"é","y":null}}"#),
            ("a=1&b=x y&tag=é", r#"{"email":"a/b","n":10,"list":[1,2],"deep":{"x":"é"}}"#),
            ("a=1&b=x y&tag=é", ""),
        ] {
            assert_ne!(of(query, body), plain, "{query} {body}");
        }
    }

    #[test]
    fn numbers_that_fit_the_contract_are_told_apart() {
        assert_ne!(of("", r#"{"n":9007199254740991}"#), of("", r#"{"n":9007199254740990}"#));
        assert_eq!(of("", r#"{"n":10000000000000}"#)[0], br#"{"n":10000000000000}"#);
    }

    #[test]
    fn a_secret_counts_as_given_and_no_more() {
        for field in SECRETS {
            let with = |secret: &str| of("", &format!(r#"{{"{field}":"{secret}","x":1}}"#));
            assert_eq!(with("one"), with("another"));
            assert_ne!(with("one"), of("", r#"{"x":1}"#));
            assert_eq!(of(&format!("{field}=one"), ""), of(&format!("{field}=another"), ""));
            let text = String::from_utf8(with("one").concat()).unwrap_or_default();
            assert!(!text.contains("one"), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_counts_as_it_came() {
        assert_ne!(of("", "{a"), of("", "{a "));
        assert_ne!(of("", "{a"), of("", ""));
    }
}
