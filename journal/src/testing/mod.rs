//! Keys and histories for tests and benches of this and other crates (feature `testing`): [`MemoryKeys`] are destroyed on demand,
//! [`events`] are what a shop's events are where a test says nothing else, [`Pen`] writes them, and a [`BusyShop`] goes on for as long as
//! anybody asks.

pub mod events;
mod keys;
mod pen;
mod shop;

pub use keys::MemoryKeys;
pub use pen::{BEGINNING, Pen, to_append};
pub use shop::BusyShop;
