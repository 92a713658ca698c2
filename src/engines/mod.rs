//! The engines that take the place of the data directory's files, each behind one door.
//!
//! What lives here: opening what each has, by the settings that ask for it. What doesn't: which of them is asked for (`wiring`), and
//! what is refused of settings that a build can't do (`config`). A build has each engine or leaves it out: then a twin stands here
//! (`without`), which has the same functions, opens nothing, and refuses what would need it. So nobody else asks what is built.

#[cfg(feature = "eventstoredb")]
pub mod eventstoredb;
#[cfg(not(feature = "eventstoredb"))]
#[path = "without/eventstoredb.rs"]
pub mod eventstoredb;

#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(not(feature = "kafka"))]
#[path = "without/kafka.rs"]
pub mod kafka;

#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "without/postgres.rs"]
pub mod postgres;

#[cfg(feature = "redis")]
pub mod redis;
#[cfg(not(feature = "redis"))]
#[path = "without/redis.rs"]
pub mod redis;

/// What one of several nodes does for all, beside filling the views.
#[derive(Clone, Copy, Debug)]
pub enum SharedWork {
    /// Counting the metric windows.
    Counting,
    /// What falls due, and what a request left undone.
    Reacting,
}
