//! Minutes, and the buckets that events are counted in. Pure arithmetic on whole minutes since 1970, in UTC.
//!
//! The guarantee: [`cover`] gives buckets that are disjoint, whose union is the span asked for, and no fewer would do.

use domain::Timestamp;
use std::ops::Range;

const MILLIS_A_MINUTE: i64 = 60_000;

/// A whole minute in UTC, counted from 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(pub i64);

impl Minute {
    /// The minute that the moment is in.
    pub fn of(time: Timestamp) -> Self {
        Self(time.as_millis().div_euclid(MILLIS_A_MINUTE))
    }

    /// The first moment of the minute; stays at the ends of time.
    pub fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(MILLIS_A_MINUTE))
    }

    /// So many minutes later; stays at the end of time.
    pub fn plus(self, minutes: i64) -> Self {
        Self(self.0.saturating_add(minutes))
    }
}

/// How long a bucket is. Longer ones begin where shorter ones do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granularity {
    Minute,
    Hour,
    Day,
}

impl Granularity {
    pub const ALL: [Granularity; 3] = [Granularity::Minute, Granularity::Hour, Granularity::Day];

    pub const fn minutes(self) -> i64 {
        match self {
            Granularity::Minute => 1,
            Granularity::Hour => 60,
            Granularity::Day => 24 * 60,
        }
    }
}

/// A minute, an hour or a day (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket {
    pub granularity: Granularity,
    /// Its first minute.
    pub start: Minute,
}

impl Bucket {
    /// The bucket of this length that the minute is in.
    pub fn of(granularity: Granularity, minute: Minute) -> Self {
        let start = minute.0 - minute.0.rem_euclid(granularity.minutes());
        Self { granularity, start: Minute(start) }
    }

    /// The first minute after it.
    pub fn end(self) -> Minute {
        self.start.plus(self.granularity.minutes())
    }
}

/// The fewest buckets whose union is the span: minutes, then hours, at its ends, and days between. In order; none for an
/// empty span. Lengths divide one another, so always taking the longest bucket that begins here and fits gives the fewest.
pub fn cover(span: Range<Minute>) -> Vec<Bucket> {
    let mut buckets = Vec::new();
    let mut at = span.start;
    while at < span.end {
        let longest = Granularity::ALL
            .into_iter()
            .rev()
            .map(|granularity| Bucket::of(granularity, at))
            .find(|bucket| bucket.start == at && bucket.end() <= span.end);
        // A minute always fits: at the end of time alone it would not, and there is nothing to count there.
        let Some(bucket) = longest else { break };
        buckets.push(bucket);
        at = bucket.end();
    }
    buckets
}
