//! A store's books, kept in double entries: what its events say of money, as an accountant reads it.
//!
//! What lives here: the chart of accounts ([`account`]), what an event makes of what is remembered of its object, and the
//! entry that follows from it ([`document`]), sums ([`balance`]), [`reports`], and the formats of bookkeeping programs
//! ([`write`]). What doesn't: where documents and entries are kept, which events a store has, what day it is there, and
//! what a store's invoices are numbered. The guarantee: everything is pure and total; an [`Entry`] sums to zero by
//! construction, also one that was read; nothing wraps. Text that people wrote stands in no entry: ids only.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod account;
pub mod balance;
mod dated;
pub mod document;
pub mod entry;
mod money_event;
pub mod reports;
pub mod write;

pub use account::{Account, Kind, TaxRate};
pub use balance::TrialBalance;
pub use dated::Dated;
pub use document::{Document, Misfit};
pub use entry::{Entry, Posting, References, TaxPart};
pub use money_event::{MONEY_EVENTS, MoneyEvent, UnknownMoneyEvent, is_money_event};
