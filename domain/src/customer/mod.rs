//! A customer: names, emails, addresses (sealed in the log), log-in and confirmation.

mod commands;
#[cfg(test)]
mod confirmation_tests;
mod contacts;
#[cfg(test)]
mod contacts_tests;
mod decide;
mod events;
mod evolve;
mod state;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;
pub use state::*;
