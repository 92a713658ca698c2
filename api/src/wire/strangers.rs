//! The rate limit of those without a token, or with one that is not good: by their address.

use crate::codes::Code;
use crate::problem::Problem;
use commands::CommandError;
use commands::guard::{Buckets, Client};
use std::time::{Duration, Instant};

/// Counts requests of addresses. Its memory never grows.
pub struct Strangers {
    began: Instant,
    /// `None`: no limit.
    buckets: Option<Buckets>,
}

impl Strangers {
    /// `rate` requests a second with a burst of twice as many; 0: no limit.
    pub fn new(rate: u32) -> Self {
        Self { began: Instant::now(), buckets: Buckets::new(rate, Duration::from_secs(1), rate.saturating_mul(2)) }
    }

    /// Counts a request, or refuses it.
    pub fn check(&self, client: Client) -> Result<(), Problem> {
        self.take(client).map_err(|after| {
            Problem::new(Code::RateLimited, "too many requests without a valid token came from this address")
                .retry_after(after)
        })
    }

    /// Counts a request whose token is looked up; one that proves to be good is given back.
    pub fn check_token(&self, client: Client) -> Result<(), CommandError> {
        self.take(client).map_err(|after| CommandError::RateLimited { after })
    }

    pub fn give_back(&self, client: Client) {
        self.buckets.iter().for_each(|buckets| buckets.give_back(&client));
    }

    fn take(&self, client: Client) -> Result<(), Duration> {
        self.buckets.as_ref().map_or(Ok(()), |buckets| buckets.take(&client, self.began.elapsed()))
    }
}
