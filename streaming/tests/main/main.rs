//! What the windows promise, from outside: a naive count over all events, beside every way in which a worker can stop.

#![allow(clippy::unwrap_used)]

mod clocks;
mod contract;
mod cover;
mod crash;
mod history;
#[cfg(feature = "kafka")]
mod kafka;
mod places;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod redis_tls;
mod running;
#[cfg(feature = "kafka")]
mod secured;
mod sharded;
#[cfg(any(feature = "kafka", feature = "redis"))]
mod silence;
mod window;
