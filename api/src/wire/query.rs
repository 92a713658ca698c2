//! Query parameters, as strict as bodies (api.md §1): unknown names, a name twice, and every bad value are told at once.

use crate::codes::Code;
use crate::problem::{FieldError, Problem};
use crate::wire::dates::Named;
use crate::wire::json::has_control_characters;
use domain::Cents;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// The longest text that a parameter may have, in characters: as that of a field.
const MAX_TEXT: usize = 1_000;

/// What is wrong with an amount that is fine but for its size.
pub const AMOUNT_BEYOND: &str = "must be at most 10000000000000";

/// The parameters of a route.
pub trait Params: Sized {
    /// Asks the reader for each parameter. A bad value is remembered there; what stands for it here is never used.
    fn read(query: &mut Query<'_>) -> Self;
}

impl Params for () {
    fn read(_query: &mut Query<'_>) -> Self {}
}

impl<A: Params, B: Params> Params for (A, B) {
    fn read(query: &mut Query<'_>) -> Self {
        (A::read(query), B::read(query))
    }
}

impl<A: Params, B: Params, C: Params> Params for (A, B, C) {
    fn read(query: &mut Query<'_>) -> Self {
        (A::read(query), B::read(query), C::read(query))
    }
}

/// Reads the parameters of one request.
pub struct Query<'q> {
    pairs: Vec<Pair<'q>>,
    errors: Vec<FieldError>,
    /// So many of the errors are amounts that are fine but for their size.
    amounts_beyond: usize,
}

struct Pair<'q> {
    name: Cow<'q, str>,
    value: Cow<'q, str>,
    asked: bool,
}

/// Reads all parameters of a query; names that no one asks for are refused.
pub fn read<P: Params>(query: &str) -> Result<P, Problem> {
    let mut query = Query::new(query);
    let params = P::read(&mut query);
    query.finish().map(|()| params)
}

impl<'q> Query<'q> {
    pub fn new(query: &'q str) -> Self {
        let mut read = Self { pairs: Vec::new(), errors: Vec::new(), amounts_beyond: 0 };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Some(name), Some(value)) => read.pairs.push(Pair { name, value, asked: false }),
                (Some(name), None) => read.errors.push(FieldError::query(&name, "is not valid UTF-8")),
                (None, _) => read.errors.push(FieldError::query(name, "is not valid UTF-8")),
            }
        }
        read
    }

    /// The parameter as it was given, if it was.
    pub fn raw(&mut self, name: &str) -> Option<String> {
        let mut found: Option<String> = None;
        for pair in self.pairs.iter_mut().filter(|pair| pair.name == name) {
            pair.asked = true;
            if found.is_some() {
                self.errors.push(FieldError::query(name, "is given twice"));
                break;
            }
            found = Some(pair.value.as_ref().to_owned());
        }
        found
    }

    pub fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        self.errors.push(FieldError::query(name, detail));
    }

    /// 1 to 1,000 characters.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let text = self.raw(name)?;
        match check_text(&text) {
            Ok(()) => Some(text),
            Err(detail) => {
                self.refuse(name, detail);
                None
            }
        }
    }

    /// The same of one that must be there.
    pub fn required(&mut self, name: &str) -> String {
        let is_given = self.pairs.iter().any(|pair| pair.name == name);
        if !is_given {
            self.refuse(name, "is required");
        }
        self.text(name).unwrap_or_default()
    }

    /// `true` or `false` in any case, `1` or `0`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let known = |text: &str| match text {
            "1" => Some(true),
            "0" => Some(false),
            text if text.eq_ignore_ascii_case("true") => Some(true),
            text if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        self.read_with(name, "must be true or false", known)
    }

    pub fn integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let text = self.raw(name)?;
        let value = parse_integer(&text);
        match value {
            Some(value) if range.contains(&value) => return value.into(),
            Some(_) => self.refuse(name, format!("must be within {} to {}", range.start(), range.end())),
            None => self.refuse(name, "must be an integer"),
        }
        None
    }

    /// An amount in minor units, from 0 on.
    pub fn amount(&mut self, name: &str) -> Option<i64> {
        let amount = self.integer(name, i64::MIN..=i64::MAX)?;
        if amount < 0 {
            self.refuse(name, "must be at least 0");
            return None;
        }
        if amount > Cents::MAX.get() {
            self.amounts_beyond += 1;
            self.refuse(name, AMOUNT_BEYOND);
            return None;
        }
        Some(amount)
    }

    pub fn date(&mut self, name: &str) -> Option<Named> {
        const FORMS: &str = "must be YYYYMMDD, YYYYMMDDHH, YYYYMMDDHHMM or an RFC 3339 time, within years 0001 to 9999";
        self.read_with(name, FORMS, |text| Named::parse(text).ok())
    }

    /// What `parse` makes of the text.
    pub fn read_with<T>(&mut self, name: &str, otherwise: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.raw(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.refuse(name, otherwise);
        }
        value
    }

    /// Refuses what was bad and what was not asked for.
    pub fn finish(mut self) -> Result<(), Problem> {
        for pair in self.pairs.iter().filter(|pair| !pair.asked) {
            let detail = format!("'{}' is not a known parameter", pair.name);
            self.errors.push(FieldError::query(&pair.name, detail));
        }
        match self.errors.len() {
            0 => Ok(()),
            // The code of all overflows, where nothing else is wrong.
            count if count == self.amounts_beyond => Err(Problem::coded_fields(Code::AmountOutOfRange, self.errors)),
            _ => Err(Problem::fields(self.errors)),
        }
    }
}

