//! Where new ids come from: the clock and chance, or an `Idempotency-Key`.

use crate::Clock;
use domain::IdSource;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// The ids of one request. With a seed (derived from store, method, path and key) the same request always gives the same
/// ids, for ever and on every node; without one they are UUIDv7.
#[derive(Clone)]
pub struct Ids {
    seed: Option<[u8; 32]>,
    clock: Arc<dyn Clock>,
}

impl Ids {
    pub fn fresh(clock: Arc<dyn Clock>) -> Self {
        Self { seed: None, clock }
    }

    pub fn derived(seed: [u8; 32], clock: Arc<dyn Clock>) -> Self {
        Self { seed: Some(seed), clock }
    }

    /// The request's id for `what`. Without a seed a new one each time.
    pub fn named(&self, what: &str) -> Uuid {
        match &self.seed {
            Some(seed) => domain::derived(what, &[seed]),
            None => self.fresh_id(),
        }
    }

    /// A source for one decision about `what`; made anew for every attempt, so that attempts agree.
    pub fn source(&self, what: &'static str) -> Source<'_> {
        Source { ids: self, what, given: AtomicU64::new(0) }
    }

    /// A new one each time, also for a keyed request: of an event, so that two attempts are told apart when one is settled by
    /// reading back, and of what a request sets off.
    #[expect(clippy::disallowed_methods, reason = "the port itself: the time in it is the clock's that is injected")]
    pub(crate) fn fresh_id(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().as_millis()).unwrap_or(0);
        uuid::Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
            millis / 1_000,
            (millis % 1_000) as u32 * 1_000_000,
        ))
    }
}

/// The ids of one decision, in their order.
pub struct Source<'a> {
    ids: &'a Ids,
    what: &'static str,
    given: AtomicU64,
}

impl IdSource for Source<'_> {
    fn next(&self) -> Uuid {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        match &self.ids.seed {
            Some(seed) => domain::derived(self.what, &[seed, &number.to_le_bytes()]),
            None => self.ids.fresh_id(),
        }
    }
}
