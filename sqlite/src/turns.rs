//! How many may do blocking work at one time.

use crate::Stopped;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Work on blocking threads, so much of it at a time; the rest waits in the order it came, on no thread.
pub struct Turns(Arc<Semaphore>);

impl Turns {
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once.max(1))))
    }

    /// Does the work once it is its turn. Once begun, it is done to its end, also when nobody waits for it any more.
    ///
    /// # Errors
    /// It was not done, or panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stopped> {
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Stopped::Closed)?;
        let working = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(turn);
            outcome
        });
        working.await.map_err(Stopped::BrokenOff)
    }

    /// Nothing is begun any more.
    pub fn close(&self) {
        self.0.close();
    }
}
