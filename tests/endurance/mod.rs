//! The real server over a long time: killed, cut off from power, crowded, compared with a naive model, and rebuilt.
//!
//! Everything is asked and looked at over HTTP. How long each goes on can be set (see `knobs`).

mod books;
mod client;
mod crowd;
mod everything;
mod kill;
mod knobs;
mod load;
mod model;
mod operator;
#[cfg(target_os = "linux")]
mod power_cut;
mod rebuild;
