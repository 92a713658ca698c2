//! Dates and times that clients name (api.md §1, Times): `YYYYMMDD`, `YYYYMMDDHH`, `YYYYMMDDHHMM` and RFC 3339.
//!
//! Without an offset they are in the store's time zone. What is named is a stretch of time, a day, an hour, a minute, for
//! RFC 3339 a second or a millisecond: as a start or an instant it means its first instant, as an end all of it. Where the
//! clocks go forward over what is named, the moment of the change takes its place; where they go back, what is named is from
//! its first occurrence on, and to the end of its last one.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use domain::Timestamp;

/// A stretch of time as a client named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    start: NaiveDateTime,
    /// `None`: in the store's time zone.
    offset: Option<FixedOffset>,
    unit: TimeDelta,
}

/// Not one of the forms, or no such date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadDate;

impl Named {
    pub fn parse(text: &str) -> Result<Self, BadDate> {
        let named = match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => compact(text)?,
            false => rfc_3339(text)?,
        };
        match named.start.year() {
            1..=9999 => Ok(named),
            _ => Err(BadDate),
        }
    }

    /// Its first instant, within what can be written in UTC: an offset may lead out of the years that have four digits.
    pub fn first(self, timezone: Tz) -> Timestamp {
        let first = match self.offset {
            Some(offset) => at_offset(self.start, offset),
            None => earliest(timezone, self.start),
        };
        first.clamp(Timestamp::FIRST, Timestamp::LAST)
    }

    /// The first instant after it.
    pub fn end(self, timezone: Tz) -> Timestamp {
        let millisecond = TimeDelta::milliseconds(1);
        let last = self.start + self.unit - millisecond;
        match self.offset {
            Some(offset) => at_offset(last, offset).plus(millisecond),
            None => match timezone.from_local_datetime(&last).latest() {
                Some(last) => Timestamp::from(last.with_timezone(&Utc)).plus(millisecond),
                None => after_gap(timezone, last),
            },
        }
    }
}

/// `YYYYMMDD[HH[MM]]`.
fn compact(digits: &str) -> Result<Named, BadDate> {
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<u32>().ok()).ok_or(BadDate);
    let (hour, minute, unit) = match digits.len() {
        8 => (0, 0, TimeDelta::days(1)),
        10 => (number(8, 10)?, 0, TimeDelta::hours(1)),
        12 => (number(8, 10)?, number(10, 12)?, TimeDelta::minutes(1)),
        _ => return Err(BadDate),
    };
    let year = i32::try_from(number(0, 4)?).map_err(|_| BadDate)?;
    let date = NaiveDate::from_ymd_opt(year, number(4, 6)?, number(6, 8)?).ok_or(BadDate)?;
    let start = date.and_hms_opt(hour, minute, 0).ok_or(BadDate)?;
    Ok(Named { start, offset: None, unit })
}

/// RFC 3339, also without its offset. In a query a `+` that was not escaped has become a space.
fn rfc_3339(text: &str) -> Result<Named, BadDate> {
    // `YYYY-MM-DDTHH:MM:SS` is the least, and ASCII is all there is.
    if !text.is_ascii() || text.len() < 19 || !matches!(text.as_bytes()[10], b'T' | b't' | b' ') {
        return Err(BadDate);
    }
    let spaced = text.len() > 6 && text.as_bytes()[text.len() - 6] == b' ' && text.len() - 6 > 10;
    let text =
        if spaced { format!("{}+{}", &text[..text.len() - 6], &text[text.len() - 5..]) } else { text.to_owned() };
    let unit = match text.as_bytes().get(19) {
        Some(b'.') => TimeDelta::milliseconds(1),
        Some(_) | None => TimeDelta::seconds(1),
    };
    let naive = |time: NaiveDateTime| NaiveDateTime::new(time.date(), whole_millis(time.time()));
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Ok(Named { start: naive(time.naive_local()), offset: Some(*time.offset()), unit });
    }
    let local = text.replacen(['t', ' '], "T", 1);
    let time = NaiveDateTime::parse_from_str(&local, "%Y-%m-%dT%H:%M:%S%.f").map_err(|_| BadDate)?;
    Ok(Named { start: naive(time), offset: None, unit })
}

/// The time without what is finer than a millisecond, the precision of all times; a leap second is its minute's last one.
fn whole_millis(time: chrono::NaiveTime) -> chrono::NaiveTime {
    use chrono::Timelike;
    let millis = (time.nanosecond() / 1_000_000).min(999);
    time.with_nanosecond(millis * 1_000_000).unwrap_or(time)
}

fn at_offset(local: NaiveDateTime, offset: FixedOffset) -> Timestamp {
    let seconds = TimeDelta::seconds(i64::from(offset.local_minus_utc()));
    Timestamp::from_millis(local.and_utc().timestamp_millis()).minus(seconds)
}

fn earliest(timezone: Tz, local: NaiveDateTime) -> Timestamp {
    match timezone.from_local_datetime(&local).earliest() {
        Some(time) => time.with_timezone(&Utc).into(),
        None => after_gap(timezone, local),
    }
}

