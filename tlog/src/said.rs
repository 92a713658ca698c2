//! What an event's metadata says, as far as it can be read.
//!
//! A leaf has its event's store whatever else became of the metadata, so each part is read by itself: what can't be read is as if
//! it were not there, and what comes first counts where something stands there twice. Nothing of it has to be what `journal` writes.

use domain::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use uuid::Uuid;

/// What was found in the metadata of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said<'m> {
    pub store: Option<Uuid>,
    pub occurred_at: Option<Timestamp>,
    pub request: Option<Cow<'m, str>>,
    pub correlation: Option<Uuid>,
    pub causation: Option<Uuid>,
    /// Of the client that acted.
    pub token: Option<Uuid>,
    /// Of the client that set off what cartlog did by itself.
    pub by_token: Option<Uuid>,
    pub by_person: Option<Uuid>,
}

/// The metadata's outermost object, up to where it is one.
pub(crate) fn said(metadata: &[u8]) -> Said<'_> {
    let mut said = Said::default();
    // What was found before a fault was found.
    let _ = Finder(&mut said).deserialize(&mut serde_json::Deserializer::from_slice(metadata));
    said
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    StoreId,
    OccurredAt,
    RequestId,
    CorrelationId,
    CausationId,
    Actor,
    By,
    #[serde(other)]
    Other,
}

struct Finder<'s, 'm>(&'s mut Said<'m>);

impl<'m> DeserializeSeed<'m> for Finder<'_, 'm> {
    type Value = ();

    fn deserialize<D: Deserializer<'m>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'m> Visitor<'m> for Finder<'_, 'm> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'m>>(self, mut map: A) -> Result<(), A::Error> {
        let said = self.0;
        while let Some(field) = map.next_key()? {
            if matches!(field, Field::Other) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &RawValue = map.next_value()?;
            match field {
                Field::StoreId => first(&mut said.store, || id(value)),
                Field::OccurredAt => first(&mut said.occurred_at, || text(value)?.parse().ok()),
                Field::RequestId => first(&mut said.request, || text(value)),
                Field::CorrelationId => first(&mut said.correlation, || id(value)),
                Field::CausationId => first(&mut said.causation, || id(value)),
                Field::Actor => first(&mut said.token, || part::<Token>(value)?.token),
                Field::By => by(said, value),
                Field::Other => {}
            }
        }
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Token {
    token: Option<Uuid>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct By {
    token: Option<Uuid>,
    person: Option<Person>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Person {
    id: Option<Uuid>,
}

fn by(said: &mut Said<'_>, value: &RawValue) {
    let by: By = part(value).unwrap_or_default();
    first(&mut said.by_token, || by.token);
    first(&mut said.by_person, || by.person.and_then(|person| person.id));
}

fn first<T>(slot: &mut Option<T>, read: impl FnOnce() -> Option<T>) {
    if slot.is_none() {
        *slot = read();
    }
}

fn id(value: &RawValue) -> Option<Uuid> {
    Uuid::try_parse(&text(value)?).ok()
}

fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let inside = value.get().strip_prefix('"')?.strip_suffix('"')?;
    match inside.contains('\\') {
        true => part(value).map(Cow::Owned),
        false => Some(Cow::Borrowed(inside)),
    }
}

fn part<'v, T: Deserialize<'v>>(value: &'v RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: Uuid = Uuid::from_u128(7);

    #[test]
    fn all_that_is_said_is_found() {
        let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
        let metadata = format!(
            r#"{{"v":1,"store_id":"{STORE}","occurred_at":"2026-11-23T10:00:00.123Z","actor":{{"token":"{}"}},
                "by":{{"token":"{}","person":{{"id":"{}","name":"c2Vh"}}}},"request_id":"a\"b","idempotency":{{"key":"k"}},
                "causation_id":"{}","correlation_id":"{}"}}"#,
            ids[0], ids[1], ids[2], ids[3], ids[4]
        );
        let expected = Said {
            store: Some(STORE),
            occurred_at: Some("2026-11-23T10:00:00.123Z".parse().expect("a time")),
            request: Some("a\"b".into()),
            correlation: Some(ids[4]),
            causation: Some(ids[3]),
            token: Some(ids[0]),
            by_token: Some(ids[1]),
            by_person: Some(ids[2]),
        };
        assert_eq!(said(metadata.as_bytes()), expected);
    }

    /// Nothing but its own text keeps the store from being read.
    #[test]
    fn the_store_is_read_whatever_stands_beside_it() {
        for beside in [
            r#""occurred_at":7,"actor":[1],"by":"x","request_id":{},"correlation_id":null"#,
            r#""actor":{"token":"no id"},"by":{"person":[]}"#,
            r#""store_id":"00000000-0000-0000-0000-000000000008""#,
            r#""deep":[[[[{"store_id":"x"}]]]]"#,
            r#""broken":"#,
            r#""number":1e999"#,
        ] {
            let metadata = format!(r#"{{"store_id":"{STORE}",{beside}}}"#);
            assert_eq!(said(metadata.as_bytes()).store, Some(STORE), "{metadata}");
        }
        let escaped = r#"{"store\u005fid":"00000000-0000-0000-0000-00000000000\u0037"}"#;
        assert_eq!(said(escaped.as_bytes()).store, Some(STORE));
        let later = format!(r#"{{"store_id":7,"store_id":"{STORE}"}}"#);
        assert_eq!(said(later.as_bytes()).store, Some(STORE));
    }

    #[test]
    fn what_is_no_metadata_says_nothing() {
        for metadata in [&b""[..], b"null", b"[]", b"{", b"\xff", br#""store_id""#, br#"{"by":{"store_id":"x"}}"#] {
            assert_eq!(said(metadata), Said::default(), "{metadata:?}");
        }
    }
}
