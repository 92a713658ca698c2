//! How much of requests' bodies is in memory, of all requests of the process together.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How long a request waits for its turn, first come, first served.
const WAITS_FOR: Duration = Duration::from_secs(1);
/// Of the budget one part in so many is for requests without credentials: they can't fill it for others.
const STRANGERS_SHARE: usize = 8;

/// Counts in bytes.
pub struct Budget {
    all: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    total: usize,
    pressed: Notify,
}

/// A part of the budget; dropping it gives it back.
#[derive(Debug, Default)]
pub struct Reserved {
    all: Option<OwnedSemaphorePermit>,
    strangers: Option<OwnedSemaphorePermit>,
}

/// Who reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Known,
    Stranger,
}

impl Budget {
    pub fn new(bytes: usize) -> Self {
        let total = bytes.min(Semaphore::MAX_PERMITS);
        let of = |bytes| Arc::new(Semaphore::new(bytes));
        Self { all: of(total), strangers: of(total / STRANGERS_SHARE), total, pressed: Notify::new() }
    }

    /// What is reserved now, in bytes.
    pub fn reserved(&self) -> usize {
        self.total.saturating_sub(self.all.available_permits())
    }

    /// Adds so many bytes to what is reserved; false, when there is no room for them within a second.
    pub async fn reserve(&self, who: Who, more: usize, reserved: &mut Reserved) -> bool {
        if who == Who::Stranger && !self.add(&self.strangers, more, &mut reserved.strangers).await {
            return false;
        }
        self.add(&self.all, more, &mut reserved.all).await
    }

    async fn add(&self, from: &Arc<Semaphore>, more: usize, to: &mut Option<OwnedSemaphorePermit>) -> bool {
        let Ok(more) = u32::try_from(more) else { return false };
        let permit = match Arc::clone(from).try_acquire_many_owned(more) {
            Ok(permit) => permit,
            Err(_) => {
                self.pressed.notify_waiters();
                let waited = tokio::time::timeout(WAITS_FOR, Arc::clone(from).acquire_many_owned(more)).await;
                let Ok(Ok(permit)) = waited else { return false };
                permit
            }
        };
        match to {
            Some(held) => held.merge(permit),
            None => *to = Some(permit),
        }
        true
    }

    /// Comes back once somebody waits for room: who is slow then makes some.
    pub async fn pressed(&self) {
        self.pressed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_reserved_is_counted_and_comes_back() {
        let budget = Budget::new(100);
        let mut first = Reserved::default();
        assert!(budget.reserve(Who::Known, 60, &mut first).await && budget.reserve(Who::Known, 40, &mut first).await);
        assert_eq!(budget.reserved(), 100);
        let mut second = Reserved::default();
        assert!(!budget.reserve(Who::Known, 1, &mut second).await);
        drop(first);
        assert_eq!(budget.reserved(), 0);
        assert!(budget.reserve(Who::Known, 100, &mut second).await);
    }

    #[tokio::test(start_paused = true)]
    async fn strangers_have_their_share_and_leave_the_rest_to_others() {
        let budget = Budget::new(80);
        let (mut stranger, mut other, mut known) = (Reserved::default(), Reserved::default(), Reserved::default());
        assert!(budget.reserve(Who::Stranger, 10, &mut stranger).await);
        assert!(!budget.reserve(Who::Stranger, 1, &mut other).await);
        assert!(budget.reserve(Who::Known, 70, &mut known).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_served_in_order_when_there_is_room() {
        let budget = Arc::new(Budget::new(10));
        let mut held = Reserved::default();
        assert!(budget.reserve(Who::Known, 10, &mut held).await);
        let wait = |bytes| {
            let budget = Arc::clone(&budget);
            async move {
                let mut reserved = Reserved::default();
                budget.reserve(Who::Known, bytes, &mut reserved).await.then_some(reserved)
            }
        };
        let (large, small) = (tokio::spawn(wait(10)), tokio::spawn(wait(1)));
        budget.pressed().await;
        tokio::task::yield_now().await;
        drop(held);
        let large = large.await.ok().flatten();
        assert!(large.is_some(), "a small one does not overtake");
        drop(large);
        assert!(small.await.ok().flatten().is_some());
    }
}
