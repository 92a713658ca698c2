//! The long-lived tasks and threads of this process, in one place: each has a name, is started again when it breaks off, and it is
//! known how it is.
//!
//! What doesn't live here: what they do, and what becomes of the process when one can't be helped (`src/supervise.rs`). The
//! guarantee: none ends unnoticed. One that fails or panics is started again after a pause that grows; one that panics again and
//! again is dead, and [`death`] tells of it.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod keep;
mod register;

pub use keep::{Ended, keep, keep_on, thread};
pub use register::{Task, TaskState, Watched, all, death};
