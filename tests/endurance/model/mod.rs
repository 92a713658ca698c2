//! Random commands of several customers against a naive model: a plain data structure, without events, streams or holds, written
//! the way the contract tells it. Status, error code and everything that an answer shows must agree, after every command.

mod balances;
mod billing;
mod carts;
mod chooser;
mod compare;
mod refunds;
mod run;
mod shop;
mod step;
mod take;
mod views;

pub use run::Player;
