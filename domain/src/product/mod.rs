//! A product and its stock: what is available, and what carts hold until it is shipped or given back.

mod commands;
mod decide;
mod events;
mod state;

pub use commands::*;
pub use events::*;
pub use state::*;
