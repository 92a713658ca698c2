//! A customer: names, emails, addresses (sealed in the log), log-in and confirmation.

mod commands;
mod decide;
mod events;
mod state;

pub use commands::*;
pub use events::*;
pub use state::*;
