//! The rules of the store, pure: no I/O, no async, no clock, no randomness.
//!
//! Each aggregate is a [`Decider`]: `decide` says which events a command gives, `evolve` folds an event into the
//! state. The same state, command and [`Context`] always give the same events. Every aggregate has the same
//! rooms: `commands.rs` (what may be asked), `events.rs` (what is stored), `state.rs` (the fold), `decide.rs`
//! (the rules). What is deliberately absent: streams, revisions, HTTP, secrets.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod balance;
pub mod billing;
pub mod cart;
pub mod claim;
pub mod coupon;
pub mod credit;
pub mod currency;
pub mod customer;
mod decider;
mod event;
pub mod facts;
pub mod gift_card;
mod given_up;
pub mod ids;
pub mod invoice;
pub mod limits;
mod macros;
mod mailbox;
pub mod money;
pub mod numbers;
pub mod order;
pub mod past;
mod personal;
pub mod product;
pub mod recent;
mod rejection;
mod remembered;
mod schema;
pub mod store;
mod stream;
#[cfg(test)]
pub(crate) mod testing;
pub mod time;

pub use currency::Currency;
pub use decider::{Context, Decider, IdSource, Impossible};
pub use event::{Event, FORMAT, UnreadableEvent};
pub use given_up::GivenUp;
pub use ids::*;
pub use mailbox::mailbox;
pub use money::{AmountOutOfRange, Cents};
pub use personal::{Personal, PersonalAddress, PersonalData};
pub use rejection::Rejection;
pub use remembered::RequestRemembered;
pub use stream::{Category, StreamKey};
pub use time::Timestamp;
