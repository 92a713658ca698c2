//! A moment, in milliseconds; never read from a clock here.
//!
//! Every event carries at least one as text, so the years 0001 to 9999 are written and read by hand, without allocating;
//! everything else, and every other spelling of RFC 3339, is chrono's.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A moment in UTC with millisecond precision. As text RFC 3339: `2026-11-23T10:00:00.123Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first moment that has four digits for its year: 0001-01-01T00:00:00.000Z.
    pub const FIRST: Self = Self(FIRST_MILLI);
    /// The last one: 9999-12-31T23:59:59.999Z.
    pub const LAST: Self = Self(LAST_MILLI);

    /// From milliseconds since 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment `delta` later; stays at the end of time instead of passing it.
    pub fn plus(self, delta: TimeDelta) -> Self {
        Self(self.0.saturating_add(delta.num_milliseconds()))
    }

    /// The moment `delta` earlier; stays at the beginning of time instead of passing it.
    pub fn minus(self, delta: TimeDelta) -> Self {
        Self(self.0.saturating_sub(delta.num_milliseconds()))
    }

    /// As chrono's type.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match write(self.0, &mut [0; TEXT_LENGTH]) {
            Some(text) => f.write_str(text),
            None => f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)),
        }
    }
}

impl std::str::FromStr for Timestamp {
    type Err = chrono::ParseError;
    fn from_str(text: &str) -> Result<Self, chrono::ParseError> {
        match read(text) {
            Some(millis) => Ok(Self(millis)),
            None => DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc).into()),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match write(self.0, &mut [0; TEXT_LENGTH]) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// Of `YYYY-MM-DDTHH:MM:SS.mmmZ`.
const TEXT_LENGTH: usize = 24;
const MILLIS_OF_DAY: i64 = 86_400_000;
/// 0001-01-01T00:00:00.000Z
const FIRST_MILLI: i64 = -62_135_596_800_000;
/// 9999-12-31T23:59:59.999Z
const LAST_MILLI: i64 = 253_402_300_799_999;

/// The moment as `YYYY-MM-DDTHH:MM:SS.mmmZ`, written into `buffer`; `None` outside the years 0001 to 9999.
fn write(millis: i64, buffer: &mut [u8; TEXT_LENGTH]) -> Option<&str> {
    if !(FIRST_MILLI..=LAST_MILLI).contains(&millis) {
        return None;
    }
    let (year, month, day) = date_of(millis.div_euclid(MILLIS_OF_DAY));
    let of_day = millis.rem_euclid(MILLIS_OF_DAY);
    buffer.copy_from_slice(b"0000-00-00T00:00:00.000Z");
    put(&mut buffer[0..4], year);
    put(&mut buffer[5..7], month);
    put(&mut buffer[8..10], day);
    put(&mut buffer[11..13], of_day / 3_600_000);
    put(&mut buffer[14..16], of_day / 60_000 % 60);
    put(&mut buffer[17..19], of_day / 1_000 % 60);
    put(&mut buffer[20..23], of_day % 1_000);
    std::str::from_utf8(buffer).ok()
}

/// The last digits of a number that is not negative.
fn put(digits: &mut [u8], mut number: i64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The moment of exactly `YYYY-MM-DDTHH:MM:SS.mmmZ`, years 0001 to 9999; `None`: not that, or no such day or time.
#[rustfmt::skip]
fn read(text: &str) -> Option<i64> {
    let &[
        y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T',
        h1, h2, b':', i1, i2, b':', s1, s2, b'.', f1, f2, f3, b'Z',
    ] = text.as_bytes() else { return None };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[i1, i2])?, number(&[s1, s2])?);
    let millis = number(&[f1, f2, f3])?;
    // A leap second (60) is left to chrono.
    if year < 1 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_of(year, month, day)?;
    Some(days * MILLIS_OF_DAY + hour * 3_600_000 + minute * 60_000 + second * 1_000 + millis)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

// Years are counted from March here, so that the leap day is a year's last, and in eras of 400 years, after which the
// calendar repeats itself.
const DAYS_OF_ERA: i64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

/// The days from 1970-01-01 to the date; `None`: there is no such day.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let march_year = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * DAYS_OF_ERA + day_of_era - DAYS_TO_EPOCH;
    // The 31st of a short month is the 1st of another.
    (date_of(days) == (year, month, day)).then_some(days)
}

/// Year, month and day, so many days after 1970-01-01.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_EPOCH;
    let (era, day_of_era) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_chrono(millis: i64) -> String {
        Timestamp(millis).to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    #[test]
    fn the_edges_are_what_chrono_says() {
        for millis in [FIRST_MILLI, LAST_MILLI, -1, 0, 1, FIRST_MILLI - 1, LAST_MILLI + 1, i64::MIN, i64::MAX] {
            assert_eq!(Timestamp(millis).to_string(), by_chrono(millis));
        }
        assert_eq!(Timestamp(FIRST_MILLI).to_string(), "0001-01-01T00:00:00.000Z");
        assert_eq!(Timestamp(LAST_MILLI).to_string(), "9999-12-31T23:59:59.999Z");
        assert!(write(FIRST_MILLI - 1, &mut [0; TEXT_LENGTH]).is_none());
        assert!(write(LAST_MILLI + 1, &mut [0; TEXT_LENGTH]).is_none());
    }

    #[test]
    fn every_day_of_four_centuries_is_written_and_read_as_by_chrono() {
        let days = DAYS_OF_ERA + 1;
        for millis in (0..days).map(|day| day * MILLIS_OF_DAY - 1) {
            let text = by_chrono(millis);
            assert_eq!(write(millis, &mut [0; TEXT_LENGTH]), Some(text.as_str()));
            assert_eq!(read(&text), Some(millis));
        }
    }

    #[test]
    fn other_spellings_of_a_moment_are_read_too() {
        let moment = Ok(Timestamp(1_795_428_000_120));
        let spellings = ["2026-11-23T10:00:00.120Z", "2026-11-23t10:00:00.12z", "2026-11-23T11:30:00.120456+01:30"];
        for text in spellings {
            assert_eq!(text.parse(), moment, "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        let no_moments = [
            "",
            "2026",
            "2026-02-29T00:00:00.000Z",
            "2026-00-01T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z",
            "2026-01-00T00:00:00.000Z",
            "2026-01-32T00:00:00.000Z",
            "2026-01-01T24:00:00.000Z",
            "2026-01-01T00:60:00.000Z",
            "2026-01-01T00:00:61.000Z",
            "2026-01-01 00:00:00.000",
            "+026-01-01T00:00:00.000Z",
        ];
        for text in no_moments {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_moment_is_written_and_read_as_by_chrono(millis in FIRST_MILLI..=LAST_MILLI) {
            let text = by_chrono(millis);
            prop_assert_eq!(serde_json::to_string(&Timestamp(millis)).ok(), Some(format!("\"{text}\"")));
            prop_assert_eq!(read(&text), Some(millis));
        }

        #[test]
        fn any_text_is_read_as_by_chrono(text in r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\.[0-9]{3}Z") {
            let expected = DateTime::parse_from_rfc3339(&text).map(|time| time.timestamp_millis());
            prop_assert_eq!(text.parse::<Timestamp>().map(Timestamp::as_millis).ok(), expected.ok());
        }
    }
}
