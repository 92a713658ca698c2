//! What queries read: sums over the buckets that cover a span. Summed here and not in SQL, where a sum that leaves the
//! range is an error.

use super::{schema, unsigned};
use crate::batch::day_of;
use crate::bucket::{Minute, cover};
use crate::metric::Metric;
use crate::store::Side;
use crate::sums::add;
use domain::{StoreId, Timestamp};
use rusqlite::{Transaction, params};
use std::collections::HashMap;
use std::ops::Range;
use uuid::Uuid;

/// The sum of each thing that was counted in these minutes. Sums stay at `i64::MAX`.
pub(super) fn sums(
    tx: &Transaction<'_>,
    store: StoreId,
    metric: Metric,
    span: Range<Minute>,
) -> rusqlite::Result<HashMap<Uuid, i64>> {
    let slot = schema::slot(tx, Side::Live)?;
    let sql = format!(
        "SELECT key, amount FROM buckets_{} WHERE granularity = ?1 AND start = ?2 AND metric = ?3 AND store = ?4",
        slot.0
    );
    let mut in_bucket = tx.prepare_cached(&sql)?;
    let mut sums: HashMap<Uuid, i64> = HashMap::new();
    for bucket in cover(span) {
        let mut rows = in_bucket.query(params![
            bucket.granularity.minutes(),
            bucket.start.0,
            metric as i64,
            store.0.as_bytes()
        ])?;
        while let Some(row) = rows.next()? {
            add(&mut sums, Uuid::from_bytes(row.get(0)?), row.get(1)?);
        }
    }
    Ok(sums)
}

pub(super) fn log_ins_within(
    tx: &Transaction<'_>,
    store: StoreId,
    after: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<u64> {
    let slot = schema::slot(tx, Side::Live)?;
    let sql = format!(
        "SELECT count(DISTINCT customer) FROM log_ins_{}
         WHERE store = ?1 AND day BETWEEN ?2 AND ?3 AND last_ms > ?4 AND last_ms <= ?5",
        slot.0
    );
    let asked = params![store.0.as_bytes(), day_of(after), day_of(until), after.as_millis(), until.as_millis()];
    tx.prepare_cached(&sql)?.query_row(asked, |row| unsigned(row, 0))
}
