//! What is to be forwarded next: it grows while the producer is busy, and goes in pieces that fit into a transaction.

use super::{BATCH_BYTES, BATCH_EVENTS};
use eventlog::{LogEnded, LogError, RecordedEvent, Subscription, SubscriptionItem};
use futures::StreamExt;
use std::collections::VecDeque;
use tokio::time::Instant;

/// Beside what it holds, what an event's headers and its place in the batch take.
const OVERHEAD_BYTES: usize = 512;

pub(super) struct Gathered {
    subscription: Subscription,
    events: VecDeque<RecordedEvent>,
    bytes: usize,
    waiting_since: Instant,
}

impl Gathered {
    pub fn new(subscription: Subscription) -> Self {
        Self { subscription, events: VecDeque::new(), bytes: 0, waiting_since: Instant::now() }
    }

    pub fn is_some(&self) -> bool {
        !self.events.is_empty()
    }

    /// Since when something has been waiting to be taken.
    pub fn waiting_since(&self) -> Instant {
        self.waiting_since
    }

    /// Whether more may come: one page of the log more than goes into a transaction, at most.
    pub fn has_room(&self) -> bool {
        self.events.len() < BATCH_EVENTS && self.bytes < BATCH_BYTES
    }

    /// Waits for more. Cancelling it loses nothing.
    pub async fn gather(&mut self) -> Result<(), LogError> {
        match self.subscription.next().await {
            Some(Ok(SubscriptionItem::Events(events))) => {
                if self.events.is_empty() {
                    self.waiting_since = Instant::now();
                }
                self.bytes += events.iter().map(size).sum::<usize>();
                self.events.extend(events);
                Ok(())
            }
            Some(Ok(SubscriptionItem::CaughtUp(_))) => Ok(()),
            Some(Err(error)) => Err(error),
            None => Err(LogError::Unavailable(LogEnded::Subscription.into())),
        }
    }

    /// As many as fit into a transaction; one that is too large alone.
    pub fn take(&mut self) -> Vec<RecordedEvent> {
        let mut bytes = 0;
        let fits = |event: &&RecordedEvent| {
            let is_first = bytes == 0;
            bytes += size(event);
            is_first || bytes <= BATCH_BYTES
        };
        let count = self.events.iter().take(BATCH_EVENTS).take_while(fits).count();
        let batch: Vec<_> = self.events.drain(..count).collect();
        self.bytes -= batch.iter().map(size).sum::<usize>();
        self.waiting_since = Instant::now();
        batch
    }
}

fn size(event: &RecordedEvent) -> usize {
    event.data.len() + event.metadata.len() + OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventlog::{EventLog, ExpectedRevision, MemoryLog, NewEvent, Position, StreamName};
    use uuid::Uuid;

    async fn log(lengths: &[usize]) -> MemoryLog {
        let (log, stream) = (MemoryLog::new(), StreamName::new("cart-1"));
        for (revision, length) in lengths.iter().enumerate() {
            let data = format!("\"{}\"", "x".repeat(*length));
            let event_type = "CartOpened".to_owned();
            let event = NewEvent { id: Uuid::now_v7(), event_type, data: data.into(), metadata: "{}".into() };
            let expected = ExpectedRevision::of_length(revision as u64);
            log.append(&stream, expected, vec![event]).await.expect("a log in memory");
        }
        log
    }

    async fn taken(lengths: &[usize]) -> Vec<usize> {
        let log = log(lengths).await;
        let mut gathered = Gathered::new(log.subscribe(Position::START));
        let (mut sizes, mut seen) = (Vec::new(), 0);
        while seen < lengths.len() {
            while gathered.has_room() && seen + gathered.events.len() < lengths.len() {
                gathered.gather().await.expect("a log in memory");
            }
            let batch = gathered.take();
            let revisions: Vec<_> = batch.iter().map(|event| event.revision as usize).collect();
            assert_eq!(revisions, (seen..seen + batch.len()).collect::<Vec<_>>(), "in order, each once");
            seen += batch.len();
            sizes.push(batch.len());
        }
        assert_eq!((gathered.is_some(), gathered.bytes), (false, 0));
        sizes
    }

    #[tokio::test]
    async fn pages_of_the_log_become_transactions_of_a_bounded_length() {
        assert_eq!(taken(&vec![1; 2 * BATCH_EVENTS + 1]).await, [BATCH_EVENTS, BATCH_EVENTS, 1]);
    }

    #[tokio::test]
    async fn a_transaction_is_of_bounded_size_but_for_an_event_that_is_larger() {
        let third = BATCH_BYTES / 3;
        assert_eq!(taken(&[third, third, third, BATCH_BYTES, 1, 1]).await, [2, 1, 1, 2]);
    }
}
