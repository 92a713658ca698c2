//! What is read: the sums of a span of minutes, over the fewest buckets.

use super::connection::{Connection, again, trouble};
use super::keys::StoreKeys;
use crate::bucket::{Minute, cover};
use crate::metric::Metric;
use crate::store::StoreError;
use crate::sums::add;
use std::collections::HashMap;
use std::ops::Range;
use uuid::Uuid;

/// The sum of each thing that was counted in these minutes, in one look. Sums stay at `i64::MAX`.
pub(super) async fn read(
    connection: &Connection,
    keys: &StoreKeys,
    metric: Metric,
    span: Range<Minute>,
) -> Result<HashMap<Uuid, i64>, StoreError> {
    let buckets = cover(span);
    if buckets.is_empty() {
        return Ok(HashMap::new());
    }
    let mut look = redis::pipe();
    look.atomic();
    for bucket in buckets {
        look.hgetall(keys.bucket(bucket, metric));
    }
    let found = again(connection, |mut connection| {
        let look = look.clone();
        async move { look.query_async::<Vec<Vec<(Vec<u8>, i64)>>>(&mut connection).await }
    });
    let mut sums: HashMap<Uuid, i64> = HashMap::new();
    for (key, amount) in found.await.map_err(|error| trouble("reading counts", &error))?.into_iter().flatten() {
        let key = Uuid::from_slice(&key)
            .map_err(|error| StoreError::Damaged(format!("{} bytes are stored as a key: {error}", key.len())))?;
        add(&mut sums, key, amount);
    }
    Ok(sums)
}
