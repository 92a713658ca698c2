//! A store: the tenant. Its settings, its tokens and its batch credits; secrets are in the vault, named by id.

mod commands;
mod decide;
mod events;
mod evolve;
mod role;
mod state;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;
pub use role::Role;
pub use state::*;
