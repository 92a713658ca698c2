//! How a subscription goes on from a position: catch-up, then live. What lives here: the one loop that all embedded
//! adapters share. What doesn't: where events are read from, which each adapter says by a [`Source`].
//! The guarantee: every event after the position exactly once and in order, a wait without polling, one batch in memory.

use crate::event::{Position, RecordedEvent};
use crate::port::{LogEnded, LogError, Subscription, SubscriptionItem};
use async_trait::async_trait;
use futures::{StreamExt, stream};
use std::sync::Arc;
use tokio::sync::watch;

/// Where a follower gets its next events.
#[async_trait]
pub(crate) trait Source: Send + Sync + 'static {
    /// The next events after the position, oldest first, as many as make a good batch; at least one, as `head` is beyond it.
    async fn next_batch(&self, after: Position, head: Position) -> Result<Batch, LogError>;

    /// The head as it is now, given the one that is known. Where others write as well, more may stand in the log than has been
    /// heard of, and a follower must not be called caught up before it.
    async fn head_now(&self, known: Position) -> Result<Position, LogError> {
        Ok(known)
    }
}

pub(crate) struct Batch {
    pub events: Vec<RecordedEvent>,
    /// The follower was so far behind that these had to be fetched from the disk.
    pub fell_behind: bool,
}

/// Follows the source after the position. `head` moves once events can be read, and is closed with the log, which ends the
/// subscription with an error.
pub(crate) fn follow<S: Source>(source: Arc<S>, head: watch::Receiver<Position>, after: Position) -> Subscription {
    let follower = Follower { source, head, after, live: false };
    stream::unfold(Some(follower), |follower| async move {
        let mut follower = follower?;
        match follower.next().await {
            Ok(item) => Some((Ok(item), Some(follower))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

/// The log says that it goes on, and does not.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("nothing stands after position {after}, but its head is at {head}")]
struct Nothing {
    after: Position,
    head: Position,
}

struct Follower<S> {
    source: Arc<S>,
    head: watch::Receiver<Position>,
    after: Position,
    /// The mark 'caught up' was given since the follower last fell behind.
    live: bool,
}

impl<S: Source> Follower<S> {
    async fn next(&mut self) -> Result<SubscriptionItem, LogError> {
        loop {
            let head = *self.head.borrow_and_update();
            if self.after < head {
                return self.events_up_to(head).await;
            }
            if !self.live {
                let head = self.source.head_now(head).await?;
                if self.after < head {
                    return self.events_up_to(head).await;
                }
                self.live = true;
                return Ok(SubscriptionItem::CaughtUp(self.after));
            }
            if self.head.changed().await.is_err() {
                return Err(LogError::Unavailable(LogEnded::Closed.into()));
            }
        }
    }

    async fn events_up_to(&mut self, head: Position) -> Result<SubscriptionItem, LogError> {
        let batch = self.source.next_batch(self.after, head).await?;
        let Some(last) = batch.events.last() else {
            return Err(LogError::Damaged(Nothing { after: self.after, head }.into()));
        };
        self.after = last.position;
        if batch.fell_behind || self.after < head {
            self.live = false;
        }
        Ok(SubscriptionItem::Events(batch.events))
    }
}
