//! The names of keys and fields, and how positions are written.
//!
//! All keys of one store carry its id as their hash tag, those of the whole `{state}`: what a script touches lies in one slot.

use crate::bucket::{Bucket, Granularity};
use crate::metric::Metric;
use crate::store::{Side, WindowStoreError};
use chrono::TimeDelta;
use domain::{StoreId, Timestamp};
use eventlog::{CausedBy, Position};
use std::sync::Arc;

/// The names under one namespace.
#[derive(Clone)]
pub(super) struct Names(Arc<str>);

impl Names {
    pub(super) fn in_namespace(namespace: &str) -> Self {
        Self(format!("{namespace}:windows:3").into())
    }

    /// The hash that says which generation is live and which is being built, and how far each is.
    pub(super) fn state(&self) -> String {
        format!("{}:{{state}}", self.0)
    }

    /// The list of the latest events that could not be read.
    pub(super) fn skipped(&self, generation: &str) -> String {
        format!("{}:{{state}}:{generation}:skipped", self.0)
    }

    /// The hash that says of each store how far its last part was, and when that was counted.
    pub(super) fn stores(&self, generation: &str) -> String {
        format!("{}:{{state}}:{generation}:stores", self.0)
    }

    /// The keys of one store in one generation.
    pub(super) fn of_store(&self, generation: &str, store: StoreId) -> StoreKeys {
        StoreKeys(format!("{}:{{{store}}}:{generation}", self.0))
    }
}

/// The field of the state that names the side's generation.
pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Live => "live",
        Side::Building => "building",
    }
}

/// Fields of the state: log, position and event of the generation's checkpoint, the event with its hash, and the latest clock.
pub(super) fn checkpoint_fields(generation: &str) -> [String; 5] {
    ["log", "position", "event", "hash", "clock"].map(|name| format!("{generation}:{name}"))
}

/// The field of the state that counts the events that could not be read.
pub(super) fn skipped_field(generation: &str) -> String {
    format!("{generation}:skipped")
}

/// The keys of one store in one generation.
pub(super) struct StoreKeys(String);

impl StoreKeys {
    /// Up to where the store's events were counted.
    pub(super) fn position(&self) -> String {
        format!("{}:position", self.0)
    }

    /// The last log-in of each customer on the day: a sorted set by milliseconds since 1970.
    pub(super) fn log_ins(&self, day: i64) -> String {
        format!("{}:log-ins:{day}", self.0)
    }

    /// Says that there are log-ins of the day, for when they are missed.
    pub(super) fn has_log_ins(&self, day: i64) -> String {
        format!("{}:log-ins:{day}:there", self.0)
    }

    /// Which buckets of the day there are: a bit each, see [`place`], for when one is missed.
    pub(super) fn there(&self, day: i64, metric: Metric) -> String {
        format!("{}:{}:there:{day}", self.0, metric as i64)
    }

    /// What was counted in the bucket: a hash of 16 bytes to how much.
    pub(super) fn bucket(&self, bucket: Bucket, metric: Metric) -> String {
        format!("{}:{}:{}:{}", self.0, metric as i64, bucket.granularity.minutes(), bucket.start.0)
    }
}

/// The day in whose bits the bucket's stands, and which one it is: the minutes of the day, its hours, itself.
pub(super) fn place(bucket: Bucket) -> (i64, usize) {
    let of_day = Granularity::Day.minutes();
    let (day, minute) = (bucket.start.0.div_euclid(of_day), bucket.start.0.rem_euclid(of_day));
    let bit = match bucket.granularity {
        Granularity::Minute => minute,
        Granularity::Hour => of_day + minute / Granularity::Hour.minutes(),
        Granularity::Day => of_day + 24,
    };
    (day, usize::try_from(bit).unwrap_or_default())
}

/// Whether the bit is set, as Redis counts bits: from the highest of the first byte.
pub(super) fn is_set(bits: &[u8], bit: usize) -> bool {
    bits.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
}

/// With leading zeros: Lua's numbers are floats, so scripts compare positions as texts.
pub(super) fn position(position: Position) -> String {
    format!("{:020}", position.0)
}

/// What stands where something else is to stand: never a secret.
pub(super) fn stored_as(text: &str, what: &str, error: impl Into<CausedBy>) -> WindowStoreError {
    WindowStoreError::Damaged(CausedBy::of(format!("'{text}' is stored as {what}"), error))
}

pub(super) fn read_position(text: &str) -> Result<Position, WindowStoreError> {
    let position = text.parse().map(Position);
    position.map_err(|error| stored_as(text, "a position", error))
}

/// What is recorded of a store's part, for the time when its own keys are missed.
pub(super) fn record(at: Position, now: Timestamp) -> String {
    format!("{} {}", position(at), now.as_millis())
}

/// The position that the store must still know of, if the record is not so old that it may have expired.
pub(super) fn missed(record: &str, now: Timestamp, within: TimeDelta) -> Option<String> {
    let (position, at) = record.split_once(' ')?;
    let at = Timestamp::from_millis(at.parse().ok()?);
    (now < at.plus(within)).then(|| position.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

    use super::*;
    use crate::bucket::Minute;
    use std::collections::HashSet;

    #[test]
    fn a_record_is_missed_until_it_may_have_expired() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let written = record(Position(7), now);
        let within = TimeDelta::days(9);
        let known = Some(position(Position(7)));
        assert_eq!(missed(&written, now, within), known);
        assert_eq!(missed(&written, now.plus(within).minus(TimeDelta::milliseconds(1)), within), known);
        assert_eq!(missed(&written, now.plus(within), within), None);
    }

    #[test]
    fn every_bucket_of_a_day_has_a_bit_of_its_own() {
        let (day, minutes) = (Granularity::Day.minutes(), -3 * Granularity::Day.minutes()..);
        let minutes: Vec<Minute> = minutes.take(usize::try_from(day).unwrap()).map(Minute).collect();
        let of = |granularity| minutes.iter().map(move |minute| Bucket::of(granularity, *minute));
        let buckets: HashSet<Bucket> = Granularity::ALL.into_iter().flat_map(of).collect();
        let places: HashSet<(i64, usize)> = buckets.iter().map(|bucket| place(*bucket)).collect();
        assert_eq!((buckets.len(), places.len()), (1_440 + 24 + 1, 1_440 + 24 + 1));
        assert!(places.iter().all(|(day, bit)| *day == -3 && *bit < 1_465), "{places:?}");
        assert!(is_set(&[0, 0b0100_0000], 9) && !is_set(&[0, 0b0100_0000], 8) && !is_set(&[], 9));
    }

    #[test]
    fn positions_compare_as_texts_as_they_do_as_numbers() {
        let positions = [0, 1, 9, 10, 1 << 53, (1 << 53) + 1, u64::MAX - 1, u64::MAX].map(Position);
        let texts = positions.map(position);
        assert!(texts.is_sorted_by(|left, right| left < right), "{texts:?}");
        assert!(
            positions.iter().zip(&texts).all(|(number, text)| read_position(text).is_ok_and(|read| read == *number))
        );
    }
}
