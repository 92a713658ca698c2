//! The real server over a long time: killed, cut off from power, crowded, compared with a naive model, and rebuilt.
//!
//! Everything is asked and looked at over HTTP. How long each goes on can be set (see `knobs`).

pub mod books;
pub mod client;
mod crowd;
pub mod everything;
mod kill;
pub mod knobs;
pub mod load;
mod model;
mod numbers;
pub mod operator;
#[cfg(target_os = "linux")]
mod power_cut;
mod rebuild;
