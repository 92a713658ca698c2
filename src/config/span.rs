//! How long something takes, as people write it.

use serde::{Deserialize, Deserializer, de::Error};
use std::time::Duration;

/// The longest that anything here may be told to take.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A time span: `0`, `500ms`, `30s`, `1m 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// Why a text is no time span.
#[derive(Debug, thiserror::Error)]
pub enum SpanError {
    #[error("'{0}' is longer than a day")]
    TooLong(String),
    #[error("'{text}' is no time span; write 500ms, 30s or 2m")]
    Unreadable { text: String, source: humantime::DurationError },
}

impl std::str::FromStr for Span {
    type Err = SpanError;
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let span = match text.trim() {
            "0" => Ok(Duration::ZERO),
            text => humantime::parse_duration(text),
        };
        match span {
            Ok(span) if span <= LONGEST => Ok(Self(span)),
            Ok(_) => Err(SpanError::TooLong(text.to_owned())),
            Err(source) => Err(SpanError::Unreadable { text: text.to_owned(), source }),
        }
    }
}

pub fn drain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    named("drain", deserializer)
}

pub fn view_wait<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    named("view_wait", deserializer)
}

fn named<'de, D: Deserializer<'de>>(name: &str, deserializer: D) -> Result<Span, D::Error> {
    /// In a TOML file 0 needs no quotes.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrText {
        Text(String),
        Number(i64),
    }
    let text = match NumberOrText::deserialize(deserializer)? {
        NumberOrText::Text(text) => text,
        NumberOrText::Number(number) => number.to_string(),
    };
    text.parse().map_err(|refusal| D::Error::custom(format!("{name}: {refusal}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        let read =
            |text: &str| text.parse::<Span>().map(|Span(span)| span.as_millis()).map_err(|error| error.to_string());
        assert_eq!([read("0"), read("0s"), read("500ms"), read("1m 30s")], [Ok(0), Ok(0), Ok(500), Ok(90_000)]);
        for (text, why) in [("30", "no time span"), ("", "no time span"), ("-1s", "no time span"), ("2days", "a day")] {
            assert!(read(text).is_err_and(|refusal| refusal.contains(why)), "{text}");
        }
    }
}
