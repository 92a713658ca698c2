//! A unique name within a scope: an app_id, an email of a store, a coupon code of a store.

mod commands;
mod decide;
mod events;
mod evolve;
mod state;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;
pub use state::*;
