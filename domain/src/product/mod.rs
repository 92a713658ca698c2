//! A product and its stock: what is available, and what carts hold until it is shipped or given back.

mod commands;
mod decide;
mod events;
mod evolve;
mod state;
mod stock;
#[cfg(test)]
mod stock_tests;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;
pub use state::*;
