//! All carts of one customer in one stream: one is open at most, and each is billed at most once.

mod add;
mod bill;
mod commands;
mod decide;
mod events;
mod evolve;
mod state;

pub use commands::*;
pub use events::*;
pub use state::*;

#[cfg(test)]
mod tests;
