//! The views from outside: events go into a log, and queries are answered.

mod embedded;
mod place;
// By path, so that the modules in it stand beside it, as for whoever else includes it.
#[path = "suite.rs"]
mod suite;

use suite::{answers, fragile, history, world};
