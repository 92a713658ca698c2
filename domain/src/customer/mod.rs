//! A customer: names, emails, addresses (sealed in the log), log-in and confirmation.

mod commands;
mod contacts;
mod decide;
mod events;
mod evolve;
mod state;

pub use commands::*;
pub use events::*;
pub use state::*;
