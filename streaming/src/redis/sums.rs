//! What is read: the sums of a span of minutes, over the fewest buckets.

use super::connection::{Connection, again, trouble};
use super::keys::{StoreKeys, is_set, place};
use crate::bucket::{Minute, cover};
use crate::metric::Metric;
use crate::store::WindowStoreError;
use crate::sums::add;
use eventlog::CausedBy;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use uuid::Uuid;

/// The sum of each thing that was counted in these minutes, in one look; `None` where something that was counted is gone. Sums stay at
/// `i64::MAX`.
pub(super) async fn read(
    connection: &Connection,
    keys: &StoreKeys,
    metric: Metric,
    span: Range<Minute>,
) -> Result<Option<HashMap<Uuid, i64>>, WindowStoreError> {
    let buckets = cover(span);
    if buckets.is_empty() {
        return Ok(Some(HashMap::new()));
    }
    let days: BTreeSet<i64> = buckets.iter().map(|bucket| place(*bucket).0).collect();
    let mut look = redis::pipe();
    look.atomic();
    for bucket in &buckets {
        look.hgetall(keys.bucket(*bucket, metric));
    }
    for day in &days {
        look.get(keys.there(*day, metric));
    }
    let found = again(connection, |mut connection| {
        let look = look.clone();
        async move { look.query_async::<Vec<redis::Value>>(&mut connection).await }
    });
    let unread = |error: redis::RedisError| trouble("reading counts", &error);
    let mut found = found.await.map_err(unread)?;
    let bits: Vec<Vec<u8>> = found
        .split_off(buckets.len().min(found.len()))
        .into_iter()
        .map(|bits| redis::from_redis_value::<Option<Vec<u8>>>(bits).map(Option::unwrap_or_default))
        .collect::<Result<_, _>>()
        .map_err(|error| unread(error.into()))?;
    let there: HashMap<i64, Vec<u8>> = days.into_iter().zip(bits).collect();
    let mut sums: HashMap<Uuid, i64> = HashMap::new();
    for (bucket, counts) in buckets.into_iter().zip(found) {
        let counts: Vec<(Vec<u8>, i64)> = redis::from_redis_value(counts).map_err(|error| unread(error.into()))?;
        let (day, bit) = place(bucket);
        let is_there = there.get(&day).is_some_and(|bits| is_set(bits, bit));
        if is_there == counts.is_empty() {
            return Ok(None);
        }
        for (key, amount) in counts {
            let unlike = |error| CausedBy::of(format!("{} bytes are stored as a key", key.len()), error);
            let key = Uuid::from_slice(&key).map_err(|error: uuid::Error| WindowStoreError::Damaged(unlike(error)))?;
            add(&mut sums, key, amount);
        }
    }
    Ok(Some(sums))
}
