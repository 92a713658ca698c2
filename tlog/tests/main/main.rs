//! The tree from outside: events go into a log, and what is kept of them is compared with what follows from them by the definitions.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod embedded;
mod place;
// By path, so that the modules in it stand beside it, as for whoever else includes it.
#[path = "suite.rs"]
mod suite;

use suite::{log, model, seeds, story, world};
