//! A log of which a test knows, and changes, every event: also what no log lets anybody do.

use async_trait::async_trait;
use eventlog::{
    AppendError, Appended, EventLog, ExpectedRevision, LogError, LogId, NewEvent, Position, RecordedEvent, StreamName,
    Subscription, SubscriptionItem,
};
use futures::StreamExt;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// Cheap to clone: the same log.
#[derive(Clone)]
pub struct TestLog {
    id: LogId,
    events: Arc<Mutex<Vec<RecordedEvent>>>,
    /// It is another one now.
    changed: watch::Sender<()>,
}

impl TestLog {
    pub fn new(events: Vec<RecordedEvent>) -> Self {
        Self { id: LogId(Uuid::from_u128(77)), events: Arc::new(Mutex::new(events)), changed: watch::Sender::new(()) }
    }

    /// Appends, or does what nobody may.
    pub fn change(&self, change: impl FnOnce(&mut Vec<RecordedEvent>)) {
        change(&mut self.events.lock());
        self.changed.send_replace(());
    }

    fn after(&self, after: Position, limit: usize) -> Vec<RecordedEvent> {
        let events = self.events.lock();
        events.iter().filter(|event| event.position > after).take(limit).cloned().collect()
    }
}

#[async_trait]
impl EventLog for TestLog {
    async fn append(
        &self,
        stream: &StreamName,
        _: ExpectedRevision,
        _: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        Err(AppendError::Empty { stream: stream.clone() })
    }

    fn max_append_bytes(&self) -> usize {
        0
    }

    async fn read_stream(&self, _: &StreamName, _: u64, _: usize) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(Vec::new())
    }

    async fn read_stream_backwards(&self, _: &StreamName, _: usize) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(Vec::new())
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, LogError> {
        Ok(self.after(after, limit))
    }

    async fn head(&self) -> Result<Position, LogError> {
        Ok(self.after(Position::START, usize::MAX).last().map_or(Position::START, |event| event.position))
    }

    async fn log_id(&self) -> Result<LogId, LogError> {
        Ok(self.id)
    }

    fn subscribe(&self, after: Position) -> Subscription {
        let begun = (self.clone(), self.changed.subscribe(), after, false);
        futures::stream::unfold(begun, |(log, mut changed, after, is_live)| async move {
            loop {
                changed.borrow_and_update();
                let events = log.after(after, 300);
                if let Some(last) = events.last().map(|last| last.position) {
                    return Some((Ok(SubscriptionItem::Events(events)), (log, changed, last, false)));
                }
                if !is_live {
                    return Some((Ok(SubscriptionItem::CaughtUp(after)), (log, changed, after, true)));
                }
                changed.changed().await.ok()?;
            }
        })
        .boxed()
    }
}
