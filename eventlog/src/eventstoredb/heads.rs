//! Asking for the head once for all who ask at the same time.

use crate::event::Position;
use crate::port::LogError;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// Who asks gets an answer that was looked for after they asked, so that what they know to stand in the log is in it. A
/// failure is shared as well: else, with a server that keeps silent, each would wait in turn.
#[derive(Default)]
pub(super) struct Heads {
    asked: AtomicU64,
    last: Mutex<Look>,
}

struct Look {
    /// The last of those who had asked when the look began.
    covers: u64,
    found: Result<Position, LogError>,
}

impl Default for Look {
    fn default() -> Self {
        Self { covers: 0, found: Ok(Position::START) }
    }
}

impl Heads {
    pub async fn ask(&self, look: impl Future<Output = Result<Position, LogError>>) -> Result<Position, LogError> {
        let ticket = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut last = self.last.lock().await;
        if last.covers < ticket {
            let covers = self.asked.load(Ordering::SeqCst);
            let found = look.await;
            *last = Look { covers, found };
        }
        last.found.clone()
    }
}
