//! What queries read: sums over the buckets that cover a span. Summed here and not in SQL, where a sum that leaves the
//! range is an error.

use super::{Failure, schema, unsigned};
use crate::bucket::{Minute, cover};
use crate::metric::Metric;
use crate::store::Side;
use domain::{StoreId, Timestamp};
use rusqlite::{Transaction, params};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;
use uuid::Uuid;

/// The sum of each thing that was counted in these minutes. Sums stay at `i64::MAX`.
pub(super) fn sums(
    tx: &Transaction<'_>,
    store: StoreId,
    metric: Metric,
    span: Range<Minute>,
) -> Result<HashMap<[u8; 16], i64>, Failure> {
    let slot = schema::slot(tx, Side::Live)?;
    let sql = format!(
        "SELECT key, amount FROM buckets_{} WHERE granularity = ?1 AND start = ?2 AND metric = ?3 AND store = ?4",
        slot.0
    );
    let mut in_bucket = tx.prepare_cached(&sql)?;
    let mut sums: HashMap<[u8; 16], i64> = HashMap::new();
    for bucket in cover(span) {
        let mut rows = in_bucket.query(params![
            bucket.granularity.minutes(),
            bucket.start.0,
            metric as i64,
            store.0.as_bytes()
        ])?;
        while let Some(row) = rows.next()? {
            let sum = sums.entry(row.get(0)?).or_default();
            *sum = sum.saturating_add(row.get(1)?);
        }
    }
    Ok(sums)
}

/// The `n` largest, among equals the smaller id first.
pub(super) fn largest(sums: HashMap<[u8; 16], i64>, n: usize) -> Vec<(Uuid, u64)> {
    let mut all: Vec<(Reverse<i64>, [u8; 16])> = sums.into_iter().map(|(key, sum)| (Reverse(sum), key)).collect();
    if n < all.len() {
        all.select_nth_unstable(n);
        all.truncate(n);
    }
    all.sort_unstable();
    all.into_iter().map(|(Reverse(sum), key)| (Uuid::from_bytes(key), sum.unsigned_abs())).collect()
}

pub(super) fn total(sums: &HashMap<[u8; 16], i64>) -> u64 {
    let total = sums.values().fold(0i64, |total, sum| total.saturating_add(*sum));
    total.unsigned_abs()
}

pub(super) fn log_ins_after(tx: &Transaction<'_>, store: StoreId, after: Timestamp) -> Result<u64, Failure> {
    let slot = schema::slot(tx, Side::Live)?;
    let sql = format!("SELECT count(*) FROM log_ins_{} WHERE store = ?1 AND last_ms > ?2", slot.0);
    let count =
        tx.prepare_cached(&sql)?.query_row(params![store.0.as_bytes(), after.as_millis()], |row| unsigned(row, 0))?;
    Ok(count)
}
