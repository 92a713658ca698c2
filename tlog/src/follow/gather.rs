//! The log's events in stretches that are worth a write: large ones while there is much to catch up with, and what comes within a moment
//! while there is not.

use eventlog::{LogEnded, LogError, RecordedEvent, Subscription, SubscriptionItem};
use futures::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The most events of a stretch.
const EVENTS: usize = 1_000;
/// About the most bytes: what the log brings at once comes on top.
const BYTES: usize = 4 * 1024 * 1024;

pub(super) struct Gatherer {
    subscription: Subscription,
    linger: Duration,
    held: Vec<RecordedEvent>,
    caught_up: bool,
    /// By then what is held is handed on.
    due: Option<Instant>,
}

/// A stretch of the log; it may be empty.
pub(super) struct Gathered {
    pub events: Vec<RecordedEvent>,
    /// With it all is brought that was in the log a moment ago.
    pub caught_up: bool,
}

impl Gatherer {
    /// What comes later than `linger` after the first event of a stretch is left to the next.
    pub fn new(subscription: Subscription, linger: Duration) -> Self {
        Self { subscription, linger, held: Vec::new(), caught_up: false, due: None }
    }

    /// The next stretch. Dropped before it is there, nothing is lost.
    ///
    /// # Errors
    /// The log's; what was held comes again from a new subscription.
    pub async fn next(&mut self) -> Result<Gathered, LogError> {
        while !self.is_full() {
            let item = match self.due {
                None => self.subscription.next().await,
                Some(due) => match timeout_at(due, self.subscription.next()).await {
                    Ok(item) => item,
                    Err(_) => break,
                },
            };
            match item.ok_or(LogError::Unavailable(LogEnded::Subscription.into()))?? {
                SubscriptionItem::Events(events) => {
                    self.held.extend(events);
                    self.due.get_or_insert(Instant::now() + self.linger);
                }
                SubscriptionItem::CaughtUp(_) => self.caught_up = true,
            }
        }
        Ok(self.take())
    }

    fn is_full(&self) -> bool {
        let bytes = self.held.iter().map(|event| event.data.len() + event.metadata.len()).sum::<usize>();
        self.caught_up || self.held.len() >= EVENTS || bytes >= BYTES
    }

    fn take(&mut self) -> Gathered {
        let events: Vec<_> = self.held.drain(..self.held.len().min(EVENTS)).collect();
        let caught_up = self.held.is_empty() && std::mem::take(&mut self.caught_up);
        self.due = (!self.held.is_empty()).then(Instant::now);
        Gathered { events, caught_up }
    }
}
