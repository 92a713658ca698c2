//! What clients ask of the windows (api.md §11), and how the windows are.
//!
//! The time of a query is given by whoever asks. A window begins by that clock, and ends with the latest event that is at most a
//! day ahead of it: clocks of several nodes differ, and one that was set back makes nothing vanish that was shown. What is further
//! ahead counts once it is due. What doesn't live here: what is counted (`metric`), from when to when
//! (`window`), where it is kept (`store`).

use crate::batch::Skipped;
use crate::bucket::Minute;
use crate::metric::Metric;
use crate::store::{Side, SideState, WindowStore, WindowStoreError};
use crate::window::{self, TWO_HOURS, Window};
use chrono::TimeDelta;
use chrono_tz::Tz;
use domain::{CouponId, ProductId, StoreId, Timestamp};
use eventlog::Position;
use parking_lot::Mutex;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long a log-in counts.
const LOG_IN_COUNTS: TimeDelta = TimeDelta::hours(24);
/// How far ahead of the clock events still count.
const AHEAD: TimeDelta = TimeDelta::hours(24);
/// How often whoever waits for another node's counting looks.
const ASKED_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// The windows of all stores. Cheap to clone; queries read off the async threads.
///
/// Every query can fail with [`WindowStoreError`] while the windows are away; none changes anything.
#[derive(Clone)]
pub struct Windows {
    store: Arc<dyn WindowStore>,
    report: Arc<WorkerReport>,
}

/// What the worker tells.
#[derive(Default)]
pub(crate) struct WorkerReport {
    pub(crate) position: watch::Sender<Position>,
    pub(crate) status: Mutex<WindowStatus>,
}

/// How the windows are.
#[derive(Clone, Debug, Default)]
pub struct WindowStatus {
    /// Up to where events are counted.
    pub position: Position,
    /// That was the log's head when the worker last looked.
    pub caught_up: bool,
    /// What keeps the worker from going on; it tries again.
    pub trouble: Option<String>,
    /// How far a rebuild is that is under way.
    pub rebuilding: Option<CatchUp>,
    /// How many events could not be read and do not count; a rebuild tries them again.
    pub skipped: u64,
    /// The latest of them, oldest first.
    pub latest_skipped: Vec<Skipped>,
}

/// How far catching up is, in positions of the log: the number of events where positions are dense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatchUp {
    pub done: u64,
    pub total: u64,
}

impl Windows {
    pub(crate) fn new(store: Arc<dyn WindowStore>, report: Arc<WorkerReport>) -> Self {
        Self { store, report }
    }

    /// The `n` products most added to carts in the window, by quantity, most first; among equals the smaller id. Exact.
    pub async fn top_cart_items(
        &self,
        store: StoreId,
        timezone: Tz,
        window: Window,
        n: usize,
        now: Timestamp,
    ) -> Result<Vec<(ProductId, u64)>, WindowStoreError> {
        let span = with_what_is_ahead(window.span(timezone, now), now);
        let top = self.store.top(store, Metric::CartAdds, span, n).await?;
        Ok(top.into_iter().map(|(product, adds)| (ProductId(product), adds)).collect())
    }

    /// Σ of the totals, in cents, of the invoices issued in the last two hours, whatever became of them. Amounts of all
    /// currencies are added. A sum beyond `i64::MAX` answers `i64::MAX`.
    pub async fn invoice_amount(&self, store: StoreId, now: Timestamp) -> Result<i64, WindowStoreError> {
        let span = with_what_is_ahead(window::last(TWO_HOURS, now), now);
        let total = self.store.total(store, Metric::InvoiceAmount, span).await?;
        Ok(i64::try_from(total).unwrap_or(i64::MAX))
    }

    /// The coupon most used in the last two hours and how often; among equals the smaller id. A use that was given back
    /// still counts here. `None`: no coupon was used.
    pub async fn top_coupon(
        &self,
        store: StoreId,
        now: Timestamp,
    ) -> Result<Option<(CouponId, u64)>, WindowStoreError> {
        let span = with_what_is_ahead(window::last(TWO_HOURS, now), now);
        let top = self.store.top(store, Metric::CouponUses, span, 1).await?;
        Ok(top.first().map(|&(coupon, uses)| (CouponId(coupon), uses)))
    }

    /// How many customers were created in the current day, also if they were deleted since.
    pub async fn new_customers(&self, store: StoreId, timezone: Tz, now: Timestamp) -> Result<u64, WindowStoreError> {
        let span = with_what_is_ahead(Window::Day.span(timezone, now), now);
        self.store.total(store, Metric::NewCustomers, span).await
    }

    /// How many customers logged in during the last 24 h, to the millisecond: as long as a log-in lives, also if they
    /// logged out since.
    pub async fn customer_logins(&self, store: StoreId, now: Timestamp) -> Result<u64, WindowStoreError> {
        self.store.log_ins_within(store, now.minus(LOG_IN_COUNTS), now.plus(AHEAD)).await
    }

    /// How the windows are.
    pub fn status(&self) -> WindowStatus {
        let mut status = self.report.status.lock().clone();
        status.position = *self.report.position.borrow();
        status
    }

    /// Waits until events up to the position are counted, by whichever node; for ever, if nobody counts: bring a time limit.
    pub async fn wait_for(&self, position: Position) {
        let mut reached = self.report.position.subscribe();
        // Never an error: the sender lives as long as this handle.
        let counted_here = reached.wait_for(|reached| *reached >= position);
        tokio::select! {
            biased;
            _ = counted_here => {}
            () = self.counted_elsewhere(position) => {}
        }
    }

    /// Asks the store, where others count in it too.
    async fn counted_elsewhere(&self, position: Position) {
        if self.store.looked_at_every().is_none() {
            return std::future::pending().await;
        }
        loop {
            // While the store is away it is not known; what is asked next says so.
            if let Ok(SideState { checkpoint: Some(checkpoint), .. }) = self.store.state(Side::Live).await
                && checkpoint.position >= position
            {
                return;
            }
            tokio::time::sleep(ASKED_AGAIN_AFTER).await;
        }
    }
}

/// Nothing stands between the latest event and the end of this span, so that it ends with that event.
fn with_what_is_ahead(span: Range<Minute>, now: Timestamp) -> Range<Minute> {
    span.start..Minute::of(now.plus(AHEAD)).plus(1).max(span.end)
}

impl WorkerReport {
    /// The windows are at this state, as it is stored.
    pub(crate) fn resumed(&self, state: SideState) {
        let position = state.checkpoint.map_or(Position::START, |checkpoint| checkpoint.position);
        {
            let mut status = self.status.lock();
            status.skipped = state.skipped;
            status.latest_skipped = state.latest_skipped;
        }
        self.position.send_replace(position);
    }
}
