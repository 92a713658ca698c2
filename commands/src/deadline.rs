//! How long somebody waits for a command. What lives here: the one deadline of a request, and how far the request has come, so that
//! what is said when it is over is true. What doesn't: the command's work, which the deadline never ends: it ends the waiting.
//!
//! Before the deciding append has begun nothing was done, and from then on nothing will be: the append is no longer begun. While it is
//! under way nobody knows. After it the command is done, and what follows from it is done later.

use crate::CommandError;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const BEFORE: u8 = 0;
const DECIDING: u8 = 1;
const DECIDED: u8 = 2;
/// Nobody waits any more, and was told that nothing was done.
const OVER: u8 = 3;

/// How long a command whose deciding event is stored may take to say so.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Of one request.
pub(crate) struct Deadline {
    at: Instant,
    stage: AtomicU8,
}

/// Why nobody knows what became of a command.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it did not answer before the command's deadline")]
struct Overdue;

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self { at: Instant::now() + time, stage: AtomicU8::new(BEFORE) }
    }

    pub(crate) fn at(&self) -> Instant {
        self.at
    }

    /// The deciding append begins, unless it was said that it will not.
    pub(crate) fn begin(&self) -> bool {
        let begun = |stage| match stage {
            BEFORE | DECIDING => Some(DECIDING),
            DECIDED => Some(DECIDED),
            _ => None,
        };
        self.stage.fetch_update(Ordering::AcqRel, Ordering::Acquire, begun).is_ok()
    }

    /// It was surely not done, and may be tried again.
    pub(crate) fn refused(&self) {
        let _ = self.stage.compare_exchange(DECIDING, BEFORE, Ordering::AcqRel, Ordering::Acquire);
    }

    pub(crate) fn decided(&self) {
        self.stage.store(DECIDED, Ordering::Release);
    }

    /// It was said that nothing was done.
    pub(crate) fn is_over(&self) -> bool {
        self.stage.load(Ordering::Acquire) == OVER
    }

    /// What is said to whoever waited until now; waits a moment longer for a command that is done and about to say so.
    pub(crate) async fn over(&self) -> CommandError {
        tokio::time::sleep_until(self.at).await;
        match self.stage.compare_exchange(BEFORE, OVER, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                tracing::warn!("a command was given up before anything was decided: what it needs is too slow");
                return CommandError::Busy;
            }
            Err(DECIDED) => tokio::time::sleep_until(self.at + LAST_WORDS).await,
            Err(_) => {}
        }
        CommandError::OutcomeUnknown { service: crate::Service::EventLog, source: Overdue.into() }
    }
}
