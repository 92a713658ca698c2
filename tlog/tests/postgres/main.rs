//! The same tests as in `../main`, on PostgreSQL; and what only a tree that several nodes share can meet.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod leading;
mod place;
#[path = "../main/suite.rs"]
mod suite;

use suite::{log, model, seeds, story, world};
