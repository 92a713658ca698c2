//! How far each store has come in the log: what must wait for all that a store did need not wait for what others did since.

use crate::positions::Positions;
use crate::{Delivery, Journal, JournalError};
use domain::StoreId;
use eventlog::{LogError, Position};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;

/// Events that are taken at once.
const BATCH: usize = 1_024;

/// The position of each store's newest event, by following the log; of what was there before, the log's head of then.
pub struct StoreHeads {
    journal: Journal,
    positions: Positions,
    /// Up to where events were followed.
    followed: watch::Sender<Position>,
}

impl StoreHeads {
    /// From where the log ends now. Nothing is followed until [`Self::run`].
    ///
    /// # Errors
    /// The log is away.
    pub async fn begin(journal: Journal) -> Result<Self, LogError> {
        let head = journal.head().await?;
        Ok(Self { journal, positions: Positions::starting_at(head.0), followed: watch::Sender::new(head) })
    }

    /// Follows the log, from where it was followed to before. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The log or the keys are away: call it again.
    pub async fn run(&self) -> Result<Infallible, JournalError> {
        let mut follower = self.journal.follow(*self.followed.borrow());
        loop {
            for delivery in follower.next(BATCH).await?.events {
                match delivery {
                    Delivery::Event(event) => self.positions.raise(event.metadata.store_id, event.position.0),
                    // It may be anybody's.
                    Delivery::Unreadable(event) => self.positions.raise_all(event.position.0),
                }
            }
            self.followed.send_replace(follower.position());
        }
    }

    /// The store's newest event at `head`, which the log has reached, or a position after it; `head` itself, when the log is not
    /// followed that far in time.
    pub async fn of(&self, store: StoreId, head: Position, patience: Duration) -> Position {
        let mut followed = self.followed.subscribe();
        let reached = followed.wait_for(|followed| *followed >= head);
        match tokio::time::timeout(patience, reached).await {
            Ok(Ok(_)) => head.min(Position(self.positions.of(store))),
            Ok(Err(_)) | Err(_) => head,
        }
    }
}
