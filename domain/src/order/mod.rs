//! An order: placed once a collected invoice, then shipped, delivered or canceled.

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