/// Why the text can't stand as a parameter.
pub fn check_text(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("must not be empty")
    } else if text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
        Err("must have at most 1000 characters")
    } else if has_control_characters(text) {
        Err("must not contain control characters other than line breaks and tabs")
    } else {
        Ok(())
    }
}

/// A decimal integer: digits with at most a minus sign before them. One of more than 64 bits is read as the largest or
/// smallest of 64, as in bodies.
pub fn parse_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let nearest = if digits.len() == text.len() { i64::MAX } else { i64::MIN };
    plain.then(|| text.parse().unwrap_or(nearest))
}

/// The query's names and values, decoded; what can't be decoded is left out.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    Query::new(query).pairs.into_iter().map(|pair| (pair.name.into_owned(), pair.value.into_owned())).collect()
}

/// Decodes `+` and `%XX`; `None` where that is not UTF-8. A `%` without two hex digits stands for itself.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = match bytes[at] {
            b'%' => {
                bytes.get(at + 1).zip(bytes.get(at + 2)).and_then(|(high, low)| Some(hex(*high)? << 4 | hex(*low)?))
            }
            _ => None,
        };
        match (bytes[at], escaped) {
            (_, Some(byte)) => {
                decoded.push(byte);
                at += 3;
                continue;
            }
            (b'+', None) => decoded.push(b' '),
            (byte, None) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The text as it may stand in a query or a path: RFC 3986's unreserved characters as they are, all others escaped.
pub fn encode(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            // Writing to a string never fails.
            byte => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Example(Option<String>, Option<i64>, Option<bool>);

    impl Params for Example {
        fn read(query: &mut Query<'_>) -> Self {
            Self(query.text("name"), query.integer("n", 1..=10), query.flag("on"))
        }
    }

    fn refused(query: &str) -> Vec<String> {
        match read::<Example>(query) {
            Ok(_) => Vec::new(),
            Err(problem) => problem.into_errors().into_iter().map(|error| error.pointer).collect(),
        }
    }

    #[test]
    fn all_that_is_bad_is_told_at_once() {
        assert_eq!(refused("n=0&on=2&x=1&name=%ff"), ["#/name", "#/n", "#/on", "#/x"]);
        assert_eq!(refused("n=1&n=1"), ["#/n"]);
        assert_eq!(refused("name=%00"), ["#/name"]);
        for n in ["", "+1", "1.0", "1e0", " 1", "99999999999999999999", "-99999999999999999999", "-", "٣"] {
            assert_eq!(refused(&format!("n={}", encode(n))), ["#/n"], "{n}");
        }
    }

    #[test]
    fn values_are_decoded() {
        let Ok(Example(name, n, on)) = read("name=a+b%20%C3%A9%&n=7&on=true") else { panic!("it is fine") };
        assert_eq!((name.as_deref(), n, on), (Some("a b é%"), Some(7), Some(true)));
        assert_eq!(encode("a b/é"), "a%20b%2F%C3%A9");
    }

    #[test]
    fn a_flag_is_written_as_every_language_writes_it() {
        for (text, wanted) in
            [("true", true), ("True", true), ("TRUE", true), ("1", true), ("False", false), ("0", false)]
        {
            let Ok(Example(_, _, on)) = read(&format!("on={text}")) else { panic!("{text} is fine") };
            assert_eq!(on, Some(wanted), "{text}");
        }
        for other in ["", "yes", "2", "01", "t"] {
            assert_eq!(refused(&format!("on={other}")), ["#/on"], "{other}");
        }
    }
}
