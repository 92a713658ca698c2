//! An invoice: issued once from a billed cart, then collected or failed, then refunded by line, amount or whole.

mod commands;
mod decide;
mod events;
mod evolve;
mod refund;
mod state;

pub use commands::*;
pub use events::*;
pub use state::*;

#[cfg(test)]
mod tests;
