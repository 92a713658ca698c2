//! The rate limit of each store (api.md §1, Limits), announced as the IETF's draft-ietf-httpapi-ratelimit-headers says.

use crate::codes::Code;
use crate::problem::Problem;
use domain::StoreId;
use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter, clock::Clock, clock::DefaultClock, state::keyed::DefaultKeyedStateStore};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// After so many requests, stores that have not been heard of for a while are forgotten.
const FORGET_EVERY: u64 = 1 << 16;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

type Keyed = RateLimiter<StoreId, DefaultKeyedStateStore<StoreId>, DefaultClock, StateInformationMiddleware>;

/// Counts the requests of each store. Holds memory only for stores that sent some lately.
pub struct Limiter {
    keyed: Keyed,
    clock: DefaultClock,
    rate: u32,
    burst: u32,
    policy: HeaderValue,
    checked: AtomicU64,
}

/// What is left to a store.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    requests: u32,
    /// Until the whole burst is there again.
    full_in: Duration,
}

impl Limiter {
    /// `rate` requests a second with a burst of `burst`; `None` when `rate` is 0: no limit.
    pub fn new(rate: u32, burst: u32) -> Option<Self> {
        let per_second = NonZeroU32::new(rate)?;
        let burst = NonZeroU32::new(burst).unwrap_or(per_second);
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let window = burst.get().div_ceil(rate);
        let policy = format!("\"store\";q={burst};w={window}");
        Some(Self {
            keyed: RateLimiter::keyed(quota).with_middleware(),
            clock: DefaultClock::default(),
            rate,
            burst: burst.get(),
            policy: HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("\"store\"")),
            checked: AtomicU64::new(0),
        })
    }

    /// Counts a request of the store, or refuses it.
    pub fn check(&self, store: StoreId) -> Result<Allowance, (Problem, Allowance)> {
        if self.checked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.keyed.retain_recent();
            self.keyed.shrink_to_fit();
        }
        match self.keyed.check_key(&store) {
            Ok(state) => Ok(self.left(state.remaining_burst_capacity())),
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                Err((Problem::of(Code::RateLimited).retry_after(wait), self.left(0)))
            }
        }
    }

    fn left(&self, requests: u32) -> Allowance {
        let missing = self.burst.saturating_sub(requests);
        Allowance { requests, full_in: Duration::from_secs(u64::from(missing.div_ceil(self.rate))) }
    }

    /// Announces the limit and what is left of it.
    pub fn announce(&self, left: Allowance, headers: &mut HeaderMap) {
        headers.insert(RATE_LIMIT_POLICY, self.policy.clone());
        let value = format!("\"store\";r={};t={}", left.requests, left.full_in.as_secs());
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(RATE_LIMIT, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn store(number: u128) -> StoreId {
        StoreId(Uuid::from_u128(number))
    }

    #[test]
    fn a_store_that_uses_its_burst_up_is_refused_and_no_other() {
        let Some(limiter) = Limiter::new(1, 3) else { panic!("there is a limit") };
        assert!((0..3).all(|_| limiter.check(store(1)).is_ok()));
        assert!(matches!(limiter.check(store(1)), Err((problem, _)) if problem.code() == Code::RateLimited));
        assert!(limiter.check(store(2)).is_ok());
        assert!(Limiter::new(0, 3).is_none());
    }

    #[test]
    fn the_limit_is_announced() {
        let Some(limiter) = Limiter::new(1_000, 2_000) else { panic!("there is a limit") };
        let mut headers = HeaderMap::new();
        if let Ok(left) = limiter.check(store(1)) {
            limiter.announce(left, &mut headers);
        }
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"store\";q=2000;w=2");
        assert_eq!(headers[RATE_LIMIT], "\"store\";r=1999;t=1");
    }
}
