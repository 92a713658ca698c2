//! Reactions: whatever an event asks for and the request that decided it left undone, done by a worker that follows the log; and carts that
//! expire.
//!
//! What doesn't live here: the steps themselves (`use_cases`), which are idempotent by ids that follow from the event.

mod expiry;
mod holds;
mod lane;
mod lanes;
mod outstanding;
mod pace;
mod parked;
mod pending;
mod work;
mod worker;

pub use expiry::CartExpiry;
pub use parked::{Parked, ReactionsStatus};
pub use worker::Reactions;
