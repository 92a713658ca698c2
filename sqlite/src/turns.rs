//! How many may do blocking work at one time.

use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// Work on blocking threads, so much of it at a time; the rest waits in the order it came, on no thread.
pub struct Turns(Arc<Semaphore>);

/// Why work was not done, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// It was not begun.
    #[error("it was closed")]
    Closed,
    #[error("it was stopped: {0}")]
    BrokenOff(JoinError),
}

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
