//! The same tests as in `../main`, on PostgreSQL; and what only a store that several nodes share can meet.

mod fencing;
mod place;
mod queries;
mod server;
mod sharing;
mod shelf;
#[path = "../main/suite.rs"]
mod suite;
mod versions;

use suite::{answers, fragile, history, world};
