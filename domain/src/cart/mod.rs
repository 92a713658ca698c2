//! All carts of one customer in one stream: one is open at most, and each is billed at most once.

mod commands;
mod decide;
mod events;
mod state;

pub use commands::*;
pub use events::*;
pub use state::*;
