//! Which minutes a window is: the last hours, or the day as it is where the store is. Pure; the time is given.
//!
//! Windows have the precision of a minute. One ends with the current, unfinished minute, which it includes; it begins with
//! the minute that contains its first moment. So a window of one hour spans 60 to 61 minutes.

use crate::bucket::Minute;
use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use domain::Timestamp;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The window of the metrics that have no other: two hours.
pub(crate) const TWO_HOURS: TimeDelta = TimeDelta::hours(2);

/// The windows that a client can ask for (api.md §11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Window {
    /// The current day in the store's time zone, up to now.
    #[default]
    Day,
    LastHour,
    Last24Hours,
    Last7Days,
}

/// No window has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of day, 1h, 24h and 7d")]
pub struct UnknownWindow;

impl Window {
    pub const ALL: [Window; 4] = [Window::Day, Window::LastHour, Window::Last24Hours, Window::Last7Days];

    /// Its name in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Window::Day => "day",
            Window::LastHour => "1h",
            Window::Last24Hours => "24h",
            Window::Last7Days => "7d",
        }
    }

    /// The minutes of the window that ends now.
    pub fn span(self, timezone: Tz, now: Timestamp) -> Range<Minute> {
        match self {
            Window::Day => Minute::of(start_of_day(timezone, now))..Minute::of(now).plus(1),
            Window::LastHour => last(TimeDelta::hours(1), now),
            Window::Last24Hours => last(TimeDelta::hours(24), now),
            Window::Last7Days => last(TimeDelta::days(7), now),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Window {
    type Err = UnknownWindow;
    fn from_str(name: &str) -> Result<Self, UnknownWindow> {
        Self::ALL.into_iter().find(|window| window.as_str() == name).ok_or(UnknownWindow)
    }
}

/// The minutes of the window of this length that ends now.
pub(crate) fn last(length: TimeDelta, now: Timestamp) -> Range<Minute> {
    Minute::of(now.minus(length))..Minute::of(now).plus(1)
}

/// The first moment of the day that `now` is in, in the time zone. Where a change of the clocks leaves out midnight, the
/// first moment after the gap; where it brings midnight twice, the first of the two.
pub fn start_of_day(timezone: Tz, now: Timestamp) -> Timestamp {
    let date = timezone.from_utc_datetime(&now.to_utc().naive_utc()).date_naive();
    // A day of which no minute exists is none that `now` could be in; the end of time has no days.
    first_moment(timezone, date).unwrap_or(now)
}

fn first_moment(timezone: Tz, date: NaiveDate) -> Option<Timestamp> {
    let midnight = date.and_time(NaiveTime::MIN);
    let minutes = (0..24 * 60).map(TimeDelta::minutes);
    minutes
        .filter_map(|minute| midnight.checked_add_signed(minute))
        .find_map(|local| timezone.from_local_datetime(&local).earliest())
        .map(|first| Timestamp::from_millis(first.timestamp_millis()))
}
