//! JSON read strictly: no field twice, no number with a fraction or an exponent, no control characters but line breaks and
//! tabs. What is syntactically broken, too deep or not UTF-8 is one error for the whole body.
//!
//! An integer of more than 64 bits is read as the largest or smallest of 64: every integer that a request may have has its
//! bounds in the published schema, which says of it what it says of all that lie beyond.

use crate::problem::{FieldError, MAX_ERRORS, escape};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The value, and every field that breaks the rules above. What broke them stands in the value as null.
pub fn parse(bytes: &[u8]) -> Result<(Value, Vec<FieldError>), FieldError> {
    let mut reader = Reader::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Node(&mut reader).deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    match value {
        Ok(value) => Ok((value, reader.errors)),
        Err(error) => Err(FieldError::body("", format!("the body is not valid JSON: {error}"))),
    }
}

/// Whether the text has a character that no text may have.
pub fn has_control_characters(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[derive(Default)]
struct Reader {
    /// Where the reader is.
    pointer: String,
    errors: Vec<FieldError>,
}

impl Reader {
    fn refuse(&mut self, detail: &str) -> Value {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(FieldError::body(&self.pointer, detail));
        }
        Value::Null
    }

    /// Reads what stands at this part of the value.
    fn within<T>(&mut self, part: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push('/');
        if part.contains(['~', '/']) {
            self.pointer.push_str(&escape(part));
        } else {
            self.pointer.push_str(part);
        }
        let read = read(self);
        self.pointer.truncate(length);
        read
    }
}

struct Node<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).unwrap_or(i64::MAX).into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        // What is so large has no fraction. As a cast it is the nearest integer of 64 bits.
        Ok(match value.abs() >= i64::MAX as f64 {
            true => (value as i64).into(),
            false => self.0.refuse("must not be a number with a fraction or an exponent"),
        })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(match has_control_characters(&text) {
            true => self.0.refuse("must not contain control characters other than line breaks and tabs"),
            false => Value::String(text),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let part = array.len().to_string();
            match self.0.within(&part, |reader| items.next_element_seed(Node(reader)))? {
                Some(item) => array.push(item),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let twice = object.contains_key(&name);
            let value = self.0.within(&name, |reader| {
                if twice {
                    reader.refuse("is given twice");
                }
                fields.next_value_seed(Node(reader))
            })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> Vec<String> {
        match parse(json.as_bytes()) {
            Ok((_, errors)) => errors.into_iter().map(|error| error.pointer).collect(),
            Err(error) => vec![error.pointer],
        }
    }

    #[test]
    fn every_break_of_the_rules_is_named_where_it_is() {
        let cases = [
            (r#"{"a":1.0}"#, "#/a"),
            (r#"{"a":1e2}"#, "#/a"),
            (r#"{"a":1,"a":2}"#, "#/a"),
            (r#"{"a":[{"b/c":"\u0000"}]}"#, "#/a/0/b~1c"),
            (r#"["\u0085"]"#, "#/0"),
            (r#"{"a":"\ud800"}"#, "#"),
            ("{\"a\":\"\u{1}\"}", "#"),
            ("{\"a\":1", "#"),
            ("{} {}", "#"),
            ("", "#"),
            ("NaN", "#"),
        ];
        for (json, pointer) in cases {
            assert_eq!(refused(json), [pointer], "{json}");
        }
        assert_eq!(refused(&"[".repeat(100_000)), ["#"]);
        assert_eq!(refused("\u{feff}{}"), ["#"]);
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn what_keeps_the_rules_is_read_as_it_is() {
        let json = r#"{"a":[-9223372036854775808,9223372036854775807,null,true,"x\ny\tz"],"b":{}}"#;
        let (value, errors) = parse(json.as_bytes()).unwrap_or_default();
        assert!(errors.is_empty());
        assert_eq!(Some(value), serde_json::from_str(json).ok());
    }

    #[test]
    fn what_has_more_than_64_bits_is_as_far_out_as_64_bits_reach() {
        for (json, nearest) in [
            ("9223372036854775808", i64::MAX),
            ("18446744073709551616", i64::MAX),
            ("123456789012345678901234567890", i64::MAX),
            ("-9223372036854775809", i64::MIN),
            ("-123456789012345678901234567890", i64::MIN),
        ] {
            assert_eq!(parse(json.as_bytes()).ok(), Some((Value::from(nearest), Vec::new())), "{json}");
        }
    }
}
