//! The log's own clock, an input so that tests can move it.

use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What time it is; gives `recorded_at`. Events keep whole milliseconds of it, and a clock that steps back does not take
/// `recorded_at` with it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "the port itself: whoever opens a log chooses its clock")]
pub fn system_clock() -> Clock {
    Arc::new(Utc::now)
}

/// What a log records for an append: the clock in milliseconds, never before what it recorded last.
pub(crate) fn record_time(clock: &Clock, last_ms: i64) -> i64 {
    clock().timestamp_millis().max(last_ms)
}
