//! A coupon code: what it takes off, its limits, and the answer that it gave each invoice.

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
