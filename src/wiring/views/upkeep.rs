//! What keeps views, in the data directory or in PostgreSQL.

use anyhow::Result;
use async_trait::async_trait;
use journal::Journal;
use parking_lot::Mutex;
use projections::store::ReadStore;
use projections::{Progress, Views};

/// Is told how far a fill is: positions done, and in all.
pub type Report = Box<dyn FnMut(u64, u64) + Send>;

/// What keeps the views, whoever fills them.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Makes the views answer: brings them to where the log is, or waits until another node has. Those of another version are
    /// filled first.
    async fn catch_up(&self, journal: &Journal, progress: Report) -> Result<Views>;

    /// Follows the log from now on.
    fn start(&self);

    /// Stops following, between two batches.
    async fn stop(&self);

    /// Fills these views anew, beside those that answer.
    async fn rebuild(&self, journal: &Journal, views: &[String], progress: Report) -> Result<()>;

    /// What queries go through; `None` before they answer.
    fn queries(&self) -> Option<Views>;

    fn store(&self) -> &dyn ReadStore;

    /// Whether this node fills them; `None` where no other could.
    fn leads(&self) -> Option<bool> {
        None
    }

    /// Who fills the view, where that is not plain.
    fn led_by(&self, _view: &str) -> Option<String> {
        None
    }

    /// Whether other nodes fill views, and so answer queries.
    fn others_answer(&self) -> bool {
        false
    }
}

/// Tells of a fill as projections tell it.
pub fn tell(progress: Report) -> impl Fn(Progress) + Send + Sync + 'static {
    let progress = Mutex::new(progress);
    move |at: Progress| (progress.lock())(at.done, at.total)
}
