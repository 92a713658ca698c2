//! What tests and benches of this and other crates count (feature `testing`): a [`Shop`]'s log to fill, a [`naive`] count over everything
//! that was ever put into it, and what tests do to Kafka.

mod count;
#[cfg(feature = "kafka")]
mod kafka;
mod shop;

pub use count::{Answers, TOP, answers, naive};
#[cfg(feature = "kafka")]
pub use kafka::delete_topic;
pub use shop::{Happened, Shop, What, at, coupon, product, store};

use crate::Clock;
use domain::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// A clock that stands.
pub fn clock(now: Timestamp) -> Clock {
    Arc::new(move || now)
}

/// Turns what would hang for ever, were a rule broken, into a failure; nothing waits for this time.
///
/// # Panics
/// It hangs.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it never ended")
}
