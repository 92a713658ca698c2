//! The books from outside: against what shops made of random commands come to by the domain's own rules, by example, and
//! against bookkeeping programs.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod balances;
mod books;
mod chance;
mod dropped;
mod entries;
mod events;
mod files;
mod lists;
mod mappings;
mod misfits;
mod old;
mod periods;
mod programs;
mod reports;
mod shop;
mod stored;
mod story;
