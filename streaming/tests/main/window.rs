//! Windows in every time zone, on ordinary days and on those of 23, 25 and other hours.

use cartlog_streaming::{Minute, Window, start_of_day};
use chrono::{NaiveDate, TimeDelta, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use domain::Timestamp;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn local_date(timezone: Tz, time: Timestamp) -> NaiveDate {
    timezone.from_utc_datetime(&time.to_utc().naive_utc()).date_naive()
}

/// The current day, minute by minute: those up to now that have today's date.
fn day_by_minutes(timezone: Tz, now: Timestamp) -> Vec<Minute> {
    let today = local_date(timezone, now);
    (0..27 * 60)
        .map(|back| Minute::of(now).plus(-back))
        .filter(|minute| local_date(timezone, minute.start()) == today)
        .collect()
}

fn check_day(timezone: Tz, now: Timestamp) {
    let span = Window::Day.span(timezone, now);
    let mut expected = day_by_minutes(timezone, now);
    expected.reverse();
    let got: Vec<Minute> = (span.start.0..span.end.0).map(Minute).collect();
    assert_eq!(got, expected, "{timezone} at {now}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_day_has_the_minutes_with_todays_date(
        zone in 0..TZ_VARIANTS.len(), now in at("2012-01-01T00:00:00Z").as_millis()..at("2037-01-01T00:00:00Z").as_millis(),
    ) {
        check_day(TZ_VARIANTS[zone], Timestamp::from_millis(now));
    }
}

#[test]
fn days_on_which_the_clocks_change() {
    for (zone, from, hours) in [
        (Tz::Europe__Berlin, "2026-03-28T22:30:00Z", 30),
        (Tz::Europe__Berlin, "2026-10-24T21:30:00Z", 30),
        (Tz::America__Havana, "2026-03-07T22:00:00Z", 40), // no midnight
        (Tz::America__Havana, "2026-10-31T22:00:00Z", 40), // midnight twice
        (Tz::Africa__Cairo, "2026-04-23T20:00:00Z", 30),   // no midnight
        (Tz::Australia__Lord_Howe, "2026-04-04T10:00:00Z", 40), // half an hour
        (Tz::Asia__Kathmandu, "2026-05-01T17:00:00Z", 30), // +05:45
        (Tz::Asia__Kolkata, "2026-05-01T17:00:00Z", 30),   // +05:30
        (Tz::Pacific__Chatham, "2026-04-04T10:00:00Z", 40), // +12:45, and changes
        (Tz::Pacific__Apia, "2011-12-29T08:00:00Z", 40),   // leaves out a day
        (Tz::America__Sao_Paulo, "2018-02-17T20:00:00Z", 40), // midnight goes back to 23:00
        (Tz::Asia__Pyongyang, "2018-05-04T13:00:00Z", 20), // 23:30 becomes midnight
    ] {
        // Not a divisor of an hour, so that every hour is met at other minutes.
        for minute in (0..hours * 60).step_by(7) {
            check_day(zone, at(from).plus(TimeDelta::minutes(minute)));
        }
    }
}

#[test]
fn days_are_as_long_as_they_are() {
    let length = |zone, noon: &str| {
        let start = start_of_day(zone, at(noon));
        let next = start_of_day(zone, at(noon).plus(TimeDelta::hours(24)));
        (next.as_millis() - start.as_millis()) / 60_000
    };
    assert_eq!(length(Tz::Europe__Berlin, "2026-03-29T12:00:00Z"), 23 * 60);
    assert_eq!(length(Tz::Europe__Berlin, "2026-10-25T12:00:00Z"), 25 * 60);
    assert_eq!(length(Tz::Australia__Lord_Howe, "2026-04-05T02:00:00Z"), 24 * 60 + 30);
    assert_eq!(length(Tz::UTC, "2026-03-29T12:00:00Z"), 24 * 60);
    let start = start_of_day(Tz::Asia__Kathmandu, at("2026-05-02T12:00:00Z"));
    assert_eq!(start, at("2026-05-01T18:15:00Z"));
}

#[test]
fn a_window_begins_with_the_minute_of_its_first_moment_and_ends_with_the_current_one() {
    let now = at("2026-11-24T10:20:30.400Z");
    let span = Window::LastHour.span(Tz::UTC, now);
    assert_eq!(span.start.start(), at("2026-11-24T09:20:00Z"));
    assert_eq!(span.end.start(), at("2026-11-24T10:21:00Z"));
    let span = Window::Last7Days.span(Tz::Asia__Kathmandu, now);
    assert_eq!(span.start.start(), at("2026-11-17T10:20:00Z"));
    let span = Window::Last24Hours.span(Tz::UTC, now);
    assert_eq!(span.start.start(), at("2026-11-23T10:20:00Z"));
}

#[test]
fn every_window_is_found_by_its_name_and_no_other_is() {
    for window in Window::ALL {
        assert_eq!(window.to_string().parse(), Ok(window));
    }
    assert_eq!(Window::default(), "day".parse().unwrap());
    assert!("2h".parse::<Window>().is_err() && "Day".parse::<Window>().is_err());
}
