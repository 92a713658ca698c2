//! A gift card: a balance that one customer gave another.

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
