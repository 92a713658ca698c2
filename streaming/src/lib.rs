//! Metric windows that stream from the log (api.md §11).
//!
//! What lives here: what is counted ([`increment`]), in which buckets ([`cover`], [`Window`]), the port to where counts are
//! kept ([`WindowStore`]) and its adapters [`SqliteWindows`] and (feature `redis`) `RedisWindows`, the [`Worker`] that brings the log's events, and the [`Windows`]
//! that answer queries. What doesn't: HTTP, products and coupons themselves (the views know them). The guarantee: each
//! event counts once, by its own time, across crashes and restarts.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod batch;
mod bucket;
mod error;
#[cfg(feature = "kafka")]
mod kafka;
mod metric;
pub mod record;
#[cfg(feature = "redis")]
mod redis;
mod sqlite;
mod store;
mod sums;
#[cfg(feature = "testing")]
pub mod testing;
mod window;
mod windows;
mod worker;

pub use batch::{BUCKETS_KEPT, Batch, Cell, DayOf, Horizon, LOG_INS_KEPT, MAY_STEP_BACK, Skipped, StoreBatch, day_of};
pub use bucket::{Bucket, Granularity, Minute, cover};
pub use error::WorkerError;
#[cfg(feature = "kafka")]
pub use kafka::{
    CheckPart, CheckReport, ClientCertificate, Difference, DifferenceKind, ForwardError, Forwarder, ForwarderOptions,
    ForwarderStatus, KafkaFault, Loss, Mechanism, Sasl, Security, SecurityError, Tls, TopicTrouble, Unreachable, check,
    refill, resume,
};
pub use metric::{Increment, Metric, Misplaced, increment};
#[cfg(feature = "redis")]
pub use redis::RedisWindows;
pub use sqlite::SqliteWindows;
pub use store::{SKIPPED_KEPT, Side, SideState, Swap, WindowStore, WindowStoreError};
pub use window::{UnknownWindow, Window, start_of_day};
pub use windows::{CatchUp, WindowStatus, Windows};
pub use worker::{Clock, Worker};
