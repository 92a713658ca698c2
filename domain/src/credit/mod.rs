//! A store credit: a balance that the store gave a customer.

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