/// The moment at which the clocks go forward over this local time. Within a day of it they don't go back, so local time rises
/// with time, and the first moment that shows a later one can be searched for by halves.
fn after_gap(timezone: Tz, local: NaiveDateTime) -> Timestamp {
    let around = local.and_utc().timestamp_millis();
    let day = TimeDelta::days(2).num_milliseconds();
    let (mut before, mut after) = (around - day, around + day);
    while before + 1 < after {
        let middle = before + (after - before) / 2;
        let shown = timezone.from_utc_datetime(&Timestamp::from_millis(middle).to_utc().naive_utc()).naive_local();
        if shown < local { before = middle } else { after = middle }
    }
    Timestamp::from_millis(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(text: &str, timezone: Tz) -> (String, String) {
        match Named::parse(text) {
            Ok(named) => (named.first(timezone).to_string(), named.end(timezone).to_string()),
            Err(BadDate) => ("bad".to_owned(), text.to_owned()),
        }
    }

    fn check(text: &str, timezone: Tz, first: &str, end: &str) {
        assert_eq!(stretch(text, timezone), (first.to_owned(), end.to_owned()), "{text} in {timezone}");
    }

    #[test]
    fn each_form_names_its_stretch() {
        let berlin = chrono_tz::Europe::Berlin;
        check("20261123", Tz::UTC, "2026-11-23T00:00:00.000Z", "2026-11-24T00:00:00.000Z");
        check("20261123", berlin, "2026-11-22T23:00:00.000Z", "2026-11-23T23:00:00.000Z");
        check("2026112310", berlin, "2026-11-23T09:00:00.000Z", "2026-11-23T10:00:00.000Z");
        check("202611231015", Tz::UTC, "2026-11-23T10:15:00.000Z", "2026-11-23T10:16:00.000Z");
        check("2026-11-23T10:00:00Z", berlin, "2026-11-23T10:00:00.000Z", "2026-11-23T10:00:01.000Z");
        check("2026-11-23T10:00:00.123Z", berlin, "2026-11-23T10:00:00.123Z", "2026-11-23T10:00:00.124Z");
        check("2026-11-23T10:00:00+01:00", Tz::UTC, "2026-11-23T09:00:00.000Z", "2026-11-23T09:00:01.000Z");
        check("2026-11-23T10:00:00 01:00", Tz::UTC, "2026-11-23T09:00:00.000Z", "2026-11-23T09:00:01.000Z");
        check("2026-11-23T10:00:00", berlin, "2026-11-23T09:00:00.000Z", "2026-11-23T09:00:01.000Z");
    }

    #[test]
    fn where_the_clocks_change_nothing_is_lost_and_nothing_named_twice() {
        let berlin = chrono_tz::Europe::Berlin;
        // 29 March 2026: 02:00 becomes 03:00 at 01:00Z.
        check("2026032901", berlin, "2026-03-29T00:00:00.000Z", "2026-03-29T01:00:00.000Z");
        check("2026032902", berlin, "2026-03-29T01:00:00.000Z", "2026-03-29T01:00:00.000Z");
        check("202603290230", berlin, "2026-03-29T01:00:00.000Z", "2026-03-29T01:00:00.000Z");
        check("20260329", berlin, "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z");
        // 25 October 2026: 03:00 becomes 02:00 at 01:00Z.
        check("2026102501", berlin, "2026-10-24T23:00:00.000Z", "2026-10-25T00:00:00.000Z");
        check("2026102502", berlin, "2026-10-25T00:00:00.000Z", "2026-10-25T02:00:00.000Z");
        check("2026102503", berlin, "2026-10-25T02:00:00.000Z", "2026-10-25T03:00:00.000Z");
        // In Cairo midnight is left out on 24 April 2026.
        check("20260424", chrono_tz::Africa::Cairo, "2026-04-23T22:00:00.000Z", "2026-04-24T21:00:00.000Z");
        // Samoa had no 30 December 2011.
        check("20111230", chrono_tz::Pacific::Apia, "2011-12-30T10:00:00.000Z", "2011-12-30T10:00:00.000Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let bad = [
            "",
            "2026",
            "202611",
            "20261332",
            "20260229",
            "2026112324",
            "202611231060",
            "20261123101500",
            "00000101",
            "2026-11-23",
            "2026-11-23T25:00:00Z",
            "yesterday",
            "10000-01-01T00:00:00Z",
            "+20261123",
            "2026112é",
            "2026-11-23T10:00:00+1:00",
            "0000-01-01T00:00:00Z",
            "١٢٣٤٥٦٧٨",
        ];
        for text in bad {
            assert_eq!(Named::parse(text), Err(BadDate), "{text}");
        }
    }

    #[test]
    fn no_offset_leads_out_of_the_years() {
        for (text, first) in [
            ("00010101", "0001-01-01T00:00:00.000Z"),
            ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00.000Z"),
            ("99991231", "9999-12-31T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999-23:59", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(
                Named::parse(text).map(|named| named.first(Tz::UTC).to_string()),
                Ok(first.to_owned()),
                "{text}"
            );
        }
        let named = Named::parse("00010101").map(|named| named.first(Tz::Asia__Kolkata));
        assert_eq!(named, Ok(Timestamp::FIRST));
    }
}
